import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { WaybillError } from '../../model/errors.ts'
import type { Row } from '../shared/row.ts'
import { initial } from './migrations/0001-initial.ts'
import { addressableCollections } from './migrations/0002-addressable-collections.ts'
import { uploads } from './migrations/0003-uploads.ts'
import { unwritten } from './migrations/0004-unwritten.ts'
import { entitySelections } from './migrations/0005-entity-selections.ts'
import { changes } from './migrations/0006-changes.ts'
import { namesAndOrder } from './migrations/0007-names-and-order.ts'
import { chunkProgress } from './migrations/0008-chunk-progress.ts'
import { places } from './migrations/0009-places.ts'
import { webhooks } from './migrations/0010-webhooks.ts'
import { audit } from './migrations/0011-audit.ts'
import { leftovers } from './migrations/0012-leftovers.ts'

/** Numbered migrations: the schema's number is how many of these have run (PRAGMA user_version). Never change one that has shipped. */
const MIGRATIONS = [
  initial,
  addressableCollections,
  uploads,
  unwritten,
  entitySelections,
  changes,
  namesAndOrder,
  chunkProgress,
  places,
  webhooks,
  audit,
  leftovers,
]

/** The number of the schema that this version works with. */
export const KNOWN_SCHEMA = MIGRATIONS.length

/** A statement's named parameters. */
export type Params = Record<string, SQLInputValue>
export type { Row } from '../shared/row.ts'

/** A connection with its prepared statements, each prepared once. */
export class Database {
  readonly #raw: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  private constructor(raw: DatabaseSync) {
    this.#raw = raw
  }

  /** The connection that writes: creates and migrates the file. There may be one in each process; SQLite lets them take turns. */
  static openWriter(file: string): Database {
    return opened(() => Database.#openWriter(file))
  }

  static #openWriter(file: string): Database {
    const raw = new DatabaseSync(file, { timeout: BUSY_MS })
    // FULL: a commit is on the disk before it is answered (I1). Checkpoints every 64 MiB of log: rarer ones write each hot page once, not many times.
    // Pages of 16 KiB (of new files): measured a seventh less work for a big job than SQLite's usual 4 KiB, and none more for small ones.
    raw.exec(`PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864`)
    // only for paths of many bytes (unwritten.ts): SQLite counts characters, and the lengths of paths are in JavaScript's units
    raw.function('code_units', { deterministic: true, directOnly: true }, text => String(text).length)
    const database = new Database(raw)
    database.#migrate()
    raw.exec('PRAGMA busy_timeout = 0') // see begin
    return database
  }

  /** A connection that only reads, beside any number of others and the writers. */
  static openReader(file: string): Database {
    return opened(() => {
      const raw = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS })
      raw.exec('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY')
      return new Database(raw)
    })
  }

  /** A connection that only folds the log into the file (writer/checkpointer.ts). */
  static openCheckpointer(file: string): Database {
    const raw = new DatabaseSync(file, { timeout: BUSY_MS })
    raw.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')
    return new Database(raw)
  }

  /** As much of the log as no reader needs any more; never waits. A full or busy disk is no error here: the log keeps everything until the next time. */
  checkpoint(): void {
    try {
      this.#raw.exec('PRAGMA wal_checkpoint(PASSIVE)')
    } catch (error) {
      if (translateSqliteError(error) === error) throw error
    }
  }

  #migrate(): void {
    if (this.#schemaNumber() === MIGRATIONS.length) return
    this.begin()
    try {
      const from = this.#schemaNumber() // again, now that no other process can migrate
      if (from > MIGRATIONS.length) {
        throw new WaybillError('unavailable', `the ledger's schema is number ${from}, this version knows ${MIGRATIONS.length}: use a newer version of Waybill`)
      }
      for (const migration of MIGRATIONS.slice(from)) this.#raw.exec(migration)
      this.#raw.exec(`PRAGMA user_version = ${MIGRATIONS.length}`)
      this.commit()
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  #schemaNumber(): number {
    return Number(this.get('PRAGMA user_version')?.['user_version'])
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#raw.prepare(sql)
      // a statement names only the parameters it needs, and callers pass the facts they have
      statement.setAllowUnknownNamedParameters(true)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  /** Runs a statement; returns how many rows it changed. */
  run(sql: string, params: Params = {}): number {
    return Number(this.#statement(sql).run(params).changes)
  }

  get(sql: string, params: Params = {}): Row | undefined {
    return this.#statement(sql).get(params)
  }

  all(sql: string, params: Params = {}): Row[] {
    return this.#statement(sql).all(params)
  }

  /** For statements without parameters or results. */
  exec(sql: string): void {
    this.#raw.exec(sql)
  }

  /** Begins to write, after the writer of another process. SQLite's own waits grow to 100 ms, and a busy writer's pauses are shorter than that: its turn would come by luck. */
  begin(): void {
    const until = performance.now() + BUSY_MS
    for (;;) {
      try {
        this.#raw.exec('BEGIN IMMEDIATE')
        return
      } catch (error) {
        if (!isBusy(error) || performance.now() >= until) throw error
      }
      Atomics.wait(NOBODY_WAKES, 0, 0, LOOK_AGAIN_MS)
    }
  }

  commit(): void {
    this.#raw.exec('COMMIT')
  }

  /** Rolls back where SQLite has not done so already by itself (a full disk, for one). */
  rollback(): void {
    if (this.#raw.isTransaction) this.#raw.exec('ROLLBACK')
  }

  get inTransaction(): boolean {
    return this.#raw.isTransaction
  }

  close(): void {
    this.#raw.close()
  }
}

/** How long a writer waits for the writer of another process (administration beside a running server) before it gives up. */
const BUSY_MS = 10_000
/** How often it looks meanwhile. */
const LOOK_AGAIN_MS = 1
const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4))

const SQLITE_BUSY = 5
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26

function isBusy(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY
}

/** SQLite's own errors in the words of the catalogue; others unchanged. */
export function translateSqliteError(error: unknown): unknown {
  const code = (error as { errcode?: number }).errcode
  if (code === undefined || error instanceof WaybillError) return error
  switch (code & 0xff) {
    case SQLITE_FULL:
      return new WaybillError('out_of_space', 'the disk of the ledger is full: nothing was changed; make room and try again', {}, { cause: error })
    case SQLITE_BUSY:
      return new WaybillError('unavailable', 'the ledger is busy with another process; try again', { retryAfterSeconds: 1 }, { cause: error })
    case SQLITE_IOERR:
      return new WaybillError('unavailable', 'the disk of the ledger reports an error; nothing was changed', {}, { cause: error })
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new WaybillError(
        'unavailable',
        `the file of the ledger is damaged (${(error as Error).message}): stop the server, put the file and its log (-wal) aside, and restore a backup`,
        {},
        { cause: error },
      )
    default:
      return error
  }
}

/** Opens, or says in the words of the catalogue why not. */
function opened(open: () => Database): Database {
  try {
    return open()
  } catch (error) {
    throw translateSqliteError(error)
  }
}
