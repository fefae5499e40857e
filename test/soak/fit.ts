/** A figure that was taken again and again. `t` is in milliseconds from the start. */
export interface Series {
  readonly name: string
  readonly unit: string
  readonly points: readonly { readonly t: number; readonly value: number }[]
}

/** By how much a figure may rise in all the time that is looked at: so much, or that part of its mean, whichever is more. What is not limited is only told. */
export interface Limit {
  readonly absolute: number
  readonly relative: number
  /** That part of its mean on top of either. */
  readonly more?: number
  /** How its rise is found: by a line through all of it (what is left over adds up), or as that of its last third over its first (what an answer takes jumps about). */
  readonly by: 'line' | 'thirds'
}

/** What a series does, without its beginning. */
export interface Fit {
  readonly perHour: number
  /** By how much it rises over the time that was looked at, and by how much it may. */
  readonly growth: number
  readonly allowed: number | null
  readonly mean: number
  readonly passed: boolean
}

const HOUR_MS = 3600 * 1000
/** Caches fill, code is compiled, the first jobs expire: the first part says nothing about what comes after. */
export const WARM_UP = 0.3

/** Looks at a series from the end of the warm-up on. */
export function fit(series: Series, limit: Limit | null): Fit {
  const kept = afterWarmUp(series)
  const slope = slopeOf(kept)
  const time = (kept.at(-1)?.t ?? 0) - (kept[0]?.t ?? 0)
  const mean = kept.reduce((sum, { value }) => sum + value, 0) / Math.max(1, kept.length)
  const growth = limit?.by === 'thirds' ? overThirds(kept) : slope * time
  const allowed = limit === null ? null : Math.max(limit.absolute, limit.relative * mean) + (limit.more ?? 0) * mean
  return { perHour: slope * HOUR_MS, growth, allowed, mean, passed: allowed === null || growth <= allowed }
}

type Points = Series['points']

function afterWarmUp({ points }: Series): Points {
  const last = points.at(-1)?.t ?? 0
  return points.filter(({ t }) => t >= last * WARM_UP)
}

/**
 * Of the line through the medians of all pairs (Theil and Sen): one sample that stands out, as a checkpoint makes it, does not turn it as it would turn a line of least
 * squares.
 */
function slopeOf(points: Points): number {
  return median(points.flatMap((one, n) => points.slice(n + 1).map(other => (other.value - one.value) / (other.t - one.t))))
}

function overThirds(points: Points): number {
  const part = Math.ceil(points.length / 3)
  const values = points.map(({ value }) => value)
  return median(values.slice(-part)) - median(values.slice(0, part))
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}

/** The value below which so large a part of the values lies; null without any. */
export function quantile(values: readonly number[], part: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? null
}
