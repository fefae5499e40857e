import { globMatcher } from '../../../model/glob.ts'
import type { Row } from '../database.ts'
import { itemId, itemsBetween } from '../item-range.ts'
import { addEvent } from './events.ts'
import { finishIfDone } from './finish.ts'
import { addChunk, CHUNK_ITEMS, Clashes } from './intake.ts'
import { jobRow, type Tx } from './tx.ts'
import { prefixEnd } from '../../../model/paths.ts'

/** The next live files of a selection, in path order after the cursor. One lower bound only: of two, the index may take the one that starts from the beginning. */
const PAGE = `SELECT path, size FROM entry WHERE collection = :collection AND path >= :from AND path <> :cursor AND (:end IS NULL OR path < :end)
  AND deleted = 0 AND kind <> 1 ORDER BY path LIMIT :limit`

/** Without a glob a page needs only its ends and its sum. */
const PAGE_SUM = `SELECT count(*) AS n, max(path) AS last, coalesce(sum(size), 0) AS bytes FROM (${PAGE})`

/**
 * The destination is its prefix followed by what comes after the source prefix. When the destination prefix is a folder, a "/" at that place is not doubled,
 * and a source that is the prefix itself keeps its own name.
 */
const DESTINATION = `CASE WHEN :dstPrefix IS NULL THEN NULL
  WHEN path = :prefix THEN :dstPrefix || :ownName
  WHEN :dstIsFolder AND substr(path, :cut, 1) = '/' THEN :dstPrefix || substr(path, :cut + 1)
  ELSE :dstPrefix || substr(path, :cut) END`

const INSERT_PAGE = `INSERT INTO item (id, src_collection, src_path, dst_collection, dst_path, patch)
  SELECT ${itemId(':first + row_number() OVER (ORDER BY path) - 1')}, :collection, path, :dstCollection, ${DESTINATION}, :patch FROM (${PAGE})`

const INSERT_KEPT = `INSERT INTO item (id, src_collection, src_path, dst_collection, dst_path, patch)
  SELECT ${itemId(':first + key')}, :collection, path, :dstCollection, ${DESTINATION}, :patch FROM (SELECT key, value AS path FROM json_each(:kept))`

const ENDS_OF_PAGE = `SELECT src_path, coalesce(dst_path, src_path) AS dst_path FROM item WHERE ${itemsBetween('item', ':first', ':last')}`

/** Resolves one page of the present selection: its items, its chunk, the job's counters and the cursor change together. */
export function resolvePage(tx: Tx, id: string): void {
  const job = jobRow(tx, id)
  if (job['unresolved'] === 0) return // another turn was quicker: the job may be running, or even finished, by now
  const selection = tx.db.get('SELECT * FROM selection WHERE job = :job AND resolved = 0 ORDER BY no LIMIT 1', { job: job['key'] as number })
  if (selection === undefined || job['cancelling'] === 1) {
    endResolving(tx, id, job)
    return
  }
  const page = takePage(tx, job, selection)
  if (page.items > 0) {
    const first = job['total'] as number
    addChunk(tx, job['key'] as number, job['chunks'] as number, first, page.items, pageClashes(tx, job, selection, first, page.items))
  }
  tx.db.run(
    `UPDATE job SET total = total + :n, pending = pending + :n, chunks = chunks + :chunks, bytes_total = bytes_total + :bytes, change = change + 1 WHERE key = :job`,
    { job: job['key'] as number, n: page.items, chunks: page.items > 0 ? 1 : 0, bytes: page.bytes },
  )
  tx.db.run('UPDATE selection SET cursor = :cursor, resolved = :resolved WHERE job = :job AND no = :no', {
    job: job['key'] as number,
    no: selection['no'] as number,
    cursor: page.last ?? (selection['cursor'] as string | null),
    resolved: page.ended ? 1 : 0,
  })
  if (page.ended) {
    tx.db.run('UPDATE job SET unresolved = unresolved - 1 WHERE key = :job', { job: job['key'] as number })
    const left = tx.db.get('SELECT 1 FROM selection WHERE job = :job AND resolved = 0 LIMIT 1', { job: job['key'] as number })
    if (left === undefined) endResolving(tx, id, jobRow(tx, id))
  }
}

