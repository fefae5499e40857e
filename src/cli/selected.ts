import type { EntryInfo, WaybillClient } from '../client/index.ts'
import { globMatcher } from '../model/glob.ts'
import type { StoredSource } from './place.ts'

/** The live files that a prefix or glob stands for, in path order: the same that a job would select. */
export async function* selected(
  client: WaybillClient,
  source: Extract<StoredSource, { readonly kind: 'selection' }>,
): AsyncGenerator<EntryInfo, void, undefined> {
  const matches = source.glob === null ? () => true : globMatcher(source.glob)
  const query = source.prefix === '' ? {} : { prefix: source.prefix }
  for await (const entry of client.list(source.collection, { ...query, kind: 'file' })) {
    if (matches(entry.path.slice(source.prefix.length))) yield entry
  }
}

/** The place that may have been meant where there is no file of a name: what lies beneath it, `photos:2026/`. Null when nothing does. */
export async function placeBeneath(client: WaybillClient, file: Extract<StoredSource, { readonly kind: 'file' }>): Promise<string | null> {
  const prefix = `${file.path}/`
  const { items } = await client.entries.page(file.collection, { prefix, limit: 1 })
  return items.length === 0 ? null : `${file.collection}:${prefix}`
}
