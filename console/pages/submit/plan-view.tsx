import { loadItems } from '../../api/lists.ts'
import type { ItemInfo, ItemState, JobInfo } from '../../api/types.ts'
import { exactNumber, plural, size } from '../../lib/format.ts'
import { link } from '../../lib/route.ts'
import { useApi } from '../../state/session.tsx'
import { useLiveJob } from '../../state/use-live-job.ts'
import { useLoaded } from '../../state/use-loaded.ts'
import { Button, Skeleton } from '../../ui/bits.tsx'
import { ProblemBox } from '../../ui/problem.tsx'
import { ITEM_LOOKS, StateBadge } from '../../ui/state.tsx'
import { ProgressBar } from '../job/progress-bar.tsx'
import type { Draft, Kind } from './request.ts'

const PAST: Readonly<Record<Kind, string>> = { copy: 'copied', move: 'moved', delete: 'deleted' }
const WORD: Readonly<Record<Kind, string>> = { copy: 'Copy', move: 'Move', delete: 'Delete' }
/** So many of each state are shown; the dry run's own page has all. */
const SHOWN = 5
const LOOKED_AT: readonly ItemState[] = ['failed', 'evicted', 'skipped', 'done']

interface PlanViewProps {
  readonly draft: Draft
  readonly plan: JobInfo
  readonly error: unknown
  readonly busy: boolean
  readonly onBack: () => void
  readonly onSubmit: () => void
}

/** What would happen, item by item, as a dry run has found it. */
export function PlanView({ draft, plan, error, busy, onBack, onSubmit }: PlanViewProps) {
  const live = useLiveJob(plan.id)
  const job = live.job ?? plan
  const planned = job.state === 'finished'
  const { counts } = job
  return (
    <div class="dialog-body">
      {planned ? (
        <>
          <p class="plan-line">
            <strong>{plural(counts.done, 'file')}</strong> would be {PAST[draft.kind]}
            {job.bytes.done > 0 && `, ${size(job.bytes.done)}`}.
          </p>
          {counts.total === 0 && <p class="note">Nothing fits: look at the folder and the pattern.</p>}
          {LOOKED_AT.filter(state => counts[state] > 0).map(state => (
            <Sample key={state} job={job} state={state} />
          ))}
          <p>
            {/* our own page: as its opener it lets the new tab have the session */}
            <a href={link(['jobs', job.id])} target="_blank" rel="opener">
              The whole plan, in a tab of its own
            </a>
          </p>
        </>
      ) : (
        <>
          <p>Planning every item; nothing is changed.</p>
          <ProgressBar job={job} />
        </>
      )}
      <ProblemBox error={error ?? live.error} />
      <footer class="dialog-foot">
        <Button onClick={onBack}>Back</Button>
        <Button kind={draft.kind === 'delete' ? 'danger' : 'main'} disabled={!planned || busy || counts.done === 0} onClick={onSubmit}>
          {planned ? `${WORD[draft.kind]} ${plural(counts.done, 'file')}` : 'Planning…'}
        </Button>
      </footer>
    </div>
  )
}

/** Some items of one state, with the reason of those that would not be done. */
function Sample({ job, state }: { readonly job: JobInfo; readonly state: ItemState }) {
  const api = useApi()
  const { value, error } = useLoaded(`${job.id} ${state}`, signal => loadItems(api, job.id, { states: [state], path: '' }, { from: 0, limit: SHOWN }, signal))
  const count = job.counts[state]
  return (
    <section class="sample" aria-label={ITEM_LOOKS[state].word}>
      <h3>
        <StateBadge look={ITEM_LOOKS[state]} /> {exactNumber(count)}{' '}
        <span class="muted small">{state === 'done' ? 'would go well' : ITEM_LOOKS[state].meaning}</span>
      </h3>
      <ProblemBox error={error} />
      {value === null && error === null && <Skeleton rows={2} />}
      <ul>
        {value?.rows.map(item => (
          <li key={item.seq}>
            <span class="path">{placeOf(item)}</span>
            {item.reason !== null && (
              <span class="small">
                {item.reason.message} <span class="code">{item.reason.code}</span>
              </span>
            )}
          </li>
        ))}
        {count > SHOWN && <li class="muted">and {exactNumber(count - SHOWN)} more</li>}
      </ul>
    </section>
  )
}

function placeOf({ source, destination }: ItemInfo): string {
  const from = `${source.collection}:${source.path}`
  return destination === null ? from : `${from} → ${destination.collection}:${destination.path}`
}
