import type { ItemInfo, ItemState, Page } from './types.ts'
import type { Api } from './api.ts'
import { jobPath } from './api.ts'

/** Which items of a job are looked at. */
export interface ItemFilter {
  readonly states: readonly ItemState[]
  readonly path: string
}

/** Items from a seq on. The server hands out short pages with a cursor where a filter is selective; they are followed until there are enough. */
export async function loadItems(
  api: Api,
  job: string,
  filter: ItemFilter,
  at: { readonly from: number; readonly limit: number },
  signal: AbortSignal,
): Promise<{ rows: ItemInfo[]; more: boolean }> {
  const rows: ItemInfo[] = []
  let cursor: string | undefined
  for (;;) {
    const place = cursor === undefined ? { from: at.from } : { cursor }
    const query = { ...place, limit: at.limit - rows.length, state: filter.states.join(','), path: filter.path }
    const page = await api.get<Page<ItemInfo>>(`${jobPath(job)}/items`, query, signal)
    rows.push(...page.items)
    if (page.nextCursor === null) return { rows, more: false }
    if (rows.length >= at.limit) return { rows, more: true }
    cursor = page.nextCursor
  }
}
