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

function runBatch(): void {
  const taken: WriteRequest[] = []
  const replies: WriteReply[] = []
  const jobs = new Set<string>()
  const work = new Work()
  const beganAt = performance.now()
  let last: number
  try {
    db.begin()
    drainPort()
    const until = performance.now() + BATCH_MS
    const take = (line: WriteRequest[], most: number, end: number, turnGoesOn: (beganAt: number) => boolean = () => false): number => {
      let count = 0
      while (count < most && (count === 0 || performance.now() < end)) {
        const request = line.shift()
        if (request === undefined) break
        taken.push(request)
        const begin = performance.now()
        replies.push(runOne(request, { jobs, work, goesOn: () => turnGoesOn(begin) }))
        count += 1
        if (line.length === 0) drainPort()
      }
      return count
    }
    // half of all who are about: while they are written, the main thread answers the other half and hears what they want next
    const answered = take(asked, Math.max(SMALL_BATCH, Math.ceil((answeredBefore + asked.length) / 2)), until)
    if (answered > 0 || performance.now() - answeredAt < HURRY_MS) take(turns, TURNS_BESIDE, performance.now() + TURNS_BESIDE_MS, goesOnBeside)
    else take(turns, Infinity, until, goesOnAlone)
    last = lastEvent(db)
    db.commit()
    answeredBefore = answered
    if (answered > 0) answeredAt = performance.now()
  } catch (error) {
    failBatch(error, taken)
    return
  }
  const seconds = (performance.now() - beganAt) / 1000
  port.postMessage({ replies, jobs: [...jobs], lastEvent: last, work: { ...work, seconds, operations: taken.length } } satisfies WriteReplies)
}

function goesOnBeside(beganAt: number): boolean {
  return performance.now() - beganAt < TURNS_BESIDE_MS
}

function goesOnAlone(beganAt: number): boolean {
  drainPort()
  return asked.length === 0 && performance.now() - beganAt < (turns.length === 0 ? TURN_ALONE_MS : TURN_MS)
}

/** Nothing of the batch happened: everyone in it hears so. A batch that could not even begin refuses all who wait, rather than spin. */
function failBatch(error: unknown, taken: readonly WriteRequest[]): void {
  db.rollback()
  const wire = toWire(translateSqliteError(error))
  const refused = taken.length > 0 ? taken : [...asked.splice(0), ...turns.splice(0)]
  port.postMessage({ replies: refused.map(({ id }) => ({ id, error: wire })), jobs: [], lastEvent: 0, work: null } satisfies WriteReplies)
}

function runOne(request: WriteRequest, { jobs, work, goesOn }: Pick<Tx, 'jobs' | 'work' | 'goesOn'>): WriteReply {
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
