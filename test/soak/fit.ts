/** A figure that was taken again and again. `t` is in milliseconds from the start. */
export interface Series {
  readonly name: string
  readonly unit: string
  readonly points: readonly { readonly t: number; readonly value: number }[]
}

/** How a figure may change: in all the time that is looked at by `absolute`, or by a part of its mean; what is not limited is only told. */
export interface Limit {
  readonly absolute: number
  readonly relative: number
}

/** A straight line through a series, without its beginning. */
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
const WARM_UP = 0.3

/**
 * The line through the medians of all pairs (Theil and Sen): one sample that stands out, as a checkpoint makes it, does not turn it as it would turn a line of least
 * squares.
 */
export function fit({ points }: Series, limit: Limit | null): Fit {
  const last = points.at(-1)?.t ?? 0
  const kept = points.filter(({ t }) => t >= last * WARM_UP)
  const slopes = kept.flatMap((one, n) => kept.slice(n + 1).map(other => (other.value - one.value) / (other.t - one.t)))
  const slope = median(slopes)
  const mean = kept.reduce((sum, { value }) => sum + value, 0) / Math.max(1, kept.length)
  const growth = slope * (last - (kept[0]?.t ?? last))
  const allowed = limit === null ? null : Math.max(limit.absolute, limit.relative * mean)
  return { perHour: slope * HOUR_MS, growth, allowed, mean, passed: allowed === null || growth <= allowed }
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
