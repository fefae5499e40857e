import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { brokenIn } from '../../src/ledger/sqlite/soundness.ts'
import { sha256 } from '../support/sha256.ts'
import type { Book } from './book.ts'
import type { Tally } from './tally.ts'

/** Of a job that has expired rows go in batches: nothing is said of it any more. */
const KEPT = '(j.expires_at IS NULL OR j.expires_at > :now) AND j.sealed = 1'

/** What must hold between an earlier state of a ledger, attached as `before`, and a later one. A retry wakes items that are not done. */
const SINCE: readonly (readonly [rule: string, sql: string])[] = [
  [
    'I2: a terminal item has changed',
    `SELECT old.job, old.seq, old.state, now.state AS became FROM before.item old JOIN main.job j ON j.key = old.id >> 32 LEFT JOIN main.item now ON now.id = old.id
     WHERE old.state >= 2 AND ${KEPT} AND (old.state = 2 OR j.label NOT LIKE 'errand-cancel-%')
     AND (now.state IS NOT old.state OR now.attempts IS NOT old.attempts OR now.dst_version IS NOT old.dst_version OR now.dst_revision IS NOT old.dst_revision)`,
  ],
  [
    'I7: a fencing token went back',
    `SELECT old.job, old.no, old.token, now.token AS became FROM before.chunk old JOIN main.chunk now ON now.job = old.job AND now.no = old.no
     JOIN main.job j ON j.key = old.job JOIN before.job b ON b.key = j.key AND b.id = j.id WHERE now.token < old.token`,
  ],
  [
    'I6: a version has changed',
    `SELECT old.collection, old.path, old.version FROM before.history old JOIN main.collection c ON c.key = old.collection AND c.deleted_at IS NULL
       LEFT JOIN main.history now USING (collection, path, version)
     WHERE now.revision IS NOT old.revision OR now.digest IS NOT old.digest`,
  ],
]

const COUNTS: readonly (readonly ['I2' | 'I3' | 'I6' | 'I7', string])[] = [
  ['I2', 'SELECT count(*) AS n FROM item WHERE state >= 2'],
  ['I3', 'SELECT count(*) AS n FROM job'],
  ['I6', 'SELECT count(*) AS n FROM entry'],
  ['I7', 'SELECT count(*) AS n FROM chunk'],
]

/** Everything that is broken in a ledger, and, with an earlier copy of it, in how it got here. */
function brokenRules(file: string, ledger: DatabaseSync, tally: Tally, before: string | null): string[] {
  const faults = brokenIn(file, Date.now())
  for (const [rule, sql] of COUNTS) tally.count(rule, Number(ledger.prepare(sql).get()?.['n']))
  if (before === null) return faults
  ledger.prepare('ATTACH ? AS before').run(before)
  for (const [rule, sql] of SINCE) {
    const statement = ledger.prepare(`${sql} LIMIT 5`)
    statement.setAllowUnknownNamedParameters(true)
    for (const row of statement.all({ now: Date.now() })) faults.push(`${rule}: ${JSON.stringify(row, hexOfBytes)}`)
  }
  ledger.exec('DETACH before')
  return faults
}

/** As `brokenRules`, of a ledger and an open connection to it; and every acknowledged job is there (I1). */
export function ledgerFaults(file: string, ledger: DatabaseSync, book: Book, before: string | null): string[] {
  const faults = brokenRules(file, ledger, book.tally, before)
  const known = ledger.prepare('SELECT 1 FROM job WHERE id = ? AND sealed = 1')
  return [...faults, ...acknowledgedFaults(book, job => known.get(Buffer.from(job.replaceAll('-', ''), 'hex')) !== undefined)]
}

/** I1: the ledger has every job that was acknowledged. */
export function acknowledgedFaults({ sent, tally }: Book, isKnown: (job: string) => boolean): string[] {
  const jobs = sent.flatMap(({ job }) => (job === null ? [] : [job]))
  tally.count('I1', jobs.length)
  return jobs.filter(job => !isKnown(job)).map(job => `I1: the acknowledged job ${job} is not in the ledger`)
}

function hexOfBytes(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}

/** I4 on disk: every blob of a store under a final name has that digest, and every digest of the ledger has its blob. `checked` remembers blobs already read. */
export function blobFaults(recorded: ReadonlySet<string>, blobs: string, checked: Map<string, number>, tally: Tally): string[] {
  const faults: string[] = []
  const present = new Set<string>()
  for (const shard of existsSync(blobs) ? readdirSync(blobs) : []) {
    for (const rest of readdirSync(join(blobs, shard))) {
      const path = join(blobs, shard, rest)
      const { ctimeMs } = statSync(path)
      present.add(shard + rest)
      if (checked.get(path) === ctimeMs) continue
      tally.count('I4')
      if (sha256(readFileSync(path)) !== shard + rest) faults.push(`I4: the blob ${shard}${rest} has other bytes than its name says`)
      checked.set(path, ctimeMs)
    }
  }
  tally.count('I4', recorded.size)
  for (const digest of recorded) if (!present.has(digest)) faults.push(`I4: the recorded digest ${digest} has no blob in ${blobs}`)
  return faults
}

/** The digests that a ledger records of a store. */
export function recordedDigests(ledger: DatabaseSync, store: string): Set<string> {
  const sql = ['entry', 'history'].map(
    table => `SELECT lower(hex(digest)) AS digest FROM ${table} t JOIN collection c ON c.key = t.collection
      WHERE c.store = :store AND c.attached = 0 AND digest IS NOT NULL`,
  )
  return new Set(
    ledger
      .prepare(sql.join(' UNION '))
      .all({ store })
      .map(row => String(row['digest'])),
  )
}
