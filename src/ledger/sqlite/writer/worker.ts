import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Database, translateSqliteError } from '../database.ts'
import { operations } from '../operations/index.ts'
import { Work } from '../../shared/work.ts'
import { lastEvent } from '../reads/jobs.ts'
import type { Tx } from '../operations/tx.ts'
import { toWire, type WriteReplies, type WriteReply, type WriteRequest } from './protocol.ts'

/**
 * The writer thread: the only connection of this process that writes. Whatever is waiting goes into one transaction (group commit), each operation in a
 * savepoint of its own, so that many small submits share one flush of the disk and one that is refused takes no other with it.
 */

/** A transaction takes no more operations after this long: waiting small ones would feel it. */
const BATCH_MS = 20
/** A turn goes on for so long while its job has more to do: each commit costs more than small work does, and fewer of them write pages fewer times. */
const TURN_MS = 10
/** And for so long while nobody else waits for anything: who comes then waits for no more than the chunk at hand, and the commit. */
const TURN_ALONE_MS = 40
/** A batch may always take this many: below it the flush would be most of the work. */
const SMALL_BATCH = 24

if (parentPort === null) throw new Error('the writer runs as a worker thread only')
const port = parentPort
const db = Database.openWriter((workerData as { file: string }).file)
/** What somebody waits for an answer to. */
const asked: WriteRequest[] = []
/** Turns of jobs: work that was acknowledged before, and can wait a little. */
const turns: WriteRequest[] = []
/** How many operations the batch before took of `asked`: about as many clients have their answers now, and will ask again. */
let answeredBefore = 0
/** When the last batch that answered anybody ended. */
let answeredAt = -Infinity
/** While clients ask, and for so long afterwards, they are in a hurry: whoever asked once asks again. */
const HURRY_MS = 100
/** The turns of a batch meanwhile: they go on all the same, but none begins after this long. */
const TURNS_BESIDE = 4
const TURNS_BESIDE_MS = 4

port.on('message', (message: readonly WriteRequest[] | 'close') => {
  if (message === 'close') {
    db.close()
    port.close()
    return
  }
  receive(message)
  while (asked.length + turns.length > 0) runBatch()
})
port.postMessage('ready')

/** Takes in what has arrived since, without waiting for it. */
function drainPort(): void {
  for (;;) {
    const more = receiveMessageOnPort(port)
    if (more === undefined) return
    if (more.message === 'close') {
      // answer what was asked before it, then close
      setImmediate(() => port.emit('message', 'close'))
      return
    }
    receive(more.message as WriteRequest[])
  }
}

function receive(requests: readonly WriteRequest[]): void {
  for (const request of requests) (request.name === 'takeTurn' ? turns : asked).push(request)
}

/** What one transaction has taken, and what came of it. */
interface Batch {
  readonly taken: WriteRequest[]
  readonly replies: WriteReply[]
  readonly jobs: Set<string>
  readonly work: Work
}

function runBatch(): void {
  const batch: Batch = { taken: [], replies: [], jobs: new Set(), work: new Work() }
  const beganAt = performance.now()
  let last: number
  try {
    db.begin()
    drainPort()
    const answered = takeAsked(batch)
    if (answered > 0 || performance.now() - answeredAt < HURRY_MS) takeTurnsBeside(batch)
    else takeTurnsAlone(batch)
    last = lastEvent(db)
    db.commit()
    answeredBefore = answered
    if (answered > 0) answeredAt = performance.now()
  } catch (error) {
    failBatch(error, batch.taken)
    return
  }
  const seconds = (performance.now() - beganAt) / 1000
  const work = { ...batch.work, seconds, operations: batch.taken.length }
  port.postMessage({ replies: batch.replies, jobs: [...batch.jobs], lastEvent: last, work } satisfies WriteReplies)
}

/** Half of all who are about: while they are written, the main thread answers the other half and hears what they want next. */
function takeAsked(batch: Batch): number {
  const most = Math.max(SMALL_BATCH, Math.ceil((answeredBefore + asked.length) / 2))
  const inTime = within(BATCH_MS)
  return take(batch, asked, count => count < most && inTime())
}

function takeTurnsBeside(batch: Batch): void {
  const inTime = within(TURNS_BESIDE_MS)
  take(
    batch,
    turns,
    count => count < TURNS_BESIDE && inTime(),
    () => within(TURNS_BESIDE_MS),
  )
}

function takeTurnsAlone(batch: Batch): void {
  const inTime = within(BATCH_MS)
  take(batch, turns, () => nobodyAsks() && inTime(), turnAlone)
}

function turnAlone(): () => boolean {
  const [beside, alone] = [within(TURN_MS), within(TURN_ALONE_MS)]
  return () => nobodyAsks() && (turns.length > 0 ? beside() : alone())
}

function nobodyAsks(): boolean {
  drainPort()
  return asked.length === 0
}

/** Whether fewer than so many milliseconds have passed since now. */
function within(ms: number): () => boolean {
  const end = performance.now() + ms
  return () => performance.now() < end
}

/** Runs operations of a line, at least one, as long as `more` (given how many there were) says so; each turn among them for as long as what `begin` gives it. Returns how many. */
function take(batch: Batch, line: WriteRequest[], more: (count: number) => boolean, begin: () => Tx['goesOn'] = () => () => false): number {
  let count = 0
  while (count === 0 || more(count)) {
    const request = line.shift()
    if (request === undefined) break
    batch.taken.push(request)
    batch.replies.push(runOne(request, batch, begin()))
    count += 1
    if (line.length === 0) drainPort()
  }
  return count
}

/** Nothing of the batch happened: everyone in it hears so. A batch that could not even begin refuses all who wait, rather than spin. */
function failBatch(error: unknown, taken: readonly WriteRequest[]): void {
  db.rollback()
  const wire = toWire(translateSqliteError(error))
  const refused = taken.length > 0 ? taken : [...asked.splice(0), ...turns.splice(0)]
  port.postMessage({ replies: refused.map(({ id }) => ({ id, error: wire })), jobs: [], lastEvent: 0, work: null } satisfies WriteReplies)
}

function runOne(request: WriteRequest, { jobs, work }: Batch, goesOn: Tx['goesOn']): WriteReply {
  const touched = new Set<string>()
  const tx: Tx = { db, now: request.now, actor: request.actor, jobs: touched, work: new Work(), goesOn }
  db.exec('SAVEPOINT operation')
  try {
    const operation = operations[request.name] as (tx: Tx, ...args: readonly unknown[]) => unknown
    const result = operation(tx, ...request.args)
    db.exec('RELEASE operation')
    for (const job of touched) jobs.add(job)
    work.add(tx.work)
    return { id: request.id, result }
  } catch (error) {
    // SQLite itself ends the whole transaction when, for one, the disk is full: then the batch is lost, not just this operation
    if (!db.inTransaction) throw error
    db.exec('ROLLBACK TO operation; RELEASE operation')
    return { id: request.id, error: toWire(translateSqliteError(error)) }
  }
}
