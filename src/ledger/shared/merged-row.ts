import type { EntryChange } from '../../model/entry-change.ts'
import { mergedWishes, type ItemWish } from '../../model/merge-items.ts'
import type { ItemPart } from '../../ports/ledger.ts'
import { hexText } from './codec.ts'
import type { Row } from './row.ts'

/**
 * A further part of an item merged into its stored row (`change`, the conditions, `src_path`, `collection_id`): what the row holds from then on, the revision in
 * hex. Throws `invalid_request` when they contradict each other.
 */
export function mergedRow(
  stored: Row | undefined,
  { seq, item }: ItemPart,
): { readonly change: string; readonly revision: string | null; readonly version: number | null } {
  const { collection, path, ifMatch, version } = item.source
  if (stored?.['change'] == null || item.change === undefined || stored['collection_id'] !== collection || stored['src_path'] !== path) {
    throw new Error(`item ${seq} is no change of ${JSON.stringify(path)} in ${JSON.stringify(collection)}`)
  }
  const conditions = { ...(ifMatch === undefined ? {} : { ifMatch }), ...(version === undefined ? {} : { version }) }
  const merged = mergedWishes(path, wishOf(stored), { change: item.change, conditions })
  return { change: JSON.stringify(merged.change), revision: merged.conditions.ifMatch ?? null, version: merged.conditions.version ?? null }
}

function wishOf(row: Row): ItemWish {
  const revision = row['src_revision_if']
  const version = row['src_version_if'] as number | null
  return {
    change: JSON.parse(row['change'] as string) as EntryChange,
    conditions: { ...(revision === null ? {} : { ifMatch: hexText(revision) }), ...(version === null ? {} : { version }) },
  }
}
