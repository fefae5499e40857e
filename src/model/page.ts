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

/** All pages of a list, one after the other; `read` gets the cursor of each, none for the first. */
export async function* allPages<P extends { readonly nextCursor: string | null }>(read: (from: { readonly cursor?: string }) => Promise<P>): AsyncGenerator<P> {
  let page = await read({})
  yield page
  while (page.nextCursor !== null) {
    page = await read({ cursor: page.nextCursor })
    yield page
  }
}
