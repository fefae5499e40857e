import type { ItemState, JobInfo } from '../../api/types.ts'
import { ITEM_STATES } from '../../api/types.ts'
import { duration, exactNumber, plural, shortNumber, size } from '../../lib/format.ts'
import type { Sample } from '../../lib/rate.ts'
import { perSecond, recentRate } from '../../lib/rate.ts'
import { parseRoute, link } from '../../lib/route.ts'
import { withLocalTimes } from '../../lib/times.ts'
import { useNow } from '../../state/use-now.ts'
import { Count, Figure } from '../../ui/bits.tsx'
import { Icon } from '../../ui/icons.tsx'
import { ITEM_LOOKS } from '../../ui/state.tsx'
import { ProgressBar } from './progress-bar.tsx'
import { RateChart } from './rate-chart.tsx'

/** What is seen first: how far, how fast, how long yet, and how many of each state. */
export function JobProgress({ job, samples }: { readonly job: JobInfo; readonly samples: readonly Sample[] }) {
  const running = job.state !== 'finished'
  const now = useNow(running ? 1000 : 0)
  const rate = running && !job.paused ? recentRate(samples, now) : null
  const chart = running ? perSecond(samples, now) : []
  return (
    <section class="card job-progress" aria-label="Progress">
      <ProgressBar job={job} />
      <div class="figures">
        <Figure name={job.counts.discovering ? 'Items found so far' : 'Items'} value={exactNumber(job.counts.total)}>
          {job.counts.discovering && 'more are being found: the total is not known yet'}
        </Figure>
        {running ? <Speed job={job} rate={rate} now={now} /> : <Took job={job} />}
        {job.bytes.total > 0 && (
          <Figure name="Size" value={size(job.bytes.total)}>
            {running ? `${size(job.bytes.done)} done` : ''}
          </Figure>
        )}
        {chart.length >= 5 && <RateChart values={chart} />}
      </div>
      {job.waitingFor !== null && <p class="note">{withLocalTimes(job.waitingFor)}</p>}
      <ul class="counters" aria-label="Items by state">
        {ITEM_STATES.map(state => (
          <Counter key={state} state={state} count={job.counts[state]} />
        ))}
      </ul>
    </section>
  )
}

/** When the job will end at the rate of the last ten seconds; by the server's estimate, the mean since its start, while nothing was measured; null: nobody knows. */
function endOf(job: JobInfo, rate: number | null, now: number): number | null {
  if (job.counts.discovering || job.paused || rate === 0) return null
  if (rate !== null) return now + ((job.counts.pending + job.counts.running) / rate) * 1000
  return job.estimatedFinishAt === null ? null : new Date(job.estimatedFinishAt).getTime()
}

function Speed({ job, rate, now }: { readonly job: JobInfo; readonly rate: number | null; readonly now: number }) {
  const eta = endOf(job, rate, now)
  return (
    <>
      <Figure name="Rate" value={rate === null ? '–' : `${shortNumber(rate)} / s`}>
        {rate === null ? 'nothing to measure yet' : 'items, over the last 10 s'}
      </Figure>
      <Figure name="Time left" value={eta === null ? '–' : duration(Math.max(0, eta - now))}>
        {eta === null ? 'no estimate yet' : `at about ${new Date(eta).toLocaleTimeString()}`}
      </Figure>
    </>
  )
}

function Took({ job }: { readonly job: JobInfo }) {
  if (job.startedAt === null || job.finishedAt === null) return null
  const took = new Date(job.finishedAt).getTime() - new Date(job.startedAt).getTime()
  return (
    <Figure name="Took" value={duration(took)}>
      {/* less than a second of a few items is no rate */}
      {job.itemsPerSecond === null || took < 1000 ? '' : `${shortNumber(job.itemsPerSecond)} items a second`}
    </Figure>
  )
}

/** A state's count; it leads to the items in that state. */
function Counter({ state, count }: { readonly state: ItemState; readonly count: number }) {
  const { icon, word, tone, meaning } = ITEM_LOOKS[state]
  const { path } = parseRoute(location.hash)
  const body = (
    <>
      <Icon name={icon} />
      <span class="counter-value">
        <Count value={count} />
      </span>
      <span>{word.toLowerCase()}</span>
    </>
  )
  return (
    <li class={`counter ${count === 0 ? 'none' : `tone-${tone}`}`}>
      {count === 0 ? (
        <span title={meaning}>{body}</span>
      ) : (
        <a href={link(path, { state })} title={`${plural(count, 'item')}: each ${meaning}`}>
          {body}
        </a>
      )}
    </li>
  )
}
