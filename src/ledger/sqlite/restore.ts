import { chmodSync, closeSync, constants, copyFileSync, existsSync, linkSync, openSync, readSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { WaybillError } from '../../model/errors.ts'
import { BACKED_UP_AT, sync } from './backup.ts'
import { KNOWN_SCHEMA } from './database.ts'

/** What a restored ledger holds. `takenAt`: when the backup was taken, epoch milliseconds; null when it does not say. */
export interface RestoredLedger {
  readonly takenAt: number | null
  readonly collections: number
  readonly files: number
  readonly jobs: number
  readonly unfinishedJobs: number
  readonly tokens: number
  /** Where the ledger is that was there before; null: there was none. */
  readonly kept: string | null
}

/** Tables that every schema of a ledger has. */
const TABLES = ['collection', 'counter', 'entry', 'event', 'history', 'job', 'token']
/** More numbers than a ledger can give out in a millisecond: some commits a millisecond is what disks do at best, and each has some events. */
const NUMBERS_A_MS = 50
/** For a backup that was taken in this very moment, and clocks that are not quite right. */
const LEAST_LEAP = 1_000_000
/** What is older leaps no further: numbers must stay below 2^53 after many restores. */
const LONGEST_MS = 365 * 24 * 3600 * 1000

/**
 * Puts a backup in the place of the ledger `ledger`: a copy of it is verified from end to end, made safe against numbers that were given out already (`leap`), put on
 * the disk, and only then named. For who has claimed the directory. With `force` a ledger that is there is kept beside it, under a name with the time.
 * Throws `destination_exists` for a ledger that is there without `force`, `invalid_request` for a file that is no whole backup, `unavailable` for one of a newer
 * schema and while another process has the present ledger open.
 */
export function restoreLedger(file: string, ledger: string, { force, now }: { readonly force: boolean; readonly now: number }): RestoredLedger {
  refuseFile(file, ledger)
  if (!force && existsSync(ledger)) {
    throw new WaybillError('destination_exists', `there is a ledger in ${dirname(ledger)} already; with --force it is kept beside the restored one`)
  }
  const partial = `${ledger}.restoring`
  const clear = (): void => {
    for (const ending of ['', '-journal', '-wal', '-shm']) rmSync(`${partial}${ending}`, { force: true })
  }
  clear() // what a restore that was killed left
  try {
    copyFileSync(file, partial, constants.COPYFILE_FICLONE)
    chmodSync(partial, 0o600)
    const facts = prepare(partial, file, now)
    sync(partial)
    const kept = setAside(ledger, now)
    renameSync(partial, ledger)
    sync(dirname(ledger))
    return { ...facts, kept }
  } finally {
    clear()
  }
}

/** Refuses a file that is not a ledger on its own, whatever is in it. */
function refuseFile(file: string, ledger: string): void {
  if (statSync(file).isDirectory()) throw new WaybillError('invalid_request', `${file} is a directory; name the file that \`waybill backup\` made`)
  if (existsSync(ledger) && realpathSync(ledger) === realpathSync(file)) {
    throw new WaybillError('invalid_request', `${file} is the ledger of this data directory itself; name the file that \`waybill backup\` made`)
  }
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new WaybillError(
      'invalid_request',
      `part of ${file} is in the log beside it: it is in use, or was copied by other means than \`waybill backup\`; name a file that this made`,
    )
  }
}

/** Verifies the copy, and makes it fit to go on with. `file` is what sentences call it. */
function prepare(partial: string, file: string, now: number): Omit<RestoredLedger, 'kept'> {
  const copy = new DatabaseSync(partial)
  try {
    verify(copy, file)
    copy.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL')
    const facts = factsOf(copy)
    leap(copy, facts.takenAt, now)
    return facts
  } catch (error) {
    if (!isDamage(error)) throw error
    throw new WaybillError('invalid_request', `${file} is damaged, or no backup of a ledger: ${(error as Error).message}`, {}, { cause: error })
  } finally {
    copy.close()
  }
}

function verify(copy: DatabaseSync, file: string): void {
  const tables = new Set(
    copy
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
      .all()
      .map(row => row['name']),
  )
  // a ledger has none; whoever could change the file between would else have statements of theirs run with every one of ours
  const foreign = copy.prepare(`SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'view') OR sql LIKE 'CREATE VIRTUAL%' LIMIT 1`).get()
  if (foreign !== undefined) {
    const what = `the ${String(foreign['type'])} ${JSON.stringify(foreign['name'])}`
    throw new WaybillError('invalid_request', `${file} was changed: it holds ${what}, which no ledger has; restore another backup`)
  }
  const schema = number(copy, 'PRAGMA user_version')
  if (schema < 1 || !TABLES.every(table => tables.has(table)))
    throw new WaybillError('invalid_request', `${file} is no backup of a ledger; name the file that \`waybill backup\` made`)
  if (schema > KNOWN_SCHEMA) {
    throw new WaybillError('unavailable', `the schema of ${file} is number ${schema}, this version knows ${KNOWN_SCHEMA}: use a newer version of Waybill`)
  }
  const [found] = Object.values(copy.prepare('PRAGMA integrity_check(1)').get() ?? {})
  if (found !== 'ok') throw new WaybillError('invalid_request', `${file} is damaged (${String(found)}); restore another backup`)
  const orphan = copy.prepare('PRAGMA foreign_key_check').get()
  if (orphan !== undefined) {
    throw new WaybillError(
      'invalid_request',
      `${file} is damaged: a row of ${String(orphan['table'])} belongs to none of ${String(orphan['parent'])}; restore another backup`,
    )
  }
}

