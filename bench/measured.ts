import { figure, grouped, median, say } from './figures.ts'

/** How much is measured: what the figures are defined for, a small run to see how it looks, or as little as shows that it works. */
export type Scale = 'whole' | 'quick' | 'tiny'

/** One thing that was measured, with what a peer took for the same, round by round in turn. */
export interface Row {
  /** In snake_case; that of the figure. */
  readonly name: string
  /** What was done, for a reader who knows nothing of the bench. */
  readonly what: string
  readonly unit: string
  readonly better: 'more' | 'less'
  /** Ours, a value a round. */
  readonly ours: readonly number[]
  /** The peer's of the same rounds. */
  readonly peer?: { readonly name: string; readonly values: readonly number[] }
  /** The least median ratio that is aimed for; without it 1. */
  readonly goal?: number
  /** What a reader must know to judge it: sizes that differ, what a side does not do. */
  readonly note?: string
}

/** What a bench gives: its figures by name, and rows for the scoreboard. */
export interface Measured {
  readonly figures: Readonly<Record<string, number | null>>
  readonly rows: readonly Row[]
}

/** How a row ends: `even` is within a twentieth; a row with a goal is `met` or `missed`. */
export type Verdict = 'ahead' | 'even' | 'behind' | 'met' | 'missed' | 'no peer'

const EVEN = 0.05

/** How many times as good ours is as the peer's, round by round: of times theirs over ours, of rates ours over theirs. */
export function ratiosOf({ better, ours, peer }: Row): number[] {
  if (peer === undefined) return []
  if (peer.values.length !== ours.length) throw new Error(`ours has ${ours.length} rounds, ${peer.name} ${peer.values.length}: they cannot be paired`)
  return ours.map((own, round) => {
    const other = peer.values[round] ?? Number.NaN
    if (own === other) return 1
    return better === 'more' ? own / other : other / own
  })
}

/** What a row comes to, by the median of its ratios. */
export function verdictOf(row: Row): Verdict {
  if (row.peer === undefined) return 'no peer'
  const ratio = median(ratiosOf(row))
  if (row.goal !== undefined) return ratio >= row.goal ? 'met' : 'missed'
  if (Math.abs(ratio - 1) <= EVEN) return 'even'
  return ratio > 1 ? 'ahead' : 'behind'
}

/** The median, and the range where there were more rounds than one. */
export function spread(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return values.length < 2 || low === high ? told(median(values)) : `${told(median(values))} (${told(low)} to ${told(high)})`
}

function told(value: number): string {
  if (!Number.isFinite(value)) return 'beyond measure'
  return Math.abs(value) >= 1000 ? grouped(figure(value)) : String(figure(value))
}

/** The line that a row is told in while benches run. */
export function sayRow(row: Row): void {
  const ours = `${spread(row.ours)} ${row.unit}`
  if (row.peer === undefined) say(row.name, ours)
  else say(row.name, `${ours}; ${row.peer.name}: ${spread(row.peer.values)}; ratio ${spread(ratiosOf(row))}: ${verdictOf(row)}`)
}

/** Tells the rows of a case that has nothing beside them. */
export function measured(rows: readonly Row[]): Measured {
  for (const row of rows) sayRow(row)
  return { figures: figuresOf(rows), rows }
}

/** Of each row its figure, and of one with a peer the peer's (`_peer`) and the median ratio (`_ratio`), null where no number can tell it. */
export function figuresOf(rows: readonly Row[]): Record<string, number | null> {
  const figures = rows.flatMap(row => {
    const own: [string, number | null][] = [[row.name, figure(median(row.ours))]]
    if (row.peer === undefined) return own
    const ratio = median(ratiosOf(row))
    return [...own, [`${row.name}_peer`, figure(median(row.peer.values))], [`${row.name}_ratio`, Number.isFinite(ratio) ? figure(ratio) : null]] as typeof own
  })
  return Object.fromEntries(figures)
}

/** Runs something as many times, one after the other. */
export async function inRounds<T>(rounds: number, run: (round: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let round = 0; round < rounds; round++) results.push(await run(round))
  return results
}
