// The rows of a long list, a few pages of them in memory: those that are seen, those beside them, and some that were seen lately.

export interface Numbered {
  readonly seq: number
}

/** Rows with a `seq` of `from` or more, at most `limit`; `more`: there are others behind them. */
export type LoadRows<Row extends Numbered> = (
  from: number,
  limit: number,
  signal: AbortSignal,
) => Promise<{ readonly rows: readonly Row[]; readonly more: boolean }>

export const PAGE_ROWS = 100
/** Some screens' worth, whatever the list's length. */
const KEPT_PAGES = 8

interface Page<Row> {
  rows: readonly Row[]
  /** Rows of an older state of the list: shown until the new ones are there. */
  stale: boolean
}

/**
 * A list whose row `n` has the seq `n` (`total` is known, any page can be asked for), or one with gaps (a filter: `total` null), where a page begins
 * behind the last row of the one before, and the length becomes known by scrolling.
 */
export class RowPages<Row extends Numbered> {
  readonly #load: LoadRows<Row>
  readonly #changed: () => void
  readonly #failed: (error: unknown) => void
  readonly #pages = new Map<number, Page<Row>>()
  readonly #loading = new Map<number, AbortController>()
  /** With gaps: the seq that the list begins with, and that of each known page. */
  readonly #from: number
  #starts: number[]
  #more = true
  #known = 0
  #total: number | null
  #wanted: readonly [number, number] = [0, 0]

  /** `from`: a list with gaps leaves out what has a lower seq. */
  constructor(parts: {
    readonly load: LoadRows<Row>
    readonly total: number | null
    readonly from?: number
    readonly changed: () => void
    readonly failed: (error: unknown) => void
  }) {
    this.#load = parts.load
    this.#total = parts.total
    this.#from = parts.from ?? 0
    this.#starts = [this.#from]
    this.#changed = parts.changed
    this.#failed = parts.failed
  }

  /** How many rows there are, as far as is known: of a list with gaps one more page while it goes on. */
  get length(): number {
    return this.#total ?? this.#known + (this.#more ? PAGE_ROWS : 0)
  }

  /** True when `length` is all, false while a list with gaps goes on. */
  get complete(): boolean {
    return this.#total !== null || !this.#more
  }

  /** How many rows are in memory. */
  get held(): number {
    return [...this.#pages.values()].reduce((sum, page) => sum + page.rows.length, 0)
  }

  row(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE_ROWS))?.rows[index % PAGE_ROWS]
  }

  /** Says which rows are seen; loads what is missing of them and drops what is far away. */
  want(first: number, last: number): void {
    this.#wanted = [Math.floor(first / PAGE_ROWS), Math.floor(Math.max(first, last) / PAGE_ROWS)]
    const [from, to] = this.#wanted
    for (const [page, controller] of this.#loading) {
      if (page >= from - 1 && page <= to + 1) continue
      controller.abort()
      this.#loading.delete(page) // so that it is asked for again when it comes into view before the abort is through
    }
    for (let page = from; page <= to; page++) this.#need(page)
  }

  /** The list has changed: what is seen is loaded again, and replaced when it is there. `total` as in the constructor. */
  refresh(total: number | null): void {
    this.#total = total
    for (const page of this.#pages.values()) page.stale = true
    const [from, to] = this.#wanted
    if (total === null && from === 0) {
      this.#starts = [this.#from]
      this.#more = true
    } else if (total === null) {
      // far down nothing may jump: only the end is asked for again, where later rows are added
      this.#start(this.#starts.length - 1)
      return
    }
    for (let page = from; page <= to; page++) this.#need(page)
  }

  close(): void {
    for (const controller of this.#loading.values()) controller.abort()
  }

  #need(page: number): void {
    if (page * PAGE_ROWS >= this.length && page > 0) return
    if (this.#pages.get(page)?.stale === false) return
    this.#start(page)
  }

  #start(page: number): void {
    const from = this.#total === null ? this.#starts[page] : page * PAGE_ROWS
    if (from === undefined || this.#loading.has(page)) return
    const controller = new AbortController()
    this.#loading.set(page, controller)
    this.#load(from, PAGE_ROWS, controller.signal)
      .then(({ rows, more }) => {
        if (!controller.signal.aborted) this.#keep(page, rows, more)
      })
      .catch((error: unknown) => {
        if (!controller.signal.aborted) this.#failed(error)
      })
      .finally(() => {
        if (this.#loading.get(page) === controller) this.#loading.delete(page)
        if (!controller.signal.aborted) this.#changed()
      })
  }

  #keep(page: number, rows: readonly Row[], more: boolean): void {
    this.#pages.delete(page)
    this.#pages.set(page, { rows, stale: false })
    if (this.#total === null) this.#learn(page, rows, more)
    const [from, to] = this.#wanted
    for (const known of this.#pages.keys()) {
      if (this.#pages.size <= KEPT_PAGES) break
      if (known < from || known > to) this.#pages.delete(known)
    }
  }

  #learn(page: number, rows: readonly Row[], more: boolean): void {
    const last = rows.at(-1)
    if (page < this.#starts.length - 1) return
    this.#more = more && last !== undefined
    this.#known = page * PAGE_ROWS + rows.length
    if (this.#more && last !== undefined) this.#starts[page + 1] = last.seq + 1
  }
}