/**
 * Nothing that clients saw before may come to mean something else. What is counted goes on behind all that can have been given out since the backup: numbers of
 * events (`Last-Event-ID`), fencing tokens of locks, and the entity tags of jobs. Ids, revisions and the numbers of jobs hold the time or are random.
 */
function leap(copy: DatabaseSync, takenAt: number | null, now: number): void {
  const since = takenAt === null ? LONGEST_MS : Math.min(Math.max(0, now - takenAt), LONGEST_MS)
  const by = LEAST_LEAP + NUMBERS_A_MS * since
  copy.exec(`BEGIN;
    INSERT INTO sqlite_sequence (name, seq) SELECT 'event', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'event');
    UPDATE sqlite_sequence SET seq = seq + ${by} WHERE name = 'event';
    UPDATE counter SET value = value + ${by} WHERE name = 'lock_token';
    UPDATE job SET change = change + ${by} WHERE purged = 0;
    DELETE FROM counter WHERE name = '${BACKED_UP_AT}';
    INSERT INTO counter (name, value) VALUES ('restored_at', ${now}) ON CONFLICT (name) DO UPDATE SET value = excluded.value;
    COMMIT`)
}

function factsOf(copy: DatabaseSync): Omit<RestoredLedger, 'kept'> {
  const taken = copy.prepare('SELECT value FROM counter WHERE name = ?').get(BACKED_UP_AT)
  return {
    takenAt: taken === undefined ? null : Number(taken['value']),
    collections: number(copy, 'SELECT count(*) FROM collection WHERE deleted_at IS NULL'),
    files: number(copy, 'SELECT count(*) FROM entry WHERE deleted = 0 AND digest IS NOT NULL'),
    jobs: number(copy, 'SELECT count(*) FROM job WHERE sealed = 1 AND purged = 0'),
    unfinishedJobs: number(copy, 'SELECT count(*) FROM job WHERE sealed = 1 AND state < 3'),
    tokens: number(copy, 'SELECT count(*) FROM token WHERE revoked_at IS NULL'),
  }
}

function number(copy: DatabaseSync, sql: string): number {
  return Number(Object.values(copy.prepare(sql).get() ?? {})[0])
}

/**
 * Moves what is there under a name of its own, which it answers. Its log is folded into it first, so that it is one file and nothing of it can get into another
 * ledger; of one that is too damaged for that, the log goes with it.
 */
function setAside(ledger: string, now: number): string | null {
  if (existsSync(ledger)) foldLog(ledger)
  const kept = freeName(`${ledger}.before-${new Date(now).toISOString().slice(0, 19).replaceAll(':', '')}Z`)
  for (const ending of ['-wal', '-shm']) if (existsSync(`${ledger}${ending}`)) renameSync(`${ledger}${ending}`, `${kept}${ending}`)
  if (!existsSync(ledger)) return null
  try {
    // a second name, so that at no moment there is no ledger, in whose place a server would make an empty one
    linkSync(ledger, kept)
  } catch {
    renameSync(ledger, kept) // not every file system has links
  }
  return kept
}

function freeName(name: string): string {
  for (let n = 1; ; n++) {
    const free = n === 1 ? name : `${name}-${n}`
    if (!['', '-wal', '-shm'].some(ending => existsSync(`${free}${ending}`))) return free
  }
}

function foldLog(ledger: string): void {
  if (!hasHeader(ledger)) return // SQLite would throw the log of such a file away
  const present = new DatabaseSync(ledger, { timeout: 1_000 })
  try {
    present.exec('PRAGMA journal_mode = DELETE')
  } catch (error) {
    if (isDamage(error)) return
    if (codeOf(error) !== SQLITE_BUSY) throw error
    const sentence = `another process has the ledger ${basename(ledger)} open; wait for it to end, and restore then`
    throw new WaybillError('unavailable', sentence, {}, { cause: error })
  } finally {
    present.close()
  }
}

const HEADER = 'SQLite format 3\0'

function hasHeader(ledger: string): boolean {
  const opened = openSync(ledger, 'r')
  try {
    const first = Buffer.alloc(HEADER.length)
    return readSync(opened, first) === HEADER.length && first.toString('latin1') === HEADER
  } finally {
    closeSync(opened)
  }
}

const SQLITE_BUSY = 5
const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

function codeOf(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff
}

function isDamage(error: unknown): boolean {
  return codeOf(error) === SQLITE_CORRUPT || codeOf(error) === SQLITE_NOTADB
}
