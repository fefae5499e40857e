// How fast a job goes, from what was seen of it: the server's own rate is the mean since the job began.

/** How many items were settled at a moment (epoch milliseconds). */
export interface Sample {
  readonly at: number
  readonly settled: number
}

/** The rate is that of so many of the last milliseconds. */
export const RATE_MS = 10_000
/** Less than this says nothing yet. */
const LEAST_MS = 1_000
/** What the chart shows. */
export const CHART_SECONDS = 120

/** Adds a sample; what the chart no longer shows is dropped, but for the one before it. */
export function withSample(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const first = samples.findLastIndex(({ at }) => at <= next.at - CHART_SECONDS * 1000)
  return [...samples.slice(Math.max(first, 0)), next]
}

/** Items a second over the last ten seconds, or as many as were watched; null before there is anything to say. */
export function recentRate(samples: readonly Sample[], now: number): number | null {
  const first = samples[0]
  if (first === undefined) return null
  const from = Math.max(now - RATE_MS, first.at)
  if (now - from < LEAST_MS) return null
  return ((settledAt(samples, now) - settledAt(samples, from)) / (now - from)) * 1000
}

/** Items in each whole second before `now`, the oldest first; only seconds that were watched. */
export function perSecond(samples: readonly Sample[], now: number): readonly number[] {
  const first = samples[0]?.at ?? now
  const seconds = Math.min(CHART_SECONDS, Math.floor((now - first) / 1000))
  return Array.from({ length: seconds }, (_, index) => {
    const end = now - (seconds - 1 - index) * 1000
    return Math.max(0, settledAt(samples, end) - settledAt(samples, end - 1000))
  })
}

/** Between two samples on the straight line, after the last one as that: nothing was told since, so nothing changed. */
function settledAt(samples: readonly Sample[], at: number): number {
  const next = samples.findIndex(sample => sample.at > at)
  if (next < 0) return samples.at(-1)?.settled ?? 0
  const [before, after] = [samples[next - 1], samples[next]]
  if (before === undefined || after === undefined) return samples[0]?.settled ?? 0
  return before.settled + ((after.settled - before.settled) * (at - before.at)) / (after.at - before.at)
}
