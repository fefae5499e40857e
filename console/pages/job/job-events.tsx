import { useEffect, useState } from 'preact/hooks'
import { jobPath } from '../../api/api.ts'
import type { LiveEvent } from '../../api/events.ts'
import { followEvents } from '../../api/events.ts'
import type { ItemInfo, JobInfo } from '../../api/types.ts'
import { plural } from '../../lib/format.ts'
import { useApi } from '../../state/session.tsx'
import { Empty, When } from '../../ui/bits.tsx'
import { ProblemBox } from '../../ui/problem.tsx'

/** A job of a million failures has as many events: so many are shown, the rest is in the items. */
const MOST = 200
/** They come by the hundred: drawn together. */
const DRAW_MS = 50

interface Told {
  readonly at: string
  readonly total?: number
  readonly outcome?: string
  readonly seq?: number
  readonly source?: ItemInfo['source']
  readonly reason?: ItemInfo['reason']
}

/** The events of a job from its first, as they are stored, and then as they come. */
export function JobEvents({ job }: { readonly job: JobInfo }) {
  const api = useApi()
  const [events, setEvents] = useState<readonly LiveEvent[]>([])
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    const controller = new AbortController()
    const found: LiveEvent[] = []
    let drawing = 0
    setEvents([])
    const listener = {
      opened: () => undefined,
      lost: () => undefined,
      event: (event: LiveEvent) => {
        if (event.id === null) return
        found.push(event)
        drawing ||= window.setTimeout(() => {
          drawing = 0
          setEvents([...found])
        }, DRAW_MS)
        if (found.length >= MOST) controller.abort()
      },
    }
    followEvents(api, `${jobPath(job.id)}/events`, {}, listener, controller.signal).catch(setError)
    return () => {
      clearTimeout(drawing)
      controller.abort()
    }
  }, [api, job.id])
  return (
    <div class="card">
      <ProblemBox error={error} />
      {events.length === 0 && error === null && <Empty title="No events yet" />}
      <ol class="events">
        {events.map(event => (
          <li key={event.id}>
            <span class="event-type">{event.type}</span>
            <span class="event-words">{wordsOf(event)}</span>
            <span class="muted small nowrap">
              <When at={(event.data as Told).at} />
            </span>
          </li>
        ))}
      </ol>
      {events.length >= MOST && <p class="note">These are the first {MOST} events. Items that failed are all in the list of items.</p>}
    </div>
  )
}

function wordsOf({ data }: LiveEvent): string {
  const told = data as Told
  if (told.outcome !== undefined) return `finished: ${told.outcome}`
  if (told.total !== undefined) return `${plural(told.total, 'item')} found`
  if (told.source !== undefined) return `${told.source.collection}:${told.source.path} – ${told.reason?.message ?? ''}`
  return ''
}
