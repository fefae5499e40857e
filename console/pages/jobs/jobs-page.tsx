import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { followEvents } from '../../api/events.ts'
import type { JobInfo, Page } from '../../api/types.ts'
import { link } from '../../lib/route.ts'
import { go } from '../../state/route.ts'
import { useSession } from '../../state/session.tsx'
import { useShortcuts } from '../../state/shortcuts.ts'
import { useLoaded } from '../../state/use-loaded.ts'
import { Button, Command, Empty, Skeleton } from '../../ui/bits.tsx'
import { LoadProblem } from '../../ui/load-problem.tsx'
import { ProblemBox } from '../../ui/problem.tsx'
import type { JobsQuery } from './job-filters.tsx'
import { filterOf, isFiltered, isNumber, JobFilters } from './job-filters.tsx'
import { JobRow } from './job-row.tsx'

const PAGE = 50
/** New jobs may come by the dozen: the list is asked for again no more often than this. */
const AGAIN_MS = 1_000
/** Without a stream the list is asked for so often. */
const ASK_MS = 5_000

/** `#/jobs`: is it working, and what failed. */
export function JobsPage({ query }: { readonly query: JobsQuery }) {
  const { api, answers } = useSession()
  const filter = filterOf(query)
  const key = JSON.stringify(filter)
  const {
    value: page,
    error,
    loading,
    reload,
    set,
  } = useLoaded(key, signal => api.get<Page<JobInfo>>('/v1/jobs', { ...filter, limit: PAGE }, signal), { keep: 'jobs' })
  const [more, setMore] = useState<unknown>(null)
  const shown = useRef(key)
  shown.current = key
  const renew = useRef(() => Promise.resolve())
  renew.current = async () => {
    const first = await api.get<Page<JobInfo>>('/v1/jobs', { ...filter, limit: PAGE })
    // another filter may have been chosen meanwhile
    if (shown.current === key) set(before => withNewest(before, first))
  }
  const lost = useLiveList(renew, set)
  const [active, setActive] = useState(-1)
  const jobs = page?.items ?? []
  const move = (to: number): void => {
    const next = Math.min(Math.max(0, to), jobs.length - 1)
    setActive(next)
    document.getElementById(`job-${next}`)?.focus()
  }
  useShortcuts({ j: () => move(active + 1), k: () => move(active - 1) })
  const loadMore = (): void => {
    const cursor = page?.nextCursor ?? undefined
    api.get<Page<JobInfo>>('/v1/jobs', { ...filter, limit: PAGE, cursor }).then(
      next => {
        setMore(null)
        set(before => ({ items: [...before.items, ...next.items], nextCursor: next.nextCursor }))
      },
      (reason: unknown) => setMore(reason),
    )
  }
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Jobs</h1>
          <p class="muted">A job is one request over any number of files; each file is an item with its own state.</p>
        </div>
      </div>
      <JobFilters query={query} />
      {isNumber(query['labelContains'] ?? '') && (
        <p class="note">
          Jobs with {query['labelContains']} in their label. <a href={link(['jobs', query['labelContains'] ?? ''])}>The job of that number</a>
        </p>
      )}
      {lost && answers && <p class="note">Connection lost; the list is asked for again every {ASK_MS / 1000} s.</p>}
      <LoadProblem error={error} known={page !== null} retry={reload} />
      {page === null && loading && <Skeleton />}
      {page !== null && jobs.length === 0 && <NoJobs filtered={isFiltered(query)} />}
      {jobs.length > 0 && (
        <div class="table-frame">
          <table class="jobs" aria-busy={loading}>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">Job</th>
                <th scope="col" class="wide-only">
                  Progress
                </th>
                <th scope="col" class="number wide-only">
                  Items
                </th>
                <th scope="col">Not done</th>
                <th scope="col" class="wide-only">
                  Submitted by
                </th>
                <th scope="col" class="wide-only">
                  Created
                </th>
              </tr>
            </thead>
            <tbody>
              {jobs.map((job, index) => (
                <JobRow key={job.id} job={job} index={index} onFocus={() => setActive(index)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <ProblemBox error={more} retry={loadMore} />
      {page?.nextCursor != null && <Button onClick={loadMore}>Show older jobs</Button>}
    </>
  )
}

/** The list with its first page as it is now; older pages that were asked for stay. */
function withNewest(before: Page<JobInfo>, first: Page<JobInfo>): Page<JobInfo> {
  const oldest = first.items.at(-1)
  if (before.items.length <= PAGE || oldest === undefined) return first
  const known = new Set(first.items.map(({ id }) => id))
  const older = before.items.filter(({ id, createdAt }) => !known.has(id) && createdAt <= oldest.createdAt)
  return { items: [...first.items, ...older], nextCursor: before.nextCursor }
}

/** Keeps the list as it is on the server; true while the line is down. */
function useLiveList(renew: { readonly current: () => Promise<void> }, set: (change: (page: Page<JobInfo>) => Page<JobInfo>) => void): boolean {
  const { api } = useSession()
  const [lost, setLost] = useState(false)
  const timer = useRef(0)
  const soon = useCallback(() => {
    if (timer.current !== 0) return
    timer.current = window.setTimeout(() => {
      timer.current = 0
      if (!document.hidden) renew.current().catch(() => setLost(true))
    }, AGAIN_MS)
  }, [renew])
  useEffect(() => {
    const controller = new AbortController()
    let open = false
    const listener = {
      opened: () => {
        if (!open) soon()
        open = true
        setLost(false)
      },
      lost: () => {
        open = false
        setLost(true)
      },
      event: ({ type, data }: { type: string; data: unknown }) => {
        if (type !== 'job.progress') soon()
        else set(page => ({ ...page, items: page.items.map(job => (job.id === (data as JobInfo).id ? (data as JobInfo) : job)) }))
      },
    }
    followEvents(api, '/v1/events', { items: 'false' }, listener, controller.signal).catch(() => setLost(true))
    const asking = setInterval(() => {
      if (!open) soon()
    }, ASK_MS)
    return () => {
      controller.abort()
      clearInterval(asking)
      clearTimeout(timer.current)
      timer.current = 0
    }
  }, [api, soon, set])
  return lost
}

function NoJobs({ filtered }: { readonly filtered: boolean }) {
  if (filtered) {
    return (
      <Empty title="No job fits these filters">
        <p>
          <a href={link(['jobs'])}>Show all jobs</a>
        </p>
      </Empty>
    )
  }
  return (
    <Empty title="No jobs yet">
      <p>Start one here, or from a shell:</p>
      <Command text="./waybill cp 'photos:2026/**' archive: --wait" />
      <Button kind="main" icon="plus" onClick={() => go(['jobs'], { new: 'copy' })}>
        New job
      </Button>
    </Empty>
  )
}
