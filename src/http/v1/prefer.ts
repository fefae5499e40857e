/** Longest `Prefer: wait`, in seconds (docs/reference/v1.md, Waiting). */
export const LONGEST_WAIT_SECONDS = 60

/**
 * Seconds of `Prefer: wait=N` (RFC 7240 section 4.3), at most 60; null without one. Preferences that are not understood are ignored, as that
 * RFC wants, and of several the first counts.
 */
export function preferredWait(header: string | readonly string[] | undefined): number | null {
  if (header === undefined) return null
  for (const preference of [header].flat().join(',').split(',')) {
    const match = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference)
    if (match !== null) return Math.min(Number(match[1]), LONGEST_WAIT_SECONDS)
  }
  return null
}
