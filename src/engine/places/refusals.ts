import { WaybillError, type ErrorPlace } from '../../model/errors.ts'
import type { EntitySelection, JobKind, SubmitItem } from '../../model/job.ts'
import type { Collection } from '../../model/collection.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { Want } from '../jobs/check.ts'
import type { Stores } from '../stores.ts'

/** Throws `unsupported` for a single write into an attached collection: files come and go there by jobs, which a crash cannot leave half done. */
export function refusePlacedWrite({ id, attached }: Pick<Collection, 'id' | 'attached'>): void {
  if (!attached) return
  throw new WaybillError(
    'unsupported',
    `${JSON.stringify(id)} is attached: its files are written and deleted by jobs, and by other programs; upload into a managed collection and copy from there`,
  )
}

/** Refuses at submission what jobs cannot do with attached collections: nothing of it is begun. */
export class PlaceRefusals {
  readonly #ledger: Ledger
  readonly #stores: Stores

  constructor(parts: { ledger: Ledger; stores: Stores }) {
    this.#ledger = parts.ledger
    this.#stores = parts.stores
  }

  /** `wants`: the collections that the job names, each with the first place where. Throws `unsupported`. */
  async refuse(
    kind: JobKind,
    wants: readonly Want[],
    more: { readonly items?: readonly SubmitItem[]; readonly entities?: readonly EntitySelection[] } = {},
  ): Promise<void> {
    const places: ErrorPlace[] = []
    for (const { collection, pointer } of [...wants, ...rootsOf(more.entities ?? [])]) {
      const found = await this.#ledger.collection(collection)
      const fault = found?.attached === true ? this.#faultOf(kind, found, pointer, more.items ?? []) : null
      if (fault !== null) places.push({ pointer, detail: `${JSON.stringify(collection)} is attached, and ${fault}` })
    }
    const [first] = places
    if (first !== undefined) throw new WaybillError('unsupported', `${first.pointer}: ${first.detail}`, { errors: places })
  }

  #faultOf(kind: JobKind, { id, store }: Collection, pointer: string, items: readonly SubmitItem[]): string | null {
    if (kind === 'move') return 'files are not moved from or to a place in one step; copy them, and then delete what was copied'
    if (kind === 'delete' && this.#stores.place(store).readonly) return 'it is read-only'
    if (kind === 'update' && items.some(({ change, source }) => change !== undefined && source.collection === id))
      return 'its entries take merge patches of their fields only'
    if (kind === 'copy' && pointer.endsWith('/destination/collection') && this.#stores.place(store).readonly) return 'it is read-only'
    return null
  }
}

/** The collections whose roots entities go to: named by no grant that is wanted at submission. */
function rootsOf(entities: readonly EntitySelection[]): { readonly collection: string; readonly pointer: string }[] {
  const first = new Map<string, string>()
  entities.forEach(({ destination }, index) => {
    if (destination === undefined || !('collection' in destination) || first.has(destination.collection)) return
    first.set(destination.collection, `/entities/${index}/destination/collection`)
  })
  return [...first].map(([collection, pointer]) => ({ collection, pointer }))
}
