import { WaybillError } from '../../model/errors.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { LookSelection } from '../../ports/place-ledger.ts'
import type { PlacePath } from '../../ports/transfer.ts'
import type { PlacedFile } from '../../ports/place.ts'
import type { Stores } from '../stores.ts'

/** Files that one look through a place takes in: one transaction, of some 20 ms where all of them are new. */
const PAGE_FILES = 2_000
/** Looks that may be too old, one after the other, because files of the collection are written all the time. */
const MOST_LOOKS = 50

/** An attached collection and its place. */
export type PlaceOf = Pick<PlacePath, 'collection' | 'store'>

/** Looks at places and tells the ledger what is there: what others did since is noticed here, and nowhere else. */
export class Looks {
  readonly #ledger: Ledger
  readonly #stores: Stores

  constructor(parts: { ledger: Ledger; stores: Stores }) {
    this.#ledger = parts.ledger
    this.#stores = parts.stores
  }

  /** Looks at paths of one collection. Returns those of which nothing could be told. */
  async paths({ collection, store }: PlaceOf, paths: readonly string[]): Promise<ReadonlySet<string>> {
    const place = this.#stores.place(store)
    return this.#repeated(collection, async edition => {
      const looked = await place.stat(paths)
      const known = await this.#ledger.stamps(collection, paths)
      const others = paths.flatMap((path, index) => {
        const file = looked[index]
        return file === undefined || file?.stamp === known.get(path) ? [] : [{ path, file }]
      })
      const unsure = new Set(paths.filter((_, index) => looked[index] === undefined))
      if (others.length === 0) return unsure
      const scope = { paths: others.map(({ path }) => path) }
      const found = others.flatMap(({ file }) => (file === null ? [] : [file]))
      return (await this.#ledger.reconcile({ collection, edition, scope, found, unsure: [] })) ? unsure : null
    })
  }

  /** Looks through the next part of a collection, behind `after`; returns up to where, null when that was the end. For a selection its cursor goes along. `files`: about how many are looked at. */
  async range(
    { collection, store }: PlaceOf,
    { prefix, after }: { readonly prefix: string; readonly after: string },
    selection?: LookSelection,
    files = PAGE_FILES,
  ): Promise<string | null> {
    const place = this.#stores.place(store)
    const { through } = await this.#repeated(collection, async edition => {
      const page = await place.list({ prefix, after, limit: files })
      const known = await this.#ledger.placedFiles(collection, { prefix, after }, files)
      const end = earlier(page.through, known.length < files ? null : (known.at(-1)?.path ?? null))
      const found = page.files.filter(({ path }) => isWithin(path, end))
      const { again, unsure } = await this.#missing(store, known, found, end)
      const misfits = page.misfits.filter(({ path }) => isWithin(path, end))
      const look = { collection, edition, scope: { prefix, after, through: end }, found: [...found, ...again], unsure }
      const done = await this.#ledger.reconcile(selection === undefined ? look : { ...look, selection: { ...selection, misfits } })
      return done ? { through: end } : null
    })
    return through
  }

  /** What is known and was not found is looked at by itself before it counts as gone: a listing may have begun before it came. */
  async #missing(
    store: string,
    known: readonly { readonly path: string }[],
    found: readonly PlacedFile[],
    end: string | null,
  ): Promise<{ readonly again: PlacedFile[]; readonly unsure: string[] }> {
    const there = new Set(found.map(({ path }) => path))
    const missing = known.map(({ path }) => path).filter(path => !there.has(path) && isWithin(path, end))
    const looked = missing.length === 0 ? [] : await this.#stores.place(store).stat(missing)
    return { again: looked.filter(file => file != null), unsure: missing.filter((_, index) => looked[index] === undefined) }
  }

  /** A look, again while files of the collection were written during it. Throws `unavailable` when that never ends. */
  async #repeated<T>(collection: string, look: (edition: number) => Promise<T | null>): Promise<T> {
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      const result = await look(await this.#ledger.edition(collection))
      if (result !== null) return result
    }
    throw new WaybillError('unavailable', `the files of ${JSON.stringify(collection)} change faster than they can be looked at; try again`, {
      retryAfterSeconds: 1,
    })
  }
}

/** The earlier of two ends, in the byte order of paths; null is no end. */
function earlier(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other
  return isWithin(one, other) ? one : other
}

/** True for a path up to an end, in the byte order of paths; null is no end. */
export function isWithin(path: string, end: string | null): boolean {
  return end === null || Buffer.compare(Buffer.from(path), Buffer.from(end)) <= 0
}
