import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { CREATE_WORK_TABLES } from '../work-tables.ts'

/** The schema of all our tables, so that the database may hold other things, too. */
export const SCHEMA = 'waybill'

/**
 * Connections of one node, at most: 6 that write, 5 that read, 10 for reports and one for walks, one that listens; and 3 of its queue. Three nodes stay below
 * PostgreSQL's usual limit of 100. A transaction takes milliseconds: more connections than processors of the database make nothing faster.
 */
const WRITERS = 6
const READERS = 5
export const SNAPSHOTS = 10

const SECOND_MS = 1000

/** Numbers of 64 bits as JavaScript's: ours stay below 2^53. */
const BIGINT = 20
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') =>
    oid === BIGINT && format !== 'binary' ? Number : (pg.types.getTypeParser(oid, format) as unknown)) as typeof pg.types.getTypeParser,
}

function baseOptions(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'waybill',
    connectionTimeoutMillis: 10 * SECOND_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10 * SECOND_MS,
    types,
  }
}

/** A connection of its own. With `answerMs` it is given up when a statement takes longer. */
export function createClient(url: string, answerMs?: number): pg.Client {
  return new pg.Client({ ...baseOptions(url), ...(answerMs === undefined ? {} : { query_timeout: answerMs }) })
}

/** Longer than the server lets a statement run: no answer by then means that the connection is cut, and nobody has told us. */
const ANSWER_MS = 75 * SECOND_MS

function createPool(url: string, max: number, setUp: string, answerMs?: number): pg.Pool {
  const pool = new pg.Pool({
    ...baseOptions(url),
    ...(answerMs === undefined ? {} : { query_timeout: answerMs }),
    max,
    allowExitOnIdle: true, // see `ended`
    idleTimeoutMillis: 30 * SECOND_MS,
    onConnect: client => {
      // a connection that breaks while it is not asked anything tells so only here; whoever uses it next hears of it again
      client.on('error', () => undefined)
      return client.query(setUp) as unknown as void
    },
  })
  // the same of one that lies idle: the pool has let it go by then
  pool.on('error', () => undefined)
  return pool
}

/** A server says at once that it has heard a goodbye. */
const GOODBYE_MS = 5 * SECOND_MS

/**
 * Waits for an end of connections that are not asked anything, but not for that of one that is cut somewhere on its way: there nobody answers. A process does not
 * stay for it, either.
 */
export async function ended(ending: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  const waiting = pause(GOODBYE_MS, undefined, { signal: over.signal }).catch((error: unknown) => {
    if (!over.signal.aborted) throw error
  })
  try {
    await Promise.race([ending, waiting])
  } finally {
    over.abort()
  }
}

const LOOK_AGAIN_MS = 10

/** Ends a pool once all that it was asked is answered, or given up. */
export async function endPool(pool: pg.Pool): Promise<void> {
  while (pool.waitingCount > 0 || pool.totalCount > pool.idleCount) await pause(LOOK_AGAIN_MS)
  await ended(pool.end())
}

const COMMON = `SET search_path = ${SCHEMA}; SET jit = off; SET default_transaction_isolation = 'read committed'; SET client_min_messages = warning`

/**
 * What writes. Every statement over items is made for nested loops over an index, from some thousand rows at most; with the others switched off no plan
 * depends on how old the statistics are. A node that stops in the middle of a transaction (SIGSTOP, a cut cable) must not hold its locks for longer than it
 * could hold a lease. What was answered is on the disk, also where the server's own setting is weaker.
 */
export function createWriters(url: string): pg.Pool {
  return createPool(
    url,
    WRITERS,
    `${COMMON}; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET enable_bitmapscan = off;
     SET statement_timeout = '60s'; SET lock_timeout = '20s'; SET idle_in_transaction_session_timeout = '15s';
     SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
     ${CREATE_WORK_TABLES}`,
    ANSWER_MS,
  )
}

/** What reads, a statement or a few at a time. */
export function createReaders(url: string): pg.Pool {
  return createPool(url, READERS, `${COMMON}; SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'`, ANSWER_MS)
}

/** Reports, which a slow reader may leave open for a while, and one walk over whole tables, however long it takes. */
export function createSlowReaders(url: string): pg.Pool {
  return createPool(url, SNAPSHOTS + 1, `${COMMON}; SET idle_in_transaction_session_timeout = '10min'`)
}
