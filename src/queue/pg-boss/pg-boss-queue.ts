import { PgBoss } from 'pg-boss'
import { WaybillError } from '../../model/errors.ts'
import type { Queue, RunSql, TurnLimits, TurnResult, Wake, WakeSender } from '../../ports/queue.ts'
import { TurnDealer } from '../turn-dealer.ts'
import { complaint } from './complaint.ts'
import { Hand, type Held } from './hand.ts'
import { inOrder, makeLines, nextShareRow, SHARES, turnRow, TURNS, type LineName, type WakeData } from './lines.ts'
import { rest } from './rest.ts'
import { Settling } from './settling.ts'

/** Beside the ledger's schema: pg-boss migrates its own. */
const SCHEMA = 'waybill_queue'
const CONNECTIONS = 3
/** Statements of the queue take milliseconds. One without an answer for so long went over a connection that is cut somewhere, and nobody has told us. */
const ANSWER_MS = 30_000
const KEEP_ALIVE_MS = 10_000
/** Jobs that a node has in hand at once; between these its turns are dealt. */
const MOST_IN_HAND = 256
/** And of one tenant: then those of the others are next, however many wait. */
const MOST_OF_A_TENANT = 64
/** How long a wake-up from another node may wait, in milliseconds: own ones are looked for at once. */
const LOOK_EVERY_MS = 500
/** After what failed, the line is not asked in a hurry. */
const AFTER_ERROR_MS = 1_000
/** A turn that failed is tried again so much later: what is wrong takes its time to be mended, and each try is a line in the log. */
const AFTER_FAILURE_SECONDS = 5
/** The rows of a tenant who has all it may are walked over by each claim: then claims are no closer than this. */
const CROWDED_MS = 100
/** Two and more heartbeats fit into what a node may be silent. */
const TOUCH_EVERY_MS = 3_000
/** A job that a node ends sooner by itself is not worth sharing; of one that takes longer, one node more is invited with each heartbeat. */
const INVITE_AFTER_MS = 2_000
/** A job that others wait for stays in a full hand no longer than this. */
const MAKE_ROOM_AFTER_MS = 5_000
/** How often pg-boss looks for the dead and removes what is done, in seconds. */
const SUPERVISE_SECONDS = 5
const CLEAN_SECONDS = 60

/** What a queue of nodes is made of. */
export interface PgBossQueueParts {
  /** The database of the ledger. */
  readonly url: string
  readonly onError: (error: unknown, what: string) => void
  /** A connection that does not answer for longer is given up, in milliseconds (default: 30 s). */
  readonly answerMs?: number
}

/**
 * Wake-ups shared by all nodes of a database, in two lines of pg-boss. The ledger sends them in its transactions. A node claims some, has their jobs in hand
 * and deals turns between them until they rest; its heartbeat holds the claims. A job that takes long is offered to one node more.
 * The ledger alone says what is to be done: a wake-up that comes twice finds nothing.
 */
export class PgBossQueue implements Queue, WakeSender {
  readonly #boss: PgBoss
  readonly #onError: PgBossQueueParts['onError']
  readonly #hand = new Hand()
  readonly #settling: Settling
  readonly #dealer: TurnDealer
  readonly #stopped = new AbortController()
  #nudge = new AbortController()
  #loops: Promise<void>[] = []
  #stopping: Promise<void> | null = null

