import { decodeCursor, encodeCursor } from '../../model/cursor.ts'
import type { Entry } from '../../model/entry.ts'
import type { PageQuery } from '../../model/page.ts'
import type { EntryFilter, EntryPage, Ledger } from '../../ports/ledger.ts'
import type { Stores } from '../stores.ts'
import { isWithin, type Looks, type PlaceOf } from './looks.ts'

/** Lists attached collections: what a page shows is looked at before it is shown. */
export class PlacedEntries {
  readonly #ledger: Ledger
  readonly #stores: Stores
  readonly #looks: Looks

  constructor(parts: { ledger: Ledger; stores: Stores; looks: Looks }) {
    this.#ledger = parts.ledger
    this.#stores = parts.stores
    this.#looks = parts.looks
  }

  async list(at: PlaceOf, filter: EntryFilter, page: PageQuery): Promise<EntryPage> {
    const after = page.cursor === undefined ? '' : decodeCursor(page.cursor, 'string')
    // what lies beneath the folders of a level is not looked at: a page would go through all of it
    if (filter.delimiter !== undefined && filter.deleted !== true) return this.#level(at, filter, page, after)
    // nothing else lies in a place: it need not be looked through to the end for it
    if (filter.kind !== undefined && filter.kind !== 'file') return this.#ledger.entries(at.collection, filter, page)
    for (let from: string | null = after; ;) {
      from = await this.#looks.range(at, { prefix: filter.prefix ?? '', after: from }, undefined, page.limit + 1)
      const found = await this.#ledger.entries(at.collection, filter, page)
      if (from === null || (found.nextCursor !== null && isWithin(found.items.at(-1)?.path ?? '', from))) return found
    }
  }

  /** The files and folders of one level are the place's own word. */
  async #level(at: PlaceOf, filter: EntryFilter, page: PageQuery, after: string): Promise<EntryPage> {
    const { files, folders, through } = await this.#stores.place(at.store).list({ prefix: filter.prefix ?? '', after, limit: page.limit, delimiter: '/' })
    const paths = files.map(({ path }) => path)
    if (paths.length > 0) await this.#looks.paths(at, paths)
    const items: Entry[] = []
    for (const path of filter.kind === undefined || filter.kind === 'file' ? paths : []) {
      const entry = await this.#ledger.entry(at.collection, path)
      if (entry !== null && !entry.deleted) items.push(entry)
    }
    return { items, prefixes: folders, nextCursor: through === null ? null : encodeCursor(through) }
  }
}
