import type { ItemInfo, JobInfo } from '../client/index.ts'
import { count, plural, size, span } from './output.ts'
import { printable } from './printable.ts'

/** Of a shorter time a rate tells nothing but how clocks are rounded. */
const LEAST_RATED_MS = 100

/** A job in a few lines for a person. */
export function describeJob(job: JobInfo): readonly string[] {
  const label = job.label === null ? '' : ` "${printable(job.label)}"`
  const lines = [`${job.kind} job ${job.id} (number ${job.number})${label}: ${stateOf(job)}`, `  ${countsOf(job)}`]
  const words = pace(job)
  if (words.length > 0) lines.push(`  ${words.join(', ')}`)
  if (job.waitingFor !== null) lines.push(`  waiting: ${printable(job.waitingFor)}`)
  return lines
}

/** "finished, succeeded", "running, paused": what one wants to know first. */
export function stateOf(job: JobInfo): string {
  const words: string[] = [job.state]
  if (job.outcome !== null) words.push(job.outcome)
  if (job.paused) words.push('paused')
  if (job.dryRun) words.push('dry run')
  return words.join(', ')
}

/** How many items have reached a state that stays. */
export function settled(job: JobInfo): number {
  const { done, skipped, failed, evicted, cancelled } = job.counts
  return done + skipped + failed + evicted + cancelled
}

/** What went wrong so far, for a progress line; empty when nothing did. */
export function troubles(job: JobInfo): string {
  return (['failed', 'evicted'] as const)
    .filter(state => job.counts[state] > 0)
    .map(state => `${count(job.counts[state])} ${state}`)
    .join(', ')
}

/** An item in one line: what, where to, and why not where it is not done. */
export function describeItem(item: ItemInfo): string {
  const end = (at: { readonly collection: string; readonly path: string }): string => `${at.collection}:${at.path}`
  const way = item.destination === null ? end(item.source) : `${end(item.source)} -> ${end(item.destination)}`
  const reason = item.reason === null ? '' : `: ${item.reason.message} (${item.reason.code})`
  return printable(`${item.state.padEnd(9)} ${way}${reason}`)
}

function countsOf(job: JobInfo): string {
  const states = (['pending', 'running', 'done', 'skipped', 'failed', 'evicted', 'cancelled'] as const).filter(state => job.counts[state] > 0)
  const soFar = job.counts.discovering ? ' so far' : ''
  return [`${plural(job.counts.total, 'item')}${soFar}`, ...states.map(state => `${count(job.counts[state])} ${state}`)].join(', ')
}

/** Bytes (deleting has none), time and rate, as far as they say something. */
function pace(job: JobInfo): readonly string[] {
  const words = job.kind === 'delete' ? [] : [`${size(job.bytes.done)} of ${size(job.bytes.total)}`]
  if (job.startedAt !== null && job.finishedAt !== null) {
    const ms = Date.parse(job.finishedAt) - Date.parse(job.startedAt)
    words.push(span(ms))
    if (ms >= LEAST_RATED_MS) words.push(`${count((settled(job) / ms) * 1000)} items a second`)
  } else {
    if (job.itemsPerSecond !== null) words.push(`${count(job.itemsPerSecond)} items a second`)
    if (job.estimatedFinishAt !== null) words.push(`done about ${job.estimatedFinishAt}`)
  }
  return words
}
