import { globMatcher } from '../../../model/glob.ts'
import { prefixEnd } from '../../../model/paths.ts'
import type { Params, Row } from '../database.ts'
import { itemId, itemsBetween } from '../item-range.ts'
import { addEvent } from './events.ts'
import { finishIfDone } from './finish.ts'
import { addChunk, CHUNK_ITEMS, Clashes } from './intake.ts'
import { wakeSome } from './retry.ts'
import { jobRow, type Tx } from './tx.ts'

/** The next live files of a selection, in path order after the cursor. One lower bound only: of two, the index may take the one that starts from the beginning. */
const PAGE = `SELECT path, size FROM entry WHERE collection = :collection AND path >= :from AND path <> :cursor AND (:end IS NULL OR path < :end)
  AND deleted = 0 AND kind <> 1 ORDER BY path LIMIT :limit`

/** A page on its way, in memory: its rows number themselves, which costs a third of what a window function would. */
const CREATE_PAGE = 'CREATE TEMP TABLE IF NOT EXISTS page (no INTEGER PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL)'
const FILL_PAGE = `INSERT INTO page (path, size) ${PAGE}`
const FILL_WITH_KEPT = 'INSERT INTO page (path, size) SELECT value ->> 0, value ->> 1 FROM json_each(:kept)'
const PAGE_SUM = 'SELECT count(*) AS n, max(path) AS last, coalesce(sum(size), 0) AS bytes FROM page'

/**
 * The destination is its prefix followed by what comes after the source prefix. When the destination prefix is a folder, a "/" at that place is not doubled,
 * and a source that is the prefix itself keeps its own name.
 */
const DESTINATION = `CASE WHEN :dstPrefix IS NULL THEN NULL
  WHEN path = :prefix THEN :dstPrefix || :ownName
  WHEN :dstIsFolder AND substr(path, :cut, 1) = '/' THEN :dstPrefix || substr(path, :cut + 1)
  ELSE :dstPrefix || substr(path, :cut) END`

const INSERT_PAGE = `INSERT INTO item (id, src_collection, src_path, dst_collection, dst_path, patch)
  SELECT ${itemId(':first + no - 1')}, :collection, path, :dstCollection, ${DESTINATION}, :patch FROM page`

const ENDS_OF_PAGE = `SELECT src_path, coalesce(dst_path, src_path) AS dst_path FROM item WHERE ${itemsBetween('item', ':first', ':last')}`

/** Prepares one page of work: wakes some items of a retry, or resolves a page of the present selection: its items, its chunk, the job's counters and the cursor change together. */
export function resolvePage(tx: Tx, id: string): void {
  const job = jobRow(tx, id)
  if (job['retrying'] !== 0) {
    wakeSome(tx, id)
    return
  }
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
  const glob = selection['src_glob'] as string | null
  const read = lostGrant(tx, job, selection) ? standIn(tx, `${prefix}${glob ?? '*'}`) : fillPage(tx, where, glob)
  tx.db.run(INSERT_PAGE, {
    job: job['key'] as number,
    first: job['total'] as number,
    collection: where.collection,
    dstCollection: selection['dst_collection'] as number | null,
    // null keeps the source's own path: narrower rows for the commonest copy
    dstPrefix: dstPrefix === prefix ? null : dstPrefix,
    prefix,
    dstIsFolder: dstIsFolder ? 1 : 0,
    ownName: dstIsFolder ? prefix.slice(prefix.lastIndexOf('/') + 1) : '',
    cut: Array.from(prefix).length + 1,
    patch: selection['patch'] as string | null,
  })
  return read
}

const GRANT = 'SELECT role FROM access_grant WHERE collection = :collection AND subject = :who'

/** Asked again for every page: what comes into a collection after a grant was taken back is never listed (I9). */
function lostGrant(tx: Tx, job: Row, selection: Row): boolean {
  const ends = [selection['src_collection'], selection['dst_collection']].filter(end => end !== null)
  return ends.some(collection => tx.db.get(GRANT, { collection: collection as number, who: job['submitted_by'] as string }) === undefined)
}

/** One item in the place of all that may no longer be seen: it fails for want of the grant, under the name of the selection itself. */
function standIn(tx: Tx, path: string): PageRead {
  tx.db.exec(CREATE_PAGE)
  tx.db.run('DELETE FROM page')
  tx.db.run('INSERT INTO page (path, size) VALUES (:path, 0)', { path })
  return { ended: true, items: 1, last: null, bytes: 0 }
}

/** Reads the next page into memory, without what the glob does not match. */
function fillPage(tx: Tx, where: Params & { readonly prefix: string }, glob: string | null): PageRead {
  tx.db.exec(CREATE_PAGE)
  tx.db.run('DELETE FROM page')
  const matching = glob === null ? null : keepMatching(tx.db.all(PAGE, where), globMatcher(glob), where.prefix)
  if (matching === null) tx.db.run(FILL_PAGE, where)
  else tx.db.run(FILL_WITH_KEPT, { kept: JSON.stringify(matching.kept.map(row => [row['path'], row['size']])) })
  const sum = tx.db.get(PAGE_SUM) as Row
  const items = sum['n'] as number
  const bytes = sum['bytes'] as number
  if (matching === null) return { ended: items < CHUNK_ITEMS, items, last: sum['last'] as string | null, bytes }
  return { ended: matching.ended, items, last: matching.last, bytes }
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
