import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { jobPath } from '../api/api.ts'
import { followEvents } from '../api/events.ts'
import type { JobInfo } from '../api/types.ts'
import { settledOf } from '../api/types.ts'
import type { Sample } from '../lib/rate.ts'
import { withSample } from '../lib/rate.ts'
import { useSession } from './session.tsx'
import { useLoaded } from './use-loaded.ts'

/** How the page knows what it shows: from the stream, by asking now and then, not at all just now, or for good (the job is finished). */
export type Line = 'live' | 'asking' | 'lost' | 'over'

export interface LiveJob {
  readonly job: JobInfo | null
  readonly error: unknown
  readonly line: Line
  /** When the server last told of the job, epoch milliseconds. */
  readonly knownAt: number
  readonly samples: readonly Sample[]
  /** Takes the job as an answer to an action told it. */
  tell(job: JobInfo): void
  reload(): void
}

/** How often the job is asked for while there is no stream. */
const ASK_MS = 2_000

/** A job as it is, followed while it is not finished: by its events, and while they do not come by asking. */
export function useLiveJob(id: string): LiveJob {
  const { api, answers, answeredAt } = useSession()
  const [line, setLine] = useState<Line>('asking')
  const [knownAt, setKnownAt] = useState(() => Date.now())
  const [samples, setSamples] = useState<readonly Sample[]>([])
  const { value: job, error, set, reload } = useLoaded(id, signal => api.get<JobInfo>(jobPath(id), undefined, signal), { keep: 'job' })
  const first = useRef('')

  const tell = useCallback(
    (next: JobInfo) => {
      const at = Date.now()
      set(() => next)
      setKnownAt(at)
      setSamples(before => withSample(before, { at, settled: settledOf(next) }))
      if (next.state === 'finished') setLine('over')
    },
    [set],
  )
  const ask = useCallback(async (signal?: AbortSignal) => tell(await api.get<JobInfo>(jobPath(id), undefined, signal)), [api, id, tell])

  // the first answer is a sample, too
  useEffect(() => {
    if (job === null || first.current === id) return
    first.current = id
    setSamples([{ at: Date.now(), settled: settledOf(job) }])
    setKnownAt(answers ? Date.now() : answeredAt)
    // only what is true at the first answer
  }, [job, id])

  const followed = job !== null && job.state !== 'finished'
  useEffect(() => {
    if (!followed) return
    const controller = new AbortController()
    let open = false
    const askAgain = (): void => {
      ask(controller.signal).then(
        () => setLine(before => (open ? 'live' : before === 'over' ? before : 'asking')),
        () => {
          if (!controller.signal.aborted) setLine('lost')
        },
      )
    }
    const timer = setInterval(() => {
      if (!open) askAgain()
    }, ASK_MS)
    const listener = {
      opened: () => {
        open = true
        setLine('live')
        askAgain() // what happened before the stream began
      },
      lost: () => {
        open = false
        askAgain()
      },
      event: ({ type, data }: { type: string; data: unknown }) => {
        if (type === 'job.progress') tell(data as JobInfo)
        else askAgain()
      },
    }
    followEvents(api, `${jobPath(id)}/events`, { live: 'true', items: 'false' }, listener, controller.signal).then(
      () => {
        open = false
        askAgain()
      },
      () => {
        open = false
      },
    )
    return () => {
      clearInterval(timer)
      controller.abort()
    }
  }, [api, id, followed, ask, tell])

  return { job, error, line: job?.state === 'finished' ? 'over' : line, knownAt, samples, tell, reload }
}
