import { randomUUID } from 'node:crypto'
import type { Http } from '../support/http.ts'
import type { Book } from './book.ts'
import { DESTINATIONS, INBOX, SOURCE } from './plan.ts'
import type { Random } from '../support/random.ts'

/** Clocks of one machine, and what an answer takes. */
const LATE_MS = 100
/** Looked at in one go. */
const SOME = 10

/** I8: an id is gone for good once its job has expired, and one that never was is unknown; CM-Well says the same of both. */
export async function expiredFaults(http: Http, book: Book, random: Random): Promise<string[]> {
  const faults: string[] = []
  const expect = async (path: string, statuses: readonly number[]): Promise<void> => {
    book.tally.count('I8')
    const { status, body } = await http.send('GET', path)
    if (!statuses.includes(status)) faults.push(`I8: ${path} is answered ${status}, not ${statuses.join(' or ')}: ${body.slice(0, 200)}`)
  }
  for (const { job, at } of some(book.expiring, random)) await expect(`/v1/jobs/${job}`, Date.now() > at + LATE_MS ? [410] : [200, 410])
  await expect(`/v1/jobs/${randomUUID()}`, [404])
  await expect('/v1/jobs/17', [404])
  await expect('/_track/bm9ib2R5Cg', [410])
  return faults
}

/** I9: who has no grant sees no job, no collection and no entry, and can have nothing copied. */
export async function strangerFaults(stranger: Http, book: Book, random: Random): Promise<string[]> {
  const faults: string[] = []
  const refused = async (method: string, path: string, body?: object): Promise<void> => {
    book.tally.count('I9')
    const text = body === undefined ? undefined : JSON.stringify(body)
    const { status, body: told } = await stranger.send(method, path, text, { 'content-type': 'application/json' })
    if (status !== 404) faults.push(`I9: ${method} ${path} by a stranger is answered ${status}: ${told.slice(0, 200)}`)
  }
  for (const { job } of some(book.sent, random)) if (job !== null) for (const what of ['', '/items']) await refused('GET', `/v1/jobs/${job}${what}`)
  for (const collection of [SOURCE, INBOX, ...DESTINATIONS]) await refused('GET', `/v1/collections/${collection}`)
  for (const path of some([...book.files.keys()], random)) await refused('GET', `/v1/collections/${SOURCE}/entries/${path}`)
  const [from, to] = [SOURCE, DESTINATIONS[0]].map(collection => ({ collection, path: 'top-00.bin' }))
  await refused('POST', '/v1/jobs', { kind: 'copy', items: [{ source: from, destination: to }] })
  book.tally.count('I9')
  const { items } = await stranger.json<{ items: unknown[] }>('GET', '/v1/jobs')
  if (items.length > 0) faults.push(`I9: a stranger's list of jobs is ${JSON.stringify(items[0])}`)
  return faults
}

function some<T>(things: readonly T[], random: Random): T[] {
  return things.length === 0 ? [] : Array.from({ length: SOME }, () => random.pick(things))
}
