import { CATALOGUE } from '../../model/errors.ts'
import type { JobEvent } from '../../model/event.ts'
import type { Item, ItemEnd, Reason } from '../../model/item.ts'

/** An end that the reader may not know of: nothing but that there is one. The path stands for the other end's. */
function hidden(path: string): ItemEnd {
  return { collection: '', path, entityId: null, version: null, revision: null }
}

/**
 * Hides, from a reader with a grant on one end of a job's items only, what lies at the other (I9): its collection, path, ids and the sentences that name them.
 * `sees` tells whether the reader has any grant on a collection; it is asked once for each.
 */
export async function* masked(pages: AsyncIterable<readonly Item[]>, sees: (collection: string) => Promise<boolean>): AsyncGenerator<readonly Item[]> {
  const known = new Map<string, boolean>()
  const visible = async (end: ItemEnd | null): Promise<boolean> => {
    if (end === null) return true
    const before = known.get(end.collection)
    if (before !== undefined) return before
    const now = await sees(end.collection)
    known.set(end.collection, now)
    return now
  }
  for await (const page of pages) {
    const shown: Item[] = []
    for (const item of page) shown.push(maskItem(item, await visible(item.source), await visible(item.destination)))
    yield shown
  }
}

function maskItem(item: Item, seesSource: boolean, seesDestination: boolean): Item {
  const { source, destination, reason } = item
  // an item without a destination may still tell of the one it was to have
  if (destination === null && reason?.end === 'destination') return { ...item, reason: generally(reason) }
  if ((seesSource && seesDestination) || destination === null) return item
  return {
    ...item,
    source: seesSource ? source : hidden(destination.path),
    destination: seesDestination ? destination : hidden(source.path),
    reason: reason === null ? null : generally(reason),
  }
}

/** A reason without the sentence that names things. */
function generally({ code }: Reason): Reason {
  return { code, message: `${CATALOGUE[code].title}.` }
}

/** Where an item's event says that it is, or was to go. */
type EventEnd = Pick<ItemEnd, 'collection' | 'path'>

/** The ends that an event names; none for what is told of a job as a whole. */
export function endsOf(data: JobEvent['data']): EventEnd[] {
  return [data['source'], data['destination']].filter(end => end !== undefined && end !== null) as EventEnd[]
}

/** What an item's event tells a reader who may know of ends only where `sees` says so; of a job's, all. A sentence stays where all that it can name may be known. */
export function maskEvent(data: JobEvent['data'], sees: (collection: string) => boolean): JobEvent['data'] {
  const reason = data['reason'] as Reason | undefined
  if (reason === undefined) return data
  const source = data['source'] as EventEnd | undefined
  const destination = (data['destination'] ?? null) as EventEnd | null
  if (source === undefined) return { ...data, reason: generally(reason) }
  const ends = [source, destination]
  // '' stands for an end of which nobody is told anything
  const known = ends.filter(end => end !== null && (end.collection === '' || sees(end.collection)))
  const namesUntold = destination === null && reason.end === 'destination'
  if (known.length === endsOf(data).length && !namesUntold) return data
  const shown = (end: EventEnd | null): EventEnd | null => (end === null || known.includes(end) ? end : { collection: '', path: known[0]?.path ?? '' })
  return { ...data, source: shown(source), destination: shown(destination), reason: generally(reason) }
}
