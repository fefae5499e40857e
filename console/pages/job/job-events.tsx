import { useEffect, useState } from 'preact/hooks'
import { jobPath } from '../../api/api.ts'
import type { LiveEvent } from '../../api/events.ts'
import { followEvents } from '../../api/events.ts'
import type { ItemInfo, JobInfo } from '../../api/types.ts'
import { plural } from '../../lib/format.ts'
import { goWith } from '../../state/route.ts'
import { useApi } from '../../state/session.tsx'
import { Empty, When } from '../../ui/bits.tsx'
import { ProblemBox } from '../../ui/problem.tsx'

/** So many are shown: a job of a million failures has as many events, and its items are where to look for them. */
const MOST = 200
/** They come by the hundred: drawn together. */
const DRAW_MS = 50

interface Told {
  readonly at: string
  readonly kind?: string
  readonly label?: string | null
  readonly total?: number
  readonly outcome?: string
  readonly seq?: number
  readonly source?: ItemInfo['source']
  readonly reason?: ItemInfo['reason']
}

/** The events of a job from its first, as they are stored, and then as they come; those of single items where they are wished. */
export function JobEvents({ job, withItems }: { readonly job: JobInfo; readonly withItems: boolean }) {
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
    followEvents(api, `${jobPath(job.id)}/events`, { items: String(withItems) }, listener, controller.signal).catch(setError)
    return () => {
      clearTimeout(drawing)
      controller.abort()
    }
  }, [api, job.id, withItems])
  return (
    <div class="card">
      <label class="check">
        <input type="checkbox" checked={withItems} onChange={event => goWith({ items: event.currentTarget.checked ? 'true' : undefined })} />
        <span>Also each item that failed or was evicted</span>
      </label>
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
  if (told.kind !== undefined) return `${told.kind}${told.label == null ? '' : `: ${told.label}`}`
  if (told.total !== undefined) return `${plural(told.total, 'item')} found`
  if (told.source !== undefined) return `${told.source.collection}:${told.source.path} – ${told.reason?.message ?? ''}`
  return ''
}
