import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import type { Actor } from '../../../model/audit.ts'
import { WaybillError } from '../../../model/errors.ts'
import { EVENT_TYPES } from '../../../model/event.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { CommittedWork } from '../../../ports/observed-ledger.ts'
import type { Wake, WakeSender } from '../../../ports/queue.ts'
import type { Row } from '../../shared/row.ts'
import { Work } from '../../shared/work.ts'
import type { PendingEvent, Tx } from '../operations/tx.ts'
import { faultOf, isDuplicate, translateFault } from './faults.ts'
import { ConnectionQueries, type Queries } from './queries.ts'

/** How long a call goes on trying while the database does not answer: a restart or a failover takes some seconds. By the real time, as all waits here. */
export const PATIENCE_MS = 30_000
/** How often a transaction is begun anew because of others; the later attempts have their collections for themselves. */
const MOST_ATTEMPTS = 12
/** What is there already on the third attempt, when nobody else writes there, is a duplicate in earnest. */
const MOST_DUPLICATES = 4
/** The first wait before trying again; the next ones double, up to a second. */
const FIRST_WAIT_MS = 20

/** What a commit changed: told when it is certain. */
export interface Committed {
  readonly jobs: readonly string[]
  readonly lastEvent: number
  readonly work: Work
  /** When the transaction began, by `performance.now()`. */
  readonly beganAt: number
}

/** What a transaction leaves behind, by which it is found again (migrations/0007-commit-marks.ts). */
interface Mark {
  readonly at: number
  readonly id: string
}

/** The commit was sent and its answer lost. */
class OutcomeUnknown extends Error {
  readonly mark: Mark
  readonly result: unknown
  readonly committed: Committed

  constructor(cause: unknown, mark: Mark, result: unknown, committed: Committed) {
    super('the answer to a commit was lost', { cause })
    this.mark = mark
    this.result = result
    this.committed = committed
  }
}

/** Runs operations. */
export interface Writes {
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

/**
 * Runs operations, each as one transaction. READ COMMITTED, with locks (operations/tx.ts): every statement sees what was committed before it. What others
 * spoil, and what is lost with a connection before its commit, is done anew; where the answer to a commit was lost, the database is asked what became of it.
 */
export class Transactions implements Writes {
  readonly #pool: Pool
  readonly #clock: Clock
  readonly #node: string
  readonly #onCommit: (committed: Committed) => void
  /** Sends the wake-ups of each transaction within it. */
  wakeSender: WakeSender | null = null
  /** Hears what each transaction did. */
  onWork: ((work: CommittedWork) => void) | null = null
  #closed = false

  constructor(pool: Pool, clock: Clock, node: string, onCommit: (committed: Committed) => void) {
    this.#pool = pool
    this.#clock = clock
    this.#node = node
    this.#onCommit = onCommit
  }

