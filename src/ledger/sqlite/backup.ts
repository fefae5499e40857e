import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { WaybillError } from '../../model/errors.ts'

/** How much goes in one step, in pages of 16 KiB: 16 MiB, some milliseconds, so that progress is told often. */
const STEP_PAGES = 1024
/** Under this name a backup says when it was taken, in the table of counters. */
export const BACKED_UP_AT = 'backed_up_at'
/** SQLite's code for a disk that is full. */
const SQLITE_FULL = 13

/**
 * Copies a ledger, as it is at one moment, into a new file, while a server goes on writing it; the schema stays as it is. The copy appears under its name only
 * when it is whole, was checked from end to end and is on the disk. `progress` is told how many pages there are and how many of them are copied.
 * Throws `destination_exists` when there is something under that name, `out_of_space` when the copy has no room.
 */
export async function backupLedger(file: string, target: string, progress: (copied: number, all: number) => void): Promise<void> {
  statSync(dirname(target)) // the system's own sentence where the directory is missing, rather than one about a name that nobody gave
  if (existsSync(target)) throw new WaybillError('destination_exists', `there is something at ${target}; give a backup a name of its own`)
  const partial = `${target}.partial-${process.pid}`
  try {
    closeSync(openSync(partial, 'wx', 0o600)) // hashes of tokens and names of files: its owner's alone, from the first byte on
    const takenAt = Date.now()
    await copy(file, partial, progress)
    finish(partial, takenAt)
    sync(partial)
    renameSync(partial, target)
    sync(dirname(target))
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== SQLITE_FULL) throw error
    throw new WaybillError('out_of_space', `there is no room for the backup in ${dirname(target)}; the ledger itself is as it was`, {}, { cause: error })
  } finally {
    for (const ending of ['', '-journal', '-wal', '-shm']) rmSync(`${partial}${ending}`, { force: true })
  }
}

async function copy(file: string, partial: string, progress: (copied: number, all: number) => void): Promise<void> {
  const source = new DatabaseSync(file, { readOnly: true })
  try {
    // One read transaction from the first page to the last: without it SQLite begins anew with each commit of a server, and beside a busy one never ends.
    source.exec('BEGIN; SELECT count(*) FROM sqlite_schema')
    await backup(source, partial, { rate: STEP_PAGES, progress: ({ totalPages, remainingPages }) => progress(totalPages - remainingPages, totalPages) })
  } finally {
    source.close()
  }
}

/** Reads every page, so that what cannot be restored is not taken for a backup, and writes its time into it. Without a log of its own the copy is one file. */
function finish(partial: string, takenAt: number): void {
  const copied = new DatabaseSync(partial)
  try {
    copied.exec('PRAGMA journal_mode = DELETE')
    const found = copied
      .prepare('PRAGMA quick_check')
      .all()
      .map(row => String(row['quick_check']))
    if (found[0] !== 'ok') throw new WaybillError('internal', `the copy is damaged, and so may be the ledger: ${found.join('; ')}`)
    if (copied.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'counter'`).get() === undefined) return
    copied.prepare('INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value').run(BACKED_UP_AT, takenAt)
  } finally {
    copied.close()
  }
}

/** Makes a file, or the names in a directory, durable. */
export function sync(path: string): void {
  const opened = openSync(path, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}
