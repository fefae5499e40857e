import { setTimeout as sleep } from 'node:timers/promises'
import { ITEM_STATES } from '../../src/model/item.ts'
import type { Http } from '../support/http.ts'
import type { Book, Sent } from './book.ts'
import { goOn, isOver } from './errands/errand.ts'
import { expiredFaults, strangerFaults } from './keeping-out.ts'
import { all, pages } from './pages.ts'
import { DESTINATIONS, INBOX, SOURCE, type Plan } from './plan.ts'
import type { Random } from '../support/random.ts'
import { updateFaults } from './update-invariants.ts'
import { once } from './workload.ts'
import { sha256 } from '../support/sha256.ts'

/** A server that has not finished what it was given after so long has lost a wake-up. */
const DRAIN_MS = 60_000
/** So many entries of a collection are read back, picked by chance; on the disk every blob is looked at. */
const MOST_READ = 20
const READ = 0.02

interface ItemSeen {
  readonly seq: number
  readonly source: { readonly collection: string; readonly path: string }
  readonly destination: { readonly collection: string; readonly path: string; readonly version: number | null }
  readonly state: string
}

interface JobSeen {
  readonly id: string
  readonly state: string
  readonly label: string | null
  readonly dialect: string
  readonly counts: Readonly<Record<string, number | boolean>>
}

/** Everything that must hold over HTTP once a restarted server has done what it was given. Sends lost requests with a key again first, and ends what was begun. */
export async function serverFaults(http: Http, stranger: Http, book: Book, random: Random): Promise<string[]> {
  const open = book.errands.filter(errand => !isOver(errand))
  const ended = await Promise.all(open.map(errand => goOn(errand, http, book)))
  if (ended.includes(false)) throw Object.assign(new Error('the server is gone'), { code: 'ECONNRESET' })
  for (const sent of book.sent) if (sent.state === 'lost' && sent.plan.key !== null) await once(http, book, sent)
  await drained(http)
  const listing = Date.now()
  const { updates = [], others = [] } = Object.groupBy(await newJobs(http, book), ({ dialect }) => (dialect === 'cmwell' ? 'updates' : 'others'))
  const faults = [...(await jobFaults(http, book, others)), ...(await updateFaults(http, book, updates))]
  book.listedAt = listing // not before: a server that dies meanwhile leaves jobs that nobody has looked at
  faults.push(...(await keyFaults(http, book, random)), ...(await uploadFaults(http, book)))
  for (const collection of DESTINATIONS) faults.push(...(await entryFaults(http, book, random, collection)))
  faults.push(...(await expiredFaults(http, book, random)), ...(await strangerFaults(stranger, book, random)))
  faults.push(...book.errands.flatMap(errand => errand.faults.splice(0)))
  return [...book.faults.splice(0), ...faults]
}

async function drained(http: Http): Promise<void> {
  const end = Date.now() + DRAIN_MS
  for (const state of ['submitted', 'resolving', 'running']) {
    for (;;) {
      const { items } = await http.json<{ items: JobSeen[] }>('GET', `/v1/jobs?state=${state}&limit=1`)
      if (items.length === 0) break
      if (Date.now() > end) throw new Error(`I2: still unfinished after ${DRAIN_MS / 1000} s: ${JSON.stringify(items[0])}`)
      await sleep(20)
    }
  }
}

/** Every request has its one job, every job its one request, and every item its one planned end. */
async function jobFaults(http: Http, book: Book, jobs: readonly JobSeen[]): Promise<string[]> {
  const faults: string[] = []
  const known = new Map(book.sent.filter(sent => sent.job !== null).map(sent => [sent.job, sent]))
  for (const job of jobs) {
    const items = await all<ItemSeen>(http, `/v1/jobs/${job.id}/items?`)
    const sent = known.get(job.id) ?? book.sent.find(one => one.state === 'lost' && isJobOf(job, items, one.plan))
    if (sent === undefined) {
      faults.push(`I5: the job ${job.id} (${job.label ?? job.dialect}) belongs to no request, or is the second of one`)
      continue
    }
    book.acknowledge(sent, job.id)
    faults.push(...itemFaults(job, items, sent.plan), ...(await apolloFaults(http, sent)))
    for (const rule of ['I1', 'I3'] as const) book.tally.count(rule)
    book.tally.count('I2', items.length)
    sent.verified = true
    book.copied(sent.plan)
  }
  for (const sent of book.sent) {
    if (sent.state === 'lost') sent.state = 'gone'
    if (sent.state === 'acknowledged' && !sent.verified) faults.push(`I1: the acknowledged job ${sent.job} is not listed`)
  }
  return faults
}

/** The jobs that were not verified before; errands look after their own. */
async function newJobs(http: Http, book: Book): Promise<JobSeen[]> {
  const old = new Set([...book.sent, ...book.updates].filter(({ verified }) => verified).map(({ job }) => job))
  const found = await all<JobSeen>(http, `/v1/jobs?since=${new Date(book.listedAt).toISOString()}&`)
  return found.filter(job => !old.has(job.id) && !isErrands(job))
}

function isErrands({ dialect, label }: JobSeen): boolean {
  return dialect === 'sevenbridges' || label?.includes('errand') === true
}

/** Whether a job could be what became of a request without an answer: by its label, or for Apollo, which has none, by its items. */
function isJobOf(job: JobSeen, items: readonly ItemSeen[], plan: Plan): boolean {
  if (plan.label !== null) return plan.label === job.label
  return job.dialect === 'apollo' && job.label === null && itemFaults(job, items, plan).length === 0
}