  private constructor(boss: PgBoss, onError: PgBossQueueParts['onError']) {
    this.#boss = boss
    this.#onError = onError
    this.#settling = new Settling(boss, onError)
    this.#dealer = new TurnDealer({
      onError: (error, job) => onError(error, job),
      onRest: (job, failed) => this.#rested(job, failed),
    })
  }

  /** Connects, and makes the tables where they are missing. Throws `unavailable` when the database does not answer. */
  static async open({ url, onError, answerMs = ANSWER_MS }: PgBossQueueParts): Promise<PgBossQueue> {
    // pg-boss hands on to its pool what it does not know itself
    const connection = { keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS, query_timeout: answerMs }
    const boss = new PgBoss({
      ...connection,
      connectionString: url,
      schema: SCHEMA,
      application_name: 'waybill queue',
      max: CONNECTIONS,
      schedule: false,
      superviseIntervalSeconds: SUPERVISE_SECONDS,
      monitorIntervalSeconds: SUPERVISE_SECONDS,
      maintenanceIntervalSeconds: CLEAN_SECONDS,
    })
    boss.on('error', error => onError(complaint(error), 'queue'))
    try {
      await boss.start()
      await makeLines(boss)
    } catch (error) {
      await boss.stop({ graceful: false })
      throw new WaybillError('unavailable', 'the queue in the database cannot be used', {}, { cause: error })
    }
    return new PgBossQueue(boss, onError)
  }

  async sendWithin(run: RunSql, wakes: readonly Wake[]): Promise<void> {
    const rows = inOrder(wakes.map(wake => turnRow(wake)))
    await this.#boss.insert(TURNS, rows, { db: { executeSql: (text, values = []) => run(text, values) } })
  }

  wake(wake: Wake): void {
    this.#settling.send(TURNS, turnRow(wake))
    this.look()
  }

  look(): void {
    this.#nudge.abort()
  }

  inHand(): number {
    return this.#dealer.inHand()
  }

  work(handler: (job: string) => Promise<TurnResult>, limits: TurnLimits): void {
    this.#dealer.work(handler, limits)
    this.#loops = [this.#claimAll(), this.#touchAll()]
  }

  /** Ends the running turns, and puts what is not done back into the line, for the other nodes. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#stopped.abort()
    this.look()
    await Promise.all([...this.#loops, this.#dealer.stop()])
    for (const job of this.#hand.jobs()) this.#settle(this.#hand.release(job), 'again')
    await this.#settling.close()
    await this.#boss.stop({ graceful: false })
  }

  /** Offers each job that takes long to one node more, also in the middle of a turn; rows that wait already are not doubled. */
  #invite(): void {
    for (const { data } of this.#hand.heldSince(performance.now() - INVITE_AFTER_MS)) {
      const row = nextShareRow(data)
      if (row !== null) this.#settling.send(SHARES, row)
    }
  }

  #rested(job: string, failed: boolean): void {
    const held = this.#hand.release(job)
    this.#settle(held, failed ? 'later' : held?.handBack === true ? 'again' : 'done')
  }

  #settle(held: Held | undefined, how: 'done' | 'again' | 'later'): void {
    if (held === undefined) return
    this.#settling.settle(held.claims, how === 'done' ? null : turnRow(held.data, how === 'later' ? AFTER_FAILURE_SECONDS : 0))
  }

  async #claimAll(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.#nudge = new AbortController()
      let wait = LOOK_EVERY_MS
      try {
        if (await this.#claim()) wait = 0
      } catch (error) {
        this.#onError(error, 'queue')
        wait = AFTER_ERROR_MS
      }
      if (this.#hand.tenantsWith(MOST_OF_A_TENANT).length > 0) await rest(CROWDED_MS, this.#stopped.signal)
      await rest(wait, this.#nudge.signal)
    }
  }

  /** True when the line gave as much as was asked of it: then there may be more. */
  async #claim(): Promise<boolean> {
    this.#makeRoom()
    const room = Math.min(MOST_IN_HAND - this.#hand.size, MOST_OF_A_TENANT)
    if (room <= 0) return false
    const turns = await this.#fetch(TURNS, room, this.#hand.tenantsWith(MOST_OF_A_TENANT))
    if (turns === room) return true
    return (await this.#fetch(SHARES, room - turns, this.#hand.jobs())) === room - turns
  }

  async #fetch(line: LineName, batchSize: number, ignoreGroups: string[]): Promise<number> {
    const rows = await this.#boss.fetch<WakeData>(line, { batchSize, ignoreGroups })
    const now = performance.now()
    for (const { id, retryCount, data } of rows) {
      this.#hand.take({ line, id, retryCount, data }, now)
      this.#dealer.wake(data)
    }
    return rows.length
  }

  /** In a full hand the jobs that are there longest make room for those that wait. */
  #makeRoom(): void {
    if (this.#hand.size < MOST_IN_HAND) return
    for (const held of this.#hand.heldSince(performance.now() - MAKE_ROOM_AFTER_MS)) {
      held.handBack = true
      this.#dealer.withdraw(held.data)
    }
  }

  async #touchAll(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await rest(TOUCH_EVERY_MS, this.#stopped.signal)
      try {
        await this.#touch(TURNS)
        await this.#touch(SHARES)
        this.#invite()
      } catch (error) {
        this.#onError(error, 'heartbeat of the queue')
      }
    }
  }

  /** The heartbeat. What another node was given meanwhile is not worked on any longer. */
  async #touch(line: LineName): Promise<void> {
    const claims = this.#hand.claims().filter(claim => claim.line === line)
    if (claims.length === 0) return
    const { settled } = (await this.#boss.touch(line, claims)) as { settled: readonly string[] | null } // which its types leave out
    const kept = new Set(settled ?? [])
    const lost = new Set(claims.map(({ id }) => id).filter(id => !kept.has(id)))
    for (const data of this.#hand.lose(line, lost)) this.#dealer.withdraw(data)
  }
}
