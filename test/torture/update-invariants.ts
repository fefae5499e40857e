import { decodeTrackingId } from '../../src/http/cmwell/track/tracking-id.ts'
import type { Http } from '../support/http.ts'
import type { Book, Update } from './book.ts'
import { all, pages } from './pages.ts'
import { DOMAIN, valuesOf } from './update-plan.ts'

/** A job of an update, as far as it is looked at. */
interface JobSeen {
  readonly id: string
  readonly state: string
}

/**
 * What must hold of tracked updates once a restarted server has done what it was given: every acknowledged id answers and tells what was planned (I1, I2), each
 * job is that of one update (I5), and each infoton has as many versions as updates wrote it, with the value of each, those of one sender in its order (I6).
 */
export async function updateFaults(http: Http, book: Book, jobs: readonly JobSeen[]): Promise<string[]> {
  const faults: string[] = []
  for (const job of jobs) {
    const update = book.updates.find(one => jobOf(one) === job.id) ?? (await lostUpdate(http, book, job))
    if (update === undefined) faults.push(`I5: the job ${job.id} belongs to no update, or is the second of one`)
    else {
      update.state = 'acknowledged'
      update.job = job.id
      if (!update.verified) book.applied(update)
      update.verified = true
      book.tally.count('I1')
      book.tally.count('I2', update.plan.writes.length)
    }
  }
  for (const update of book.updates) {
    if (update.state === 'lost') update.state = 'gone'
    if (update.state === 'acknowledged' && !update.verified) faults.push(`I1: the acknowledged update ${update.plan.value} has no job`)
    if (update.id !== null) faults.push(...(await trackFaults(http, update, update.id)))
  }
  faults.push(...(await infotonFaults(http, book)))
  return faults
}

/** The job that an id stands for: the first part of its actor. */
function jobOf({ id, job }: Update): string | null {
  if (id === null) return job
  const hex = decodeTrackingId(id)?.actorId.slice(0, 32) ?? ''
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The update without an answer whose job this is: told by the path that is its own. */
async function lostUpdate(http: Http, book: Book, job: JobSeen): Promise<Update | undefined> {
  const items = await all<{ readonly source: { readonly path: string } }>(http, `/v1/jobs/${job.id}/items?`)
  const paths = items.map(({ source }) => source.path).toSorted()
  return book.updates.find(
    ({ state, plan: { writes } }) =>
      state === 'lost' &&
      writes.length === paths.length &&
      writes
        .map(({ path }) => path)
        .toSorted()
        .every((path, n) => path === paths[n]),
  )
}

async function trackFaults(http: Http, { plan }: Update, id: string): Promise<string[]> {
  const answer = await http.send('GET', `/_track/${id}`)
  const told = `I1: the update ${plan.value} is tracked with ${answer.status}`
  if (answer.status !== 200 || answer.headers['x-cm-well-tracking'] !== 'Done') return [`${told}: ${answer.body.slice(0, 300)}`]
  const lines = new Set(answer.body.split('\n').filter(line => line !== ''))
  const wrong = plan.writes.find(({ path, ends }) => {
    const start = `<http://${DOMAIN}/${path}> <cmwell://meta/nn#trackingStatus> `
    return ends === 'Done' ? !lines.has(`${start}"Done" .`) : ![...lines].some(line => line.startsWith(`${start}"Evicted(expected:`))
  })
  if (lines.size === plan.writes.length && wrong === undefined) return []
  return [`${told} and ${lines.size} of ${plan.writes.length} lines; wrong is ${JSON.stringify(wrong)}`]
}

async function infotonFaults(http: Http, book: Book): Promise<string[]> {
  if (book.values.size === 0) return []
  const faults: string[] = []
  const left = new Set(book.values.keys())
  for await (const page of pages<{ path: string; version: number; fields: Record<string, unknown> }>(http, `/v1/collections/${DOMAIN}/entries?kind=object&`)) {
    for (const { path, version, fields } of page) {
      left.delete(path)
      book.tally.count('I6')
      const values = valuesOf(fields)
      const expected = book.values.get(path) ?? []
      if (version !== expected.length) faults.push(`I6: ${path} has ${version} versions, ${expected.length} updates were applied to it`)
      if (values.toSorted().join() !== expected.toSorted().join())
        faults.push(`I6: ${path} has the values ${values.join()}, updates gave it ${expected.join()}`)
      if (!inOrder(values)) faults.push(`I6: ${path} has the values ${values.join()}, which came in another order`)
    }
  }
  for (const path of left) faults.push(`I6: ${path} is missing, ${book.values.get(path)?.length} updates were applied to it`)
  return faults
}

/** Values are `actor-number`, and numbers only grow. */
function inOrder(values: readonly string[]): boolean {
  const last = new Map<string, number>()
  return values.every(value => {
    const [actor = '', number = ''] = value.split('-')
    const grows = Number(number) > (last.get(actor) ?? -1)
    last.set(actor, Number(number))
    return grows
  })
}
