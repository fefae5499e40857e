import type { Http } from '../support/http.ts'

/** The pages of a list of the native API; `path` ends with "?" or "&". */
export async function* pages<T>(http: Http, path: string): AsyncGenerator<T[]> {
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { items: T[]; nextCursor: string | null } = await http.json(
      'GET',
      `${path}limit=1000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    )
    yield page.items
    cursor = page.nextCursor
  }
}

/** All of a list. */
export async function all<T>(http: Http, path: string): Promise<T[]> {
  const found: T[] = []
  for await (const page of pages<T>(http, path)) found.push(...page)
  return found
}
