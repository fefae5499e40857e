import { setTimeout as pause } from 'node:timers/promises'
import { escapeLiteral, type Client } from 'pg'
import type { CommitNotice } from '../../../ports/ledger.ts'
import type { NodeDescription } from '../../../ports/system-ledger.ts'
import { faultOf } from './faults.ts'
import { createClient, ended, SCHEMA } from './pools.ts'
import type { Committed } from './transactions.ts'

const CHANNEL = 'waybill_commits'
/** Commits come by the hundred a second: what they changed goes out together, this long after the first. */
const GATHER_MS = 20
/** A message of PostgreSQL's holds 8,000 bytes. */
const JOBS_A_MESSAGE = 180
/** How often a node says that it is alive, and finds out whether its listening connection is. */
const ALIVE_EVERY_MS = 10_000
const CONNECT_AGAIN_MS = 1_000
/** A connection that is silent for longer is cut somewhere on its way. */
const ANSWER_MS = 15_000

const LISTEN = `SET search_path = ${SCHEMA}; SET statement_timeout = '10s'; LISTEN ${CHANNEL}`
/** In a transaction of its own, that waits for no flush: PostgreSQL lets transactions with messages commit one after the other only. */
function notify(message: Message): string {
  return `BEGIN; SET LOCAL synchronous_commit = off; NOTIFY ${CHANNEL}, ${escapeLiteral(JSON.stringify(message))}; COMMIT`
}

const ALIVE = `INSERT INTO node (id, host, pid, version, started_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE
  SET seen_at = clock_timestamp(), host = excluded.host, pid = excluded.pid, version = excluded.version, started_at = excluded.started_at`

interface Message {
  readonly node: string
  readonly jobs: readonly string[]
  readonly lastEvent: number
}

/**
 * What commits changed, told to listeners in this process at once and to the other nodes by LISTEN and NOTIFY, on a connection of its own. A message that is
 * lost (a node that ends between its commit and its message, a connection that breaks) delays what others see, no more: whoever waits looks again by itself.
 */
export class Notices {
  readonly #url: string
  readonly #node: string
  readonly #listeners = new Set<(notice: CommitNotice) => void>()
  readonly #outbox = new Set<string>()
  #lastEvent = 0
  #client: Client | null = null
  #presence: Promise<void> | null = null
  #described: NodeDescription | null = null
  #running: Promise<void> | null = null
  #sending: Promise<void> | null = null
  #asked: Promise<boolean> = Promise.resolve(false)
  readonly #stopped = new AbortController()

  constructor(url: string, node: string) {
    this.#url = url
    this.#node = node
  }

  /** Tells of a commit of this process. */
  committed({ jobs, lastEvent }: Committed): void {
    if (jobs.length === 0) return
    for (const listener of this.#listeners) listener({ jobs, lastEvent })
    for (const job of jobs) this.#outbox.add(job)
    this.#lastEvent = Math.max(this.#lastEvent, lastEvent)
    this.#sending ??= this.#send()
  }

  onCommit(listener: (notice: CommitNotice) => void): () => void {
    this.#listeners.add(listener)
    this.#running ??= this.#run()
    return () => this.#listeners.delete(listener)
  }

  /** From now on the other nodes can tell that this one is alive. */
  bePresent(): Promise<void> {
    this.#running ??= this.#run()
    this.#presence ??= this.#becomePresent()
    return this.#presence
  }

  /** The same, and they can tell what it is. */
  async announce(node: NodeDescription): Promise<void> {
    this.#described = node
    this.#presence = null
    await this.bePresent()
  }

  async #becomePresent(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      if (await this.#sayAlive()) return
      await this.#rest(GATHER_MS)
    }
  }

  #sayAlive(): Promise<boolean> {
    const { host, pid, version, startedAt } = this.#described ?? {}
    return this.#ask(ALIVE, [this.#node, host, pid, version, startedAt])
  }

  async #send(): Promise<void> {
    await this.#rest(GATHER_MS)
    this.#sending = null
    await this.#flush()
  }

  async #flush(): Promise<void> {
    const jobs = [...this.#outbox]
    this.#outbox.clear()
    for (let at = 0; at < jobs.length; at += JOBS_A_MESSAGE) {
      const message: Message = { node: this.#node, jobs: jobs.slice(at, at + JOBS_A_MESSAGE), lastEvent: this.#lastEvent }
      await this.#ask(notify(message))
    }
  }

  /** Runs one statement after the other. False without a connection, or when it broke. */
  #ask(sql: string, values?: unknown[]): Promise<boolean> {
    this.#asked = this.#asked.then(() => this.#askNow(sql, values))
    return this.#asked
  }

  async #askNow(sql: string, values?: unknown[]): Promise<boolean> {
    const client = this.#client
    if (client === null) return false
    try {
      await client.query(sql, values)
      return true
    } catch (error) {
      // of a broken connection #run hears, too
      if (faultOf(error) === 'other') process.emitWarning(`a message of the ledger to other nodes was not sent: ${String(error)}`)
      return false
    }
  }

  /** Keeps a connection that listens, until the end. */
  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const client = createClient(this.#url, ANSWER_MS)
      const broken = new Promise<void>(resolve => {
        client.on('error', () => resolve())
        client.on('end', () => resolve())
      })
      client.on('notification', ({ payload }) => this.#hear(payload ?? ''))
      try {
        await client.connect()
        await client.query(LISTEN)
        this.#client = client
        await this.#keep(broken)
      } catch (error) {
        if (faultOf(error) === 'other') process.emitWarning(`the ledger cannot listen for other nodes: ${String(error)}`)
      }
      this.#client = null
      await endQuietly(client)
      if (!this.#stopped.signal.aborted) await this.#rest(CONNECT_AGAIN_MS)
    }
  }

  async #keep(broken: Promise<void>): Promise<void> {
    const lost = broken.then(() => true)
    for (;;) {
      const alive = await (this.#presence === null ? this.#ask('SELECT 1') : this.#sayAlive())
      if (!alive) return
      if (await Promise.race([lost, this.#rest(ALIVE_EVERY_MS).then(() => false)])) return
      if (this.#stopped.signal.aborted) return
    }
  }

  #hear(payload: string): void {
    const message = messageOf(payload)
    if (message === null || message.node === this.#node) return
    const { jobs, lastEvent } = message
    for (const listener of this.#listeners) listener({ jobs, lastEvent })
  }

  #rest(ms: number): Promise<void> {
    return pause(ms, undefined, { signal: this.#stopped.signal, ref: false }).catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) throw error
    })
  }

  /** Sends what is still to be told, says goodbye and ends the connection. */
  async close(): Promise<void> {
    await this.#flush()
    if (this.#presence !== null) await this.#ask('DELETE FROM node WHERE id = $1', [this.#node])
    this.#stopped.abort()
    await this.#running
  }
}

/** Null for what is not one of ours: others may use the database, too. */
function messageOf(payload: string): Message | null {
  try {
    return JSON.parse(payload) as Message
  } catch (error) {
    process.emitWarning(`a message to the nodes of the ledger is none: ${String(error)}`)
    return null
  }
}

async function endQuietly(client: Client): Promise<void> {
  try {
    ;(client as Client & { unref(): void }).unref() // which its types leave out
    await ended(client.end())
  } catch (error) {
    if (faultOf(error) !== 'lost') throw error
  }
}
