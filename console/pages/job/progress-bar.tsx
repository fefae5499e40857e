import type { JobInfo } from '../../api/types.ts'
import { settledOf } from '../../api/types.ts'
import { exactNumber, percent } from '../../lib/format.ts'

const PARTS = ['done', 'skipped', 'failed', 'evicted', 'cancelled'] as const

/**
 * How far a job is, each state in its own colour: failed is never hidden inside done. While items are still being found the total is no total,
 * and the bar says so.
 */
export function ProgressBar({ job }: { readonly job: JobInfo }) {
  const { counts } = job
  const { total, discovering } = counts
  const settled = settledOf(job)
  const words = PARTS.filter(part => counts[part] > 0).map(part => `${exactNumber(counts[part])} ${part}`)
  const text = `${words.join(', ') || 'none done'} of ${exactNumber(total)}${discovering ? ' found so far' : ''}`
  return (
    <div class="progress-line">
      <div
        class={`progress ${discovering ? 'discovering' : ''}`}
        role="progressbar"
        aria-label="Progress"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={discovering ? undefined : percent(settled, total)}
        aria-valuetext={text}
        title={text}
      >
        {PARTS.map(part => (
          <span key={part} class={`part ${part}`} style={{ width: `${total === 0 ? 0 : (counts[part] / total) * 100}%` }} />
        ))}
      </div>
      <span class="progress-word">{discovering ? 'finding items' : `${percent(settled, total)} %`}</span>
    </div>
  )
}
