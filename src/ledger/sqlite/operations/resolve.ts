import { globMatcher } from '../../../model/glob.ts'
import { VERIFY } from '../../../model/job.ts'
import { prefixEnd } from '../../../model/paths.ts'
import type { Params, Row } from '../database.ts'
import { listed, listOf, type List } from '../unwritten.ts'
import { clearSome } from './clear-folders.ts'
import { resolveEntities } from './entities.ts'
import { finishIfDone } from './finish.ts'
import { Clashes } from '../../shared/clashes.ts'
import { CHUNK_ITEMS } from '../../shared/intake.ts'
import { addChunk } from './intake.ts'
import { crosses, startRunning } from './lease.ts'
import { namesPlaces } from './places/attached.ts'
import { wakeSome } from './retry.ts'
import { writeItems } from './write-items.ts'
import { jobRow, type Tx } from './tx.ts'

/** The next live entries of a selection, in path order after the cursor. One lower bound only: of two, the index may take the one that starts from the beginning. */
function pageOf(columns: string): string {
  return `SELECT ${columns} FROM entry WHERE collection = :collection AND path >= :from AND path <> :cursor AND (:end IS NULL OR path < :end)
    AND deleted = 0 AND kind <> 1 ORDER BY path LIMIT :limit`
}

/** A whole page in one row: its paths as a list, and what the job's counters need to know of it. */
const PAGE_LIST = `SELECT paths, n, paths ->> '$[#-1]' AS last, bytes
  FROM (SELECT jsonb_group_array(path) AS paths, count(*) AS n, coalesce(sum(size), 0) AS bytes FROM (${pageOf('path, size')}))`
const PAGE = pageOf('path, size, 1 AS chosen')
/** Each entry with whether the text of its fields holds `:graph`. */
const PAGE_OF_GRAPH = pageOf('path, size, instr(fields, :graph) > 0 AS chosen')
const KEPT_LIST = `SELECT jsonb(:kept) AS paths`

const KEEP_LIST = 'INSERT INTO unwritten (job, chunk, selection, paths) VALUES (:job, :chunk, :selection, :paths)'

/** Prepares one page of work: wakes some items of a retry, or resolves a page of the present selection: its items, its chunk, the job's counters and the cursor change together. */
export function resolvePage(tx: Tx, id: string): void {
  const job = jobRow(tx, id)
  if (job['retrying'] !== 0) {
    wakeSome(tx, id)
    return
  }
  if (job['unresolved'] === 0) {
    clearFolders(tx, id, job) // or another turn was quicker: the job may be running, or even finished, by now
    return
  }
  const selection = tx.db.get('SELECT * FROM selection WHERE job = :job AND resolved = 0 ORDER BY no LIMIT 1', { job: job['key'] as number })
  if (job['cancelling'] === 1 || (selection === undefined && !resolveEntities(tx, job))) {
    endResolving(tx, id, jobRow(tx, id))
    return
  }
  if (selection === undefined) return
  const page = takePage(tx, job, selection)
  if (page.items > 0) addPage(tx, job, selection, page)
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
    const left = jobRow(tx, id)
    if (left['unresolved'] === 0) endResolving(tx, id, left)
  }
}

interface PageRead {
  /** The selection has no more after this page. */
  readonly ended: boolean
  readonly items: number
  readonly last: string | null
  readonly bytes: number
  /** Source paths, a JSON array in SQLite's binary form. */
  readonly paths: Uint8Array
}

/** The page as a chunk. Its items become rows at once where more is needed than a list: to be worked one by one, to have their bytes read first, for changes. */
function addPage(tx: Tx, job: Row, selection: Row, page: PageRead): void {
  const key = job['key'] as number
  const chunk = job['chunks'] as number
  const first = job['total'] as number
  const list = listOf(selection, first, page.paths)
  const serial = pageClashes(tx, selection, list)
  addChunk(tx, key, chunk, first, page.items, serial)
  const asRows = serial || selection['change'] !== null || job['verify'] !== VERIFY.indexOf('none') || crosses(tx, job) || namesPlaces(tx, key)
  if (asRows) writeItems(tx, key, list)
  else tx.db.run(KEEP_LIST, { job: key, chunk, selection: selection['no'] as number, paths: page.paths })
}

function takePage(tx: Tx, job: Row, selection: Row): PageRead {
  const prefix = selection['src_prefix'] as string
  const glob = selection['src_glob'] as string | null
  const graph = selection['src_graph'] as string | null
  if (lostGrant(tx, job, selection)) return standIn(tx, `${prefix}${glob ?? '*'}`)
  const where = {
    collection: selection['src_collection'] as number,
    end: prefixEnd(prefix),
    from: (selection['cursor'] as string | null) ?? prefix,
    cursor: (selection['cursor'] as string | null) ?? '',
    limit: CHUNK_ITEMS,
    // as fields hold it: what merely looks like it, in some value, makes an item that finds nothing to change
    graph: graph === null ? null : `"@graph":${JSON.stringify(graph)}`,
  }
  return glob === null && graph === null ? wholePage(tx, where) : matchingPage(tx, where, glob, prefix)
}

