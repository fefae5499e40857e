/** A page of a list and where the next one begins (an opaque string), null on the last. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

/** Which page: at most `limit` things after `cursor`. */
export interface PageQuery {
  readonly limit: number
  readonly cursor?: string
}
