import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Http } from '../support/http.ts'
import type { Book, Sent, Update } from './book.ts'
import { cancelErrand, pauseErrand } from './errands/control.ts'
import { isGone } from './errands/desk.ts'
import { goOn, type Errand } from './errands/errand.ts'
import { collectionErrand, filesErrand, refusedErrand } from './errands/files.ts'
import { projectErrand } from './errands/project.ts'
import { INBOX, makePlan } from './plan.ts'
import type { Random } from '../support/random.ts'
import { sha256 } from '../support/sha256.ts'
import { makeUpdate } from './update-plan.ts'

const SUBMITTERS = 4
const UPLOADERS = 2
const UPDATERS = 2
const ERRANDS = 3
/** Items asked for in one life of the server: enough to keep it busy, few enough to check every one of them. */
const ITEMS_A_LIFE = 4_000

/** Sends requests from several actors at once until the server is gone, the life's items are used up or `stop` aborts. */
export async function load(http: Http, book: Book, random: Random, stop: AbortSignal): Promise<void> {
  let left = ITEMS_A_LIFE
  const submitter = async (): Promise<void> => {
    while (!stop.aborted && left > 0) {
      const plan = makePlan(random, book.sent.length, book.files)
      left -= plan.copies.length
      const sent = book.send(plan)
      if (!(plan.key !== null && random.chance(0.1) ? await twice(http, book, sent) : await once(http, book, sent))) return
      await sleep(random.between(0, 10))
    }
  }
  const updater = async (actor: number): Promise<void> => {
    while (!stop.aborted && left > 0) {
      const update = book.update(makeUpdate(random, book.updates.length, actor))
      left -= update.plan.writes.length
      if (!(await sendUpdate(http, book, update))) return
      await sleep(random.between(0, 10))
    }
  }
  const uploader = async (): Promise<void> => {
    while (!stop.aborted && (await upload(http, book, random))) await sleep(random.between(0, 20))
  }
  const runner = async (): Promise<void> => {
    while (!stop.aborted) {
      const one = newErrand(book, random)
      book.errands.push(one)
      if (!(await goOn(one, http, book, stop))) return
      await sleep(random.between(0, 10))
    }
  }
  const updaters = Array.from({ length: UPDATERS }, (_, actor) => updater(actor))
  await Promise.all([
    ...Array.from({ length: SUBMITTERS }, submitter),
    ...updaters,
    ...Array.from({ length: UPLOADERS }, uploader),
    ...Array.from({ length: ERRANDS }, runner),
  ])
}

function newErrand(book: Book, random: Random): Errand {
  const n = book.errands.length
  switch (random.between(0, 9)) {
    case 0:
    case 1:
    case 2:
      return projectErrand(n, random, book.expiring)
    case 3:
      return cancelErrand(n, random)
    case 4:
      return pauseErrand(n, random)
    case 5:
    case 6:
      return collectionErrand(n, random)
    case 7:
      return refusedErrand(n, random)
    default:
      return filesErrand(n, random)
  }
}

/** Sends a request and notes its answer. False: no answer came, the server is gone. */
export async function once(http: Http, book: Book, sent: Sent): Promise<boolean> {
  const answer = await answerOf(http, book, sent)
  if (answer === null) return false
  if (answer.status === 200 || answer.status === 202) book.acknowledge(sent, jobOf(sent, answer))
  // it had begun to arrive at a node that died: nobody can end it, and after a minute its job is dropped
  else if (answer.status === 409 && book.mayBeAway && sent.answerLost) sent.state = 'gone'
  else book.faults.push(`I1: ${sent.plan.label ?? 'an Apollo copy'} was answered ${answer.status}: ${answer.body.slice(0, 300)}`)
  return true
}

/** The same key from two connections at once: one job, or a 409 for the one that came while the other was still arriving. */
async function twice(http: Http, book: Book, sent: Sent): Promise<boolean> {
  const answers = await Promise.all([answerOf(http, book, sent), answerOf(http, book, sent)])
  for (const answer of answers) {
    if (answer?.status === 200 || answer?.status === 202) book.acknowledge(sent, jobOf(sent, answer))
    else if (answer !== null && answer.status !== 409)
      book.faults.push(`I5: ${sent.plan.label} sent twice was answered ${answer.status}: ${answer.body.slice(0, 300)}`)
  }
  return answers.every(answer => answer !== null)
}

/** The answer, or null when the connection broke: whoever waits for an answer of a killed server gets none. */
async function answerOf(http: Http, book: Book, sent: Sent): Promise<Answer | null> {
  const { plan } = sent
  const headers = plan.key === null ? plan.headers : { ...plan.headers, 'idempotency-key': plan.key }
  const answer = unlessAway(book, await http.send('POST', plan.path, plan.body, headers).catch(unlessGone))
  if (answer === null) sent.answerLost = true
  return answer
}

function unlessGone(error: unknown): null {
  if (isGone(error)) return null
  throw error
}

/** Null for the answer of a server that cannot reach its ledger: nobody knows what it has done by then. */
function unlessAway({ mayBeAway }: Book, answer: Answer | null): Answer | null {
  return answer?.status === 503 && mayBeAway ? null : answer
}

function jobOf({ plan }: Sent, answer: Answer): string {
  const body = JSON.parse(answer.body) as { id: string; data: { CorrelationId: string } }
  return plan.dialect === 'apollo' ? body.data.CorrelationId : body.id
}

/** Sends a tracked update and notes its id. False: no answer came; it must not be sent again, for it may have been taken. */
async function sendUpdate(http: Http, book: Book, update: Update): Promise<boolean> {
  const { value, body } = update.plan
  const answer = unlessAway(book, await http.send('POST', '/_in?format=ntriples&tracking', body).catch(unlessGone))
  if (answer === null) return false
  const id = answer.headers['x-cm-well-tracking']
  if (answer.status === 200 && typeof id === 'string') Object.assign(update, { state: 'acknowledged', id })
  else book.faults.push(`I1: the update ${value} was answered ${answer.status}: ${answer.body.slice(0, 300)}`)
  return true
}

/** Uploads a file of up to 400 kB, so in one write or in two; a kill in its middle must leave nothing of it. */
async function upload(http: Http, book: Book, random: Random): Promise<boolean> {
  const bytes = Buffer.alloc(random.between(0, 400_000), random.bytes(1000))
  const entry = { path: `upload-${book.uploads.length}.bin`, sha256: sha256(bytes), acknowledged: false, checked: false }
  book.uploads.push(entry)
  const sending = http.send('PUT', `/v1/collections/${INBOX}/entries/${entry.path}`, bytes, { 'content-type': 'application/octet-stream' })
  const answer = unlessAway(book, await sending.catch(unlessGone))
  if (answer === null) return false
  if (answer.status === 201) entry.acknowledged = true
  else book.faults.push(`I4: the upload of ${entry.path} was answered ${answer.status}: ${answer.body.slice(0, 300)}`)
  return true
}