interface PageRead {
  /** The selection has no more after this page. */
  readonly ended: boolean
  readonly items: number
  readonly last: string | null
  readonly bytes: number
}

function takePage(tx: Tx, job: Row, selection: Row): PageRead {
  const prefix = selection['src_prefix'] as string
  const dstPrefix = selection['dst_prefix'] as string | null
  const dstIsFolder = dstPrefix === '' || dstPrefix?.endsWith('/') === true
  const where = {
    collection: selection['src_collection'] as number,
    prefix,
    end: prefixEnd(prefix),
    from: (selection['cursor'] as string | null) ?? prefix,
    cursor: (selection['cursor'] as string | null) ?? '',
    limit: CHUNK_ITEMS,
  }
  const into = {
    ...where,
    job: job['key'] as number,
    first: job['total'] as number,
    dstCollection: selection['dst_collection'] as number | null,
    // null keeps the source's own path: narrower rows for the commonest copy
    dstPrefix: dstPrefix === prefix ? null : dstPrefix,
    dstIsFolder: dstIsFolder ? 1 : 0,
    ownName: dstIsFolder ? prefix.slice(prefix.lastIndexOf('/') + 1) : '',
    cut: Array.from(prefix).length + 1,
    patch: selection['patch'] as string | null,
  }
  const glob = selection['src_glob'] as string | null
  if (glob === null) {
    const sum = tx.db.get(PAGE_SUM, where) as Row
    tx.db.run(INSERT_PAGE, into)
    return { ended: (sum['n'] as number) < CHUNK_ITEMS, items: sum['n'] as number, last: sum['last'] as string | null, bytes: sum['bytes'] as number }
  }
  const { kept, last, ended } = keepMatching(tx.db.all(PAGE, where), globMatcher(glob), prefix)
  tx.db.run(INSERT_KEPT, { ...into, kept: JSON.stringify(kept.map(row => row['path'])) })
  const bytes = kept.reduce((sum, row) => sum + (row['size'] as number), 0)
  return { ended, items: kept.length, last, bytes }
}

/** A hostile glob may be slow: the page then ends early, where the time is over, and the writer's other work goes on. */
const GLOB_BUDGET_MS = 20

function keepMatching(rows: readonly Row[], matches: (path: string) => boolean, prefix: string): { kept: Row[]; last: string | null; ended: boolean } {
  const until = performance.now() + GLOB_BUDGET_MS
  const kept: Row[] = []
  let last: string | null = null
  for (const row of rows) {
    last = row['path'] as string
    const rest = last.slice(prefix.length)
    // a folder named without its "/": the glob speaks of what lies in it
    if (matches(rest.startsWith('/') ? rest.slice(1) : rest)) kept.push(row)
    if (performance.now() > until) return { kept, last, ended: last === rows.at(-1)?.['path'] && rows.length < CHUNK_ITEMS }
  }
  return { kept, last, ended: rows.length < CHUNK_ITEMS }
}

/** Between two collections a page's paths are distinct, unless a folder's "/" was left out; only else they must be looked at. */
function pageClashes(tx: Tx, job: Row, selection: Row, first: number, n: number): boolean {
  const collection = selection['src_collection'] as number
  const destination = selection['dst_collection'] as number | null
  const prefix = selection['src_prefix'] as string
  if (destination === null) return false
  if (destination !== collection && (prefix === '' || prefix.endsWith('/'))) return false
  const clashes = new Clashes()
  for (const row of tx.db.all(ENDS_OF_PAGE, { job: job['key'] as number, first, last: first + n - 1 })) {
    clashes.add(collection, row['src_path'] as string, destination, row['dst_path'] as string, false)
  }
  return clashes.found
}

function endResolving(tx: Tx, id: string, job: Row): void {
  tx.db.run('UPDATE selection SET resolved = 1 WHERE job = :job AND resolved = 0', { job: job['key'] as number })
  tx.db.run('UPDATE job SET unresolved = 0, state = 2, started_at = coalesce(started_at, :now), change = change + 1 WHERE key = :job', {
    job: job['key'] as number,
    now: tx.now,
  })
  addEvent(tx, job['key'] as number, 'job.resolved', { total: job['total'] })
  finishIfDone(tx, id)
}
