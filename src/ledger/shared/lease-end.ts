/** No lease lasts for so long, in milliseconds: one that seems to was given by a clock that has been set back since, and nobody would take its chunk over. */
const LONGEST_MS = 5 * 60_000

/** SQL: whether the lease of a chunk that is leased is over at `:now`. `chunk` is what the statement calls the table. */
export function leaseIsOver(chunk = 'chunk'): string {
  return `(${chunk}.expires_at <= :now OR ${chunk}.expires_at - ${LONGEST_MS} > :now)`
}