  /** Runs an operation. Throws what it throws, and `unavailable` when the database stays away. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#write(null, work)
  }

  /** Operations that are recorded in the name of an actor. */
  by(actor: Actor): Writes {
    return { write: work => this.#write(actor, work) }
  }

  async #write<T>(actor: Actor | null, work: (tx: Tx) => Promise<T>): Promise<T> {
    const retries = new Retries()
    for (let attempt = 0; ; attempt++) {
      if (this.#closed) throw closedError()
      const tx = new Transaction({ actor, now: this.#clock.now(), node: this.#node, attempt, careful: retries.careful })
      try {
        return await this.#once(tx, work)
      } catch (error) {
        if (error instanceof OutcomeUnknown) {
          if (await this.#wasCommitted(error.mark)) {
            this.#tell(error.committed)
            return error.result as T
          }
          await retries.next(error.cause, false)
          continue
        }
        await retries.next(error, tx.wantsCare)
      }
    }
  }

  async #once<T>(tx: Transaction, work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    let sent: OutcomeUnknown | null = null
    const beganAt = performance.now()
    try {
      await client.query('BEGIN')
      tx.db = new ConnectionQueries(client)
      const result = await work(tx)
      if (tx.wakes.size > 0) await this.wakeSender?.sendWithin((text, values) => client.query(text, values), [...tx.wakes.values()])
      const { mark, committed } = await endOf(tx, beganAt)
      if (mark !== null) sent = new OutcomeUnknown(undefined, mark, result, committed)
      const { command } = await client.query('COMMIT')
      if (command !== 'COMMIT') throw new Error(`a failed statement was not noticed: the transaction ended with ${command}`)
      client.release()
      this.#tell(committed)
      return result
    } catch (error) {
      await abandon(client, error)
      if (sent !== null && faultOf(error) === 'lost') throw new OutcomeUnknown(error, sent.mark, sent.result, sent.committed)
      throw error
    }
  }

  #tell(committed: Committed): void {
    this.#onCommit(committed)
    const { items, finished, takeovers } = committed.work
    this.onWork?.({ seconds: (performance.now() - committed.beganAt) / 1000, operations: 1, items, finished, takeovers })
  }

  /** Asks what became of a transaction, and waits for one that still goes on. Throws `unavailable` when that does not become certain. */
  async #wasCommitted({ at, id }: Mark): Promise<boolean> {
    const retries = new Retries(uncertain)
    for (;;) {
      try {
        return (await this.#pool.query<{ undone: boolean }>(TAKE_MARK, [at, id])).rows[0]?.undone === false
      } catch (error) {
        if (this.#closed) throw uncertain(error)
        await retries.next(error, false)
      }
    }
  }

  /**
   * Removes old marks, at most `batch`; returns how many. By itself, and not as the end of a transaction that leaves a mark: of an idle server, which has nothing
   * else to purge, they would never come to an end. Throws `unavailable`.
   */
  async purgeMarks(batch: number): Promise<number> {
    if (this.#closed) throw closedError()
    try {
      return (await this.#pool.query(PURGE_MARKS, [batch])).rowCount ?? 0
    } catch (error) {
      throw translateFault(error)
    }
  }

  /** Refuses what is asked from now on. */
  close(): void {
    this.#closed = true
  }
}

/** Answers false when the transaction left its mark; else it never can any more. Asked again it answers the same. */
const TAKE_MARK = `INSERT INTO commit_mark (at, id, undone) VALUES ($1, $2, true)
  ON CONFLICT (at, id) DO UPDATE SET undone = commit_mark.undone RETURNING undone`

/** Marks of commits are asked for within two minutes, if at all. The time in a query of its own: it is asked once, and the index knows where to end. */
export const PURGE_MARKS = `DELETE FROM commit_mark WHERE (at, id) IN (SELECT at, id FROM commit_mark
  WHERE at < (SELECT (extract(epoch FROM clock_timestamp() - interval '10 minutes') * 1000)::bigint) ORDER BY at LIMIT $1 FOR UPDATE SKIP LOCKED)`

function uncertain(cause: unknown): WaybillError {
  const detail = 'the database was lost while it committed, and does not tell what became of it; look before you try again'
  return new WaybillError('unavailable', detail, { retryAfterSeconds: 5 }, { cause })
}

export function closedError(): WaybillError {
  return new WaybillError('unavailable', 'the ledger is closed')
}

/** Decides after an error whether to try again, and waits until then. */
export class Retries {
  readonly #until = performance.now() + PATIENCE_MS
  readonly #translate: (error: unknown) => unknown
  #attempts = 1
  #waitMs = FIRST_WAIT_MS
  careful = false

  constructor(translate: (error: unknown) => unknown = translateFault) {
    this.#translate = translate
  }

  /** Returns when it is time to try again. Throws what there is to say instead. `wantsCare`: an error of the operation's own makes it careful, once. */
  async next(error: unknown, wantsCare: boolean): Promise<void> {
    const fault = faultOf(error)
    const most = fault === 'lost' ? Infinity : isDuplicate(error) ? MOST_DUPLICATES : MOST_ATTEMPTS
    if (fault !== 'other' && this.#attempts < most && performance.now() < this.#until) {
      if (fault === 'again') this.#attempts += 1
      // some are spread out, so that those who met do not meet again
      await pause(this.#waitMs * (0.5 + Math.random() / 2))
      this.#waitMs = Math.min(this.#waitMs * 2, 1000)
      return
    }
    if (fault === 'other' && wantsCare && !this.careful && !(error instanceof WaybillError)) {
      this.careful = true
      return
    }
    throw this.#translate(error)
  }
}

class Transaction implements Tx {
  readonly now: number
  readonly actor: Actor | null
  readonly node: string
  readonly attempt: number
  readonly careful: boolean
  readonly jobs = new Set<string>()
  readonly events: PendingEvent[] = []
  readonly work = new Work()
  readonly wakes = new Map<string, Wake>()
  readonly kept = new Map<string, Promise<Row[]>>()
  #db: Queries | null = null
  #savepoints = 0
  wantsCare = false

  constructor({ now, actor, node, attempt, careful }: Pick<Tx, 'now' | 'actor' | 'node' | 'attempt' | 'careful'>) {
    this.now = now
    this.actor = actor
    this.node = node
    this.attempt = attempt
    this.careful = careful
  }

  get db(): Queries {
    if (this.#db === null) throw new Error('the transaction has not begun')
    return this.#db
  }

  set db(queries: Queries) {
    this.#db = queries
  }

  mayBeCareful(): void {
    this.wantsCare = true
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    const name = `s${++this.#savepoints}`
    const events = this.events.length
    await this.db.run(`SAVEPOINT ${name}`)
    try {
      const result = await work()
      await this.db.run(`RELEASE ${name}`)
      return result
    } catch (error) {
      if (faultOf(error) !== 'other') throw error // the whole transaction is to be done anew
      await this.db.run(`ROLLBACK TO ${name}`)
      await this.db.run(`RELEASE ${name}`)
      this.events.length = events
      throw error
    } finally {
      this.#savepoints -= 1
    }
  }
}

const END = 'SELECT marked_at, last_event FROM end_transaction(:jobs::bigint[], :types::smallint[], :data::text[], :now, :mark::uuid)'

async function endOf(tx: Transaction, beganAt: number): Promise<{ mark: Mark | null; committed: Committed }> {
  const id = randomUUID()
  const { events } = tx
  const row = await tx.db.get(END, {
    jobs: events.map(({ job }) => job),
    types: events.map(({ type }) => EVENT_TYPES.indexOf(type)),
    data: events.map(({ data }) => data),
    now: tx.now,
    mark: id,
  })
  const at = row?.['marked_at'] as number | null
  return {
    mark: at === null ? null : { at, id },
    committed: { jobs: [...tx.jobs], lastEvent: (row?.['last_event'] as number | null) ?? 0, work: tx.work, beganAt },
  }
}

/** Undoes what a transaction did and gives its connection back; one that is lost, or does not even roll back, is closed. */
async function abandon(client: PoolClient, error: unknown): Promise<void> {
  if (faultOf(error) === 'lost') {
    client.release(true)
    return
  }
  try {
    await client.query('ROLLBACK')
    client.release()
  } catch (cause) {
    client.release(cause instanceof Error ? cause : true)
  }
}