const GRANT = 'SELECT role FROM access_grant WHERE collection = :collection AND subject = :who'

/** Asked again for every page: what comes into a collection after a grant was taken back is never listed (I9). */
function lostGrant(tx: Tx, job: Row, selection: Row): boolean {
  const ends = [selection['src_collection'], selection['dst_collection']].filter(end => end !== null)
  return ends.some(collection => tx.db.get(GRANT, { collection: collection as number, who: job['submitted_by'] as string }) === undefined)
}

/** One item in the place of all that may no longer be seen: it fails for want of the grant, under the name of the selection itself. */
function standIn(tx: Tx, path: string): PageRead {
  return { ended: true, items: 1, last: null, bytes: 0, paths: binaryList(tx, [path]) }
}

function binaryList(tx: Tx, paths: readonly string[]): Uint8Array {
  return tx.db.get(KEPT_LIST, { kept: JSON.stringify(paths) })?.['paths'] as Uint8Array
}

function wholePage(tx: Tx, where: Params): PageRead {
  const page = tx.db.get(PAGE_LIST, where) as Row
  const items = page['n'] as number
  return { ended: items < CHUNK_ITEMS, items, last: page['last'] as string | null, bytes: page['bytes'] as number, paths: page['paths'] as Uint8Array }
}

/** The next page without what the glob does not match, and what is not in the graph. */
function matchingPage(tx: Tx, where: Params, glob: string | null, prefix: string): PageRead {
  const { kept, last, ended } = keepMatching(tx, where, glob === null ? () => true : globMatcher(glob), prefix)
  const bytes = kept.reduce((sum, row) => sum + (row['size'] as number), 0)
  const paths = binaryList(
    tx,
    kept.map(row => row['path'] as string),
  )
  return { ended, items: kept.length, last, bytes, paths }
}

/** A hostile glob may be slow, and so may long fields: the page then ends early, where the time is over, and the writer's other work goes on. */
const LOOK_BUDGET_MS = 20
/** Entries whose fields are read at once. */
const FIELDS_STEP = 200

function keepMatching(tx: Tx, where: Params, matches: (path: string) => boolean, prefix: string): { kept: Row[]; last: string | null; ended: boolean } {
  const until = performance.now() + LOOK_BUDGET_MS
  const kept: Row[] = []
  const [page, step] = where['graph'] === null ? [PAGE, CHUNK_ITEMS] : [PAGE_OF_GRAPH, FIELDS_STEP]
  let last: string | null = null
  for (let read = 0; read < CHUNK_ITEMS; read += step) {
    const rows = tx.db.all(page, { ...where, ...(last === null ? {} : { from: last, cursor: last }), limit: step })
    for (const row of rows) {
      last = row['path'] as string
      const rest = last.slice(prefix.length)
      // a folder named without its "/": the glob speaks of what lies in it
      if (row['chosen'] === 1 && matches(rest.startsWith('/') ? rest.slice(1) : rest)) kept.push(row)
      if (performance.now() > until) return { kept, last, ended: false }
    }
    if (rows.length < step) return { kept, last, ended: true }
  }
  return { kept, last, ended: false }
}

/** Between two collections a page's paths are distinct, unless a folder's "/" was left out; only else they must be looked at. */
function pageClashes(tx: Tx, selection: Row, list: List): boolean {
  const collection = selection['src_collection'] as number
  const destination = selection['dst_collection'] as number | null
  const prefix = selection['src_prefix'] as string
  if (destination === null) return false
  if (destination !== collection && (prefix === '' || prefix.endsWith('/'))) return false
  const clashes = new Clashes()
  for (const row of tx.db.all(listed(list.shape), list.params)) {
    clashes.add(collection, row['src_path'] as string, destination, row['to_path'] as string, false)
  }
  return clashes.found
}

/** A job whose items are all settled ends with the folders that it has emptied. */
function clearFolders(tx: Tx, id: string, job: Row): void {
  if (job['state'] !== 2 || (job['pending'] as number) + (job['running'] as number) > 0) return
  clearSome(tx, job)
  finishIfDone(tx, id)
}

function endResolving(tx: Tx, id: string, job: Row): void {
  const key = job['key'] as number
  tx.db.run('UPDATE selection SET resolved = 1 WHERE job = :key AND resolved = 0', { key })
  tx.db.run('UPDATE entity_selection SET resolved = 1 WHERE job = :key AND resolved = 0', { key })
  tx.db.run('UPDATE job SET unresolved = 0 WHERE key = :key', { key })
  startRunning(tx, id, job)
  finishIfDone(tx, id)
}
