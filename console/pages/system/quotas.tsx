import type { WhoAmI } from '../../api/types.ts'
import { exactNumber, percent } from '../../lib/format.ts'
import { useApi } from '../../state/session.tsx'
import { useLoaded } from '../../state/use-loaded.ts'
import { Count, Skeleton } from '../../ui/bits.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { StateBadge } from '../../ui/state.tsx'

type Quotas = WhoAmI['quotas']

const NAMES: Readonly<Record<keyof Quotas, { readonly name: string; readonly meaning: string }>> = {
  unfinishedJobs: { name: 'Unfinished jobs', meaning: 'submitted, resolving or running' },
  unfinishedItems: { name: 'Unfinished items', meaning: 'of all unfinished jobs together' },
  itemsPerJob: { name: 'Items of a job', meaning: 'each job may have so many' },
  collections: { name: 'Collections', meaning: 'those that you made' },
  eventStreams: { name: 'Streams of events', meaning: 'open now on this server; a page of a running job has one' },
  requestsPerMinute: { name: 'Requests', meaning: 'in the last minute, on this server' },
}

/** From this share on it is worth a warning. */
const NEAR_PERCENT = 80

/** What the caller may have at once, and how much of it is in use. */
export function QuotasCard({ round }: { readonly round: number }) {
  const api = useApi()
  const { value, error, loading, reload } = useLoaded('quotas', signal => api.get<WhoAmI>('/v1/whoami', { limit: 1 }, signal), { keep: 'quotas', round })
  const set = Object.entries(value?.quotas ?? {}) as [keyof Quotas, NonNullable<Quotas[keyof Quotas]>][]
  return (
    <section class="card" aria-label="Your quotas">
      <h2>Your quotas</h2>
      <LoadProblem error={error} known={value !== null} retry={reload} />
      {value === null && loading && <Skeleton rows={1} />}
      {value !== null && set.length === 0 && <p class="muted">None is set for you.</p>}
      {set.length > 0 && (
        <>
          <p class="muted">What you may have at once, whichever of your tokens it comes through; what would be more is refused.</p>
          <ul class="quotas">
            {set.map(([quota, { limit, used }]) => (
              <Quota key={quota} quota={quota} limit={limit} used={used} />
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

function Quota({ quota, limit, used }: { readonly quota: keyof Quotas; readonly limit: number; readonly used: number }) {
  const { name, meaning } = NAMES[quota]
  const share = percent(used, limit)
  const look = lookOf(used, limit)
  return (
    <li>
      <div class="head-line">
        <strong>{name}</strong>
        {/* a limit of each job: nothing of it is ever in use */}
        {quota === 'itemsPerJob' ? (
          <span>
            at most <Count value={limit} />
          </span>
        ) : (
          <>
            <span>
              <Count value={used} /> of <Count value={limit} />
            </span>
            <StateBadge look={look} />
          </>
        )}
      </div>
      {quota !== 'itemsPerJob' && (
        <div
          class="progress"
          role="meter"
          aria-label={name}
          aria-valuemin={0}
          aria-valuemax={Math.max(1, limit)}
          aria-valuenow={Math.min(used, limit)}
          aria-valuetext={`${exactNumber(used)} of ${exactNumber(limit)}, ${look.word}`}
          title={`${exactNumber(used)} of ${exactNumber(limit)}`}
        >
          <span class={`part ${look.part}`} style={{ width: `${share}%` }} />
        </div>
      )}
      <span class="hint">{meaning}</span>
    </li>
  )
}

function lookOf(used: number, limit: number) {
  if (used >= limit) return { icon: 'failed', word: 'Used up', tone: 'bad', part: 'failed' } as const
  if (percent(used, limit) >= NEAR_PERCENT) return { icon: 'evicted', word: 'Nearly used up', tone: 'warn', part: 'evicted' } as const
  return { icon: 'done', word: 'Room left', tone: 'good', part: 'done' } as const
}