function itemFaults(job: JobSeen, items: readonly ItemSeen[], plan: Plan): string[] {
  const { counts } = job
  const faults: string[] = []
  for (const state of ITEM_STATES) {
    const planned = plan.copies.filter(copy => copy.ends === state).length
    if (counts[state] !== planned) faults.push(`I3: job ${job.id} counts ${String(counts[state])} ${state}, planned were ${planned}`)
  }
  if (job.state !== 'finished' || counts['total'] !== plan.copies.length || items.length !== plan.copies.length) {
    faults.push(`I1: job ${job.id} is ${job.state} with ${items.length} of ${plan.copies.length} items`)
  }
  const wrong = plan.copies.findIndex((copy, n) => {
    const item = items[n]
    const fits =
      item?.seq === n &&
      item.source.collection === SOURCE &&
      item.source.path === copy.source &&
      item.destination.collection === copy.collection &&
      item.destination.path === copy.path
    return !fits || item.state !== copy.ends || (item.state === 'done') !== (item.destination.version !== null)
  })
  if (wrong >= 0) faults.push(`I2: job ${job.id}, item ${wrong} is ${JSON.stringify(items[wrong])}, planned was ${JSON.stringify(plan.copies[wrong])}`)
  return faults
}

/** An Apollo job's track answer counts what its collection is concerned with, and every copy of it succeeded. */
async function apolloFaults(http: Http, { plan, job }: Sent): Promise<string[]> {
  if (plan.dialect !== 'apollo') return []
  const { data } = await http.json<{ data: { Summary: Record<string, string>; Detail: unknown[] } }>('GET', `/apollo/files/track/${job}`, undefined, {
    ercollectionid: SOURCE,
  })
  const n = String(plan.copies.length)
  const good =
    data.Summary['FilesRequestedToBeCopied'] === n && data.Summary['Succeeded'] === n && data.Summary['Failed'] === '0' && String(data.Detail.length) === n
  return good ? [] : [`I1: Apollo tracks job ${job} as ${JSON.stringify(data.Summary)} with ${data.Detail.length} details, planned were ${n}`]
}

/** I5: a key used before answers the same job again, and refuses another body. */
async function keyFaults(http: Http, book: Book, random: Random): Promise<string[]> {
  const keyed = book.sent.filter(sent => sent.plan.key !== null && sent.job !== null)
  for (let n = 0; n < Math.min(5, keyed.length); n++) await once(http, book, random.pick(keyed))
  if (keyed.length === 0) return []
  const { plan } = random.pick(keyed)
  const other =
    plan.headers['content-type'] === 'application/json' ? plan.body.replace('"kind":"copy"', '"kind":"copy","dryRun":true') : plan.body.replace('/', '/x')
  book.tally.count('I5')
  const answer = await http.send('POST', plan.path, other, { ...plan.headers, 'idempotency-key': String(plan.key) })
  return answer.status === 422 ? [] : [`I5: the key of ${plan.label} with another body was answered ${answer.status}: ${answer.body.slice(0, 200)}`]
}

/** I4: an upload is there whole, or, where no answer came, perhaps not at all. */
async function uploadFaults(http: Http, book: Book): Promise<string[]> {
  const faults: string[] = []
  for (const upload of book.uploads) {
    if (upload.checked) continue
    upload.checked = true
    const answer = await http.send('GET', `/v1/collections/${INBOX}/entries/${upload.path}`)
    if (answer.status === 404 && !upload.acknowledged) continue
    book.tally.count('I4')
    if (answer.status !== 200 || sha256(answer.bytes) !== upload.sha256)
      faults.push(`I4: the upload ${upload.path} answers ${answer.status} with ${answer.bytes.length} bytes that are not those sent`)
  }
  return faults
}

/** I6 and I4: each destination has as many versions as copies were applied to it, and the bytes of one of their sources. The bytes of some are read back. */
async function entryFaults(http: Http, book: Book, random: Random, collection: string): Promise<string[]> {
  const faults: string[] = []
  let toRead = MOST_READ
  const left = new Set([...book.expected.keys()].filter(place => place.startsWith(`${collection}/`)))
  for await (const page of pages<{ path: string; version: number; digest: string }>(http, `/v1/collections/${collection}/entries?`)) {
    for (const entry of page) {
      const place = `${collection}/${entry.path}`
      const expected = book.expected.get(place)
      left.delete(place)
      if (entry.version !== expected?.versions) faults.push(`I6: ${place} has ${entry.version} versions, ${expected?.versions ?? 0} copies were applied to it`)
      const digest = hexDigest(entry.digest)
      if (expected?.digests.has(digest) === false) faults.push(`I4: ${place} has the digest ${digest}, which none of its sources has`)
      book.tally.count('I6')
      if (toRead === 0 || !random.chance(READ)) continue
      toRead -= 1
      book.tally.count('I4')
      const answer = await http.send('GET', `/v1/collections/${collection}/entries/${entry.path}`)
      if (answer.status !== 200 || sha256(answer.bytes) !== digest) faults.push(`I4: ${place} answers ${answer.status} with bytes that do not have its digest`)
    }
  }
  for (const place of left) faults.push(`I6: ${place} is missing, ${book.expected.get(place)?.versions} copies were applied to it`)
  return faults
}

/** SHA-256 in hex, whichever way it is written: hex, or as in Repr-Digest (RFC 9530), base64 between colons. */
function hexDigest(text: string): string {
  const base64 = /^(?:sha-256=)?:(.+):$/.exec(text)?.[1]
  return base64 === undefined ? text.replace(/^sha-?256[:=]/, '') : Buffer.from(base64, 'base64').toString('hex')
}
