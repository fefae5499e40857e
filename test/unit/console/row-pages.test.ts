import { describe, expect, it } from 'vitest'
import { PAGE_ROWS, RowPages, type Numbered } from '../../../console/lib/row-pages.ts'

/** A list of rows that can be changed, and what was asked of it. */
class List {
  rows: Numbered[]
  readonly asked: number[] = []
  readonly failures: unknown[] = []
  fail = false

  constructor(seqs: readonly number[]) {
    this.rows = seqs.map(seq => ({ seq }))
  }

  readonly load = async (from: number, limit: number): Promise<{ rows: readonly Numbered[]; more: boolean }> => {
    this.asked.push(from)
    await Promise.resolve()
    if (this.fail) throw new Error('away')
    const behind = this.rows.filter(({ seq }) => seq >= from)
    return { rows: behind.slice(0, limit), more: behind.length > limit }
  }

  pages(total: number | null): RowPages<Numbered> {
    return new RowPages({ load: this.load, total, changed: () => undefined, failed: error => this.failures.push(error) })
  }
}

const upTo = (count: number, step = 1): number[] => Array.from({ length: count }, (_, n) => n * step)
/** Until what was asked for has come. */
const come = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('rows whose numbers are their places', () => {
  it('are loaded where they are seen, and dropped when far away', async () => {
    const list = new List(upTo(100_000))
    const pages = list.pages(100_000)
    for (const first of [0, 50_000, 99_950, 120]) {
      pages.want(first, Math.min(first + 40, 99_999))
      await come()
      expect(pages.row(first)).toEqual({ seq: first })
      expect(pages.row(Math.min(first + 40, 99_999))).toEqual({ seq: Math.min(first + 40, 99_999) })
    }
    for (let first = 0; first < 20_000; first += 130) {
      pages.want(first, first + 40)
      await come()
    }
    expect(pages.held).toBeLessThanOrEqual(8 * PAGE_ROWS)
    expect([pages.length, pages.complete]).toEqual([100_000, true])
  })

  it('stay in view until the newer ones have come', async () => {
    const list = new List(upTo(50))
    const pages = list.pages(50)
    pages.want(0, 40)
    await come()
    list.rows = upTo(60).map(seq => ({ seq, newer: true }))
    pages.refresh(60)
    expect(pages.row(3)).toEqual({ seq: 3 })
    await come()
    expect([pages.row(3), pages.row(59), pages.length]).toEqual([{ seq: 3, newer: true }, { seq: 59, newer: true }, 60])
  })

  it('are loaded although they went out of view before they had come, and came back', async () => {
    const pages = new List(upTo(10_000)).pages(10_000)
    pages.want(0, 40)
    pages.want(5_000, 5_040)
    pages.want(0, 40)
    await come()
    expect([pages.row(0), pages.row(40)]).toEqual([{ seq: 0 }, { seq: 40 }])
  })

  it('that could not be loaded are asked for again', async () => {
    const list = new List(upTo(10))
    list.fail = true
    const pages = list.pages(10)
    pages.want(0, 9)
    await come()
    expect([pages.row(0), list.failures.length]).toEqual([undefined, 1])
    list.fail = false
    pages.want(0, 9)
    await come()
    expect(pages.row(0)).toEqual({ seq: 0 })
  })
})

describe('rows with gaps', () => {
  it('become known by going on', async () => {
    const list = new List(upTo(250, 7))
    const pages = list.pages(null)
    pages.want(0, 40)
    await come()
    expect([pages.length, pages.complete, pages.row(99)]).toEqual([200, false, { seq: 99 * 7 }])
    pages.want(90, 130)
    await come()
    pages.want(190, 230)
    await come()
    expect([pages.length, pages.complete, pages.row(249)]).toEqual([250, true, { seq: 249 * 7 }])
    expect(list.asked).toEqual([0, 99 * 7 + 1, 199 * 7 + 1])
  })

  it('begin anew at the top, and only grow at the end further down', async () => {
    const list = new List(upTo(150, 2))
    const pages = list.pages(null)
    pages.want(0, 40)
    await come()
    pages.want(100, 140)
    await come()
    list.rows = upTo(160, 2).map(seq => ({ seq }))
    pages.refresh(null)
    await come()
    expect([pages.length, pages.row(120)]).toEqual([160, { seq: 240 }])
    pages.want(0, 40)
    await come()
    list.rows = upTo(20, 2).map(seq => ({ seq }))
    pages.refresh(null)
    await come()
    expect([pages.length, pages.complete]).toEqual([20, true])
  })
})
