import { useEffect } from 'preact/hooks'
import { link } from '../../lib/route.ts'
import { announce } from '../../state/announce.ts'
import { mayWrite, useSession } from '../../state/session.tsx'
import type { LiveJob } from '../../state/use-live-job.ts'
import { useLiveJob } from '../../state/use-live-job.ts'
import { useNow } from '../../state/use-now.ts'
import { relative } from '../../lib/format.ts'
import { Skeleton, When } from '../../ui/bits.tsx'
import { Icon } from '../../ui/icons.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { jobLook, StateBadge } from '../../ui/state.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Webhooks } from '../webhooks/webhooks.tsx'
import { ItemsView } from './items-view.tsx'
import { JobActions } from './job-actions.tsx'
import { JobEvents } from './job-events.tsx'
import { JobFacts } from './job-facts.tsx'
import { JobProgress } from './job-progress.tsx'
import { jobTitle } from './job-title.ts'

const TABS = [
  { key: '', name: 'Items' },
  { key: 'events', name: 'Events' },
  { key: 'webhooks', name: 'Webhooks' },
  { key: 'facts', name: 'Details' },
] as const

/** `#/jobs/{id}`: how far, how long yet, what failed and why. */
export function JobPage({ id, query }: { readonly id: string; readonly query: Readonly<Record<string, string>> }) {
  const live = useLiveJob(id)
  const { who } = useSession()
  const { job } = live
  const word = job === null ? '' : jobLook(job).word
  useEffect(() => {
    if (word !== '') announce(`The job is now: ${word}`)
  }, [word])
  useEffect(() => {
    if (job === null) return
    document.title = `${jobTitle(job)} – Waybill`
    return () => {
      document.title = 'Waybill'
    }
  }, [job])
  const tab = query['tab'] ?? ''
  return (
    <>
      <nav class="crumbs" aria-label="Where you are">
        <a href={link(['jobs'])}>Jobs</a>
        <Icon name="right" />
        <span>{job === null ? id : job.number}</span>
      </nav>
      {job === null && live.error === null && <Skeleton />}
      {job === null && <LoadProblem error={live.error} known={false} retry={live.reload} />}
      {job !== null && (
        <>
          <div class="page-head">
            <div class="job-head">
              <h1>{jobTitle(job)}</h1>
              <StateBadge look={jobLook(job)} />
              {job.dryRun && (
                <span class="badge tone-calm" title="Every item is planned and nothing is changed">
                  Dry run
                </span>
              )}
              <LineWord live={live} />
            </div>
            <JobActions job={job} onTold={live.tell} />
          </div>
          <p class="muted job-line">
            A {job.kind} by {job.submittedBy}, submitted <When at={job.createdAt} />
            {job.finishedAt !== null && (
              <>
                , finished <When at={job.finishedAt} />
              </>
            )}
          </p>
          <JobProgress job={job} samples={live.samples} />
          <Tabs label="Parts of the job" panel="job-part" tabs={TABS} tab={tab} opens="item">
            {tab === '' && <ItemsView job={job} query={query} />}
            {tab === 'events' && <JobEvents job={job} withItems={query['items'] === 'true'} />}
            {tab === 'webhooks' && <Webhooks target={{ job: job.id }} writable={mayWrite(who.scopes)} />}
            {tab === 'facts' && <JobFacts job={job} />}
          </Tabs>
        </>
      )}
    </>
  )
}

/** Whether what is seen is how it is now. */
function LineWord({ live }: { readonly live: LiveJob }) {
  const now = useNow(live.line === 'lost' ? 1000 : 0)
  if (live.line === 'over') return null
  if (live.line === 'lost') {
    return (
      <span class="badge tone-bad" role="status">
        <Icon name="offline" />
        Connection lost; last known {relative(live.knownAt, Math.max(now, live.knownAt))}
      </span>
    )
  }
  return <span class="muted small">{live.line === 'live' ? 'Live' : 'Asked for every 2 s'}</span>
}
