import { globMatcher } from '../../../model/glob.ts'
import { VERIFY } from '../../../model/job.ts'
import { prefixEnd } from '../../../model/paths.ts'
import { isUuid } from '../../../model/text.ts'
import { Clashes } from '../../shared/clashes.ts'
import { CHUNK_ITEMS } from '../../shared/intake.ts'
import { kindOf } from '../../shared/job-row.ts'
import type { Row } from '../../shared/row.ts'
import type { Params } from '../connection/queries.ts'
import { listed, unwritten, type List } from '../unwritten.ts'
import { clearSome } from './clear-folders.ts'
import { resolveEntities } from './entities.ts'
import { finishIfDone } from './finish.ts'
import { addChunk } from './intake.ts'
import { crosses, startRunning } from './lease.ts'
import { namesPlaces } from './places/attached.ts'
import { wakeSome } from './retry.ts'
import { jobRow, lockedJob, lockJobCollections, type Tx } from './tx.ts'
import { dropList, writeItems } from './write-items.ts'

/** The next live entries of a selection, in path order after the cursor; `ended`: there is a path above them all. */
function pageOf(columns: string, ended: boolean): string {
  return `SELECT ${columns} FROM entry WHERE collection = :collection AND path >= :from AND path <> :cursor ${ended ? 'AND path < :end' : ''}
    AND deleted = 0 AND kind <> 1 ORDER BY path LIMIT :limit`
}

/** A whole page becomes a list without leaving the database; what the job's counters need to know of it comes back. */
function keepPage(ended: boolean): string {
  return `WITH page AS MATERIALIZED (${pageOf('path, size', ended)}),
      kept AS (INSERT INTO unwritten (job, chunk, selection, paths) SELECT :job, :chunk, :no, array_agg(path ORDER BY path) FROM page HAVING count(*) > 0)
    SELECT count(*) AS n, max(path) AS last, coalesce(sum(size), 0)::bigint AS bytes FROM page`
}

const KEEP_PAGE = { ended: keepPage(true), open: keepPage(false) }
const CHOSEN = 'path, size, 1 AS chosen'
const PAGE = { ended: pageOf(CHOSEN, true), open: pageOf(CHOSEN, false) }
/** Each entry with whether the text of its fields holds `:graph`. */
const IN_GRAPH = 'path, size, CASE WHEN strpos(fields, :graph) > 0 THEN 1 ELSE 0 END AS chosen'
const PAGE_OF_GRAPH = { ended: pageOf(IN_GRAPH, true), open: pageOf(IN_GRAPH, false) }

const KEEP_LIST = 'INSERT INTO unwritten (job, chunk, selection, paths) VALUES (:job, :chunk, :no, :paths)'
const NEXT_SELECTION = 'SELECT * FROM selection WHERE job = :job AND resolved = 0 ORDER BY no LIMIT 1'
const COUNT_PAGE =
  'UPDATE job SET total = total + :n, pending = pending + :n, chunks = chunks + :chunks, bytes_total = bytes_total + :bytes, change = change + 1 WHERE key = :job'
const GO_ON = 'UPDATE selection SET cursor = :cursor, resolved = :resolved WHERE job = :job AND no = :no'
const ONE_RESOLVED = 'UPDATE job SET unresolved = unresolved - 1 WHERE key = :job RETURNING *'
const KEY = 'SELECT key FROM job WHERE id = :id'

/** Prepares one page of work: wakes some items of a retry, or resolves a page of the present selection: its items, its chunk, the job's counters and the cursor change together. */
export async function resolvePage(tx: Tx, id: string): Promise<void> {
  const known = isUuid(id) ? await tx.db.get(KEY, { id }) : undefined
  if (known !== undefined) await lockJobCollections(tx, known['key'] as number)
  const job = await lockedJob(tx, id)
  if (job['retrying'] !== 0) {
    await wakeSome(tx, id)
    return
  }
  if (job['unresolved'] === 0) {
    await clearFolders(tx, id, job) // or another turn was quicker: the job may be running, or even finished, by now
    return
  }
  const key = job['key'] as number
  const selection = await tx.db.get(NEXT_SELECTION, { job: key })
  if (job['cancelling'] === 1 || (selection === undefined && !(await resolveEntities(tx, job)))) {
    await endResolving(tx, id, key)
    return
  }
  if (selection === undefined) return
  const page = await takePage(tx, job, selection)
  if (page.items > 0) await addPage(tx, job, selection, page)
  await tx.db.run(COUNT_PAGE, { job: key, n: page.items, chunks: page.items > 0 ? 1 : 0, bytes: page.bytes })
  await tx.db.run(GO_ON, { job: key, no: selection['no'], cursor: page.last ?? selection['cursor'], resolved: page.ended ? 1 : 0 })
  if (page.ended && (await tx.db.get(ONE_RESOLVED, { job: key }))?.['unresolved'] === 0) await endResolving(tx, id, key)
}

/** A page, whose list is kept. */
interface PageRead {
  /** The selection has no more after this page. */
  readonly ended: boolean
  readonly items: number
  readonly last: string | null
  readonly bytes: number
}

/** The page as a chunk. Its items become rows at once where more is needed than a list: to be worked one by one, to have their bytes read first, for updates. */
async function addPage(tx: Tx, job: Row, selection: Row, page: PageRead): Promise<void> {
  const key = job['key'] as number
  const no = job['chunks'] as number
  const serial = mayClash(selection)
  await addChunk(tx, key, no, job['total'] as number, page.items, false)
  const asRows = kindOf(job) === 'update' || job['verify'] !== VERIFY.indexOf('none') || (await crosses(tx, job)) || (await namesPlaces(tx, key))
  if (!serial && !asRows) return
  const list = await unwritten(tx.db, key, no)
  if (list === undefined) throw new Error('the list of the page is missing')
  const clashes = serial && (await pageClashes(tx, list))
  if (clashes) await tx.db.run('UPDATE chunk SET serial = 1 WHERE job = :key AND no = :no', { key, no })
  if (!clashes && !asRows) return
  await writeItems(tx, key, list)
  await dropList(tx, job, { no })
}

async function takePage(tx: Tx, job: Row, selection: Row): Promise<PageRead> {
  const prefix = selection['src_prefix'] as string
  const glob = selection['src_glob'] as string | null
  const graph = selection['src_graph'] as string | null
  const chunk = { job: job['key'], chunk: job['chunks'], no: selection['no'] }
  if (await lostGrant(tx, job, selection)) return standIn(tx, chunk, `${prefix}${glob ?? '*'}`)
  const where = {
    collection: selection['src_collection'],
    end: prefixEnd(prefix),
    from: selection['cursor'] ?? prefix,
    cursor: selection['cursor'] ?? '',
    // as fields hold it: what merely looks like it, in some value, makes an item that finds nothing to change
    graph: graph === null ? null : `"@graph":${JSON.stringify(graph)}`,
  }
  return glob === null && graph === null ? wholePage(tx, chunk, where) : matchingPage(tx, chunk, where, glob, prefix)
}

const GRANT = 'SELECT role FROM access_grant WHERE collection = :collection AND subject = :who'

/** Asked again for every page: what comes into a collection after a grant was taken back is never listed (I9). */
async function lostGrant(tx: Tx, job: Row, selection: Row): Promise<boolean> {
  for (const collection of [selection['src_collection'], selection['dst_collection']]) {
    if (collection !== null && (await tx.db.get(GRANT, { collection, who: job['submitted_by'] })) === undefined) return true
  }
  return false
}

/** One item in the place of all that may no longer be seen: it fails for want of the grant, under the name of the selection itself. */
async function standIn(tx: Tx, chunk: Params, path: string): Promise<PageRead> {
  await tx.db.run(KEEP_LIST, { ...chunk, paths: [path] })
  return { ended: true, items: 1, last: null, bytes: 0 }
}

async function wholePage(tx: Tx, chunk: Params, where: Params): Promise<PageRead> {
  const page = (await tx.db.get(KEEP_PAGE[where['end'] === null ? 'open' : 'ended'], { ...chunk, ...where, limit: CHUNK_ITEMS })) as Row
  const items = page['n'] as number
  return { ended: items < CHUNK_ITEMS, items, last: page['last'] as string | null, bytes: page['bytes'] as number }
}

/** The next page without what the glob does not match, and what is not in the graph. */
async function matchingPage(tx: Tx, chunk: Params, where: Params, glob: string | null, prefix: string): Promise<PageRead> {
  const { kept, last, ended } = await keepMatching(tx, where, glob === null ? () => true : globMatcher(glob), prefix)
  if (kept.length > 0) await tx.db.run(KEEP_LIST, { ...chunk, paths: kept.map(row => row['path']) })
  return { ended, items: kept.length, last, bytes: kept.reduce((sum, row) => sum + (row['size'] as number), 0) }
}

/** A hostile glob may be slow, and so may long fields: the page then ends early, where the time is over, and other work goes on. */
const LOOK_BUDGET_MS = 20
/** Entries whose fields are looked at before the time is. */
const FIELDS_STEP = 200

async function keepMatching(
  tx: Tx,
  where: Params,
  matches: (path: string) => boolean,
  prefix: string,
): Promise<{ kept: Row[]; last: string | null; ended: boolean }> {
  const until = performance.now() + LOOK_BUDGET_MS
  const kept: Row[] = []
  const [page, step] = where['graph'] === null ? [PAGE, CHUNK_ITEMS] : [PAGE_OF_GRAPH, FIELDS_STEP]
  let last: string | null = null
  for (let read = 0; read < CHUNK_ITEMS; read += step) {
    const from: Params = last === null ? {} : { from: last, cursor: last }
    const rows = await tx.db.all(page[where['end'] === null ? 'open' : 'ended'], { ...where, ...from, limit: step })
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
function mayClash(selection: Row): boolean {
  const prefix = selection['src_prefix'] as string
  if (selection['dst_collection'] === null) return false
  return selection['dst_collection'] === selection['src_collection'] || (prefix !== '' && !prefix.endsWith('/'))
}

async function pageClashes(tx: Tx, list: List): Promise<boolean> {
  const clashes = new Clashes()
  for (const row of await tx.db.all(listed(list.shape), list.params)) {
    clashes.add(row['src_collection'] as number, row['src_path'] as string, row['dst_collection'] as number, row['to_path'] as string, false)
  }
  return clashes.found
}

/** A job whose items are all settled ends with the folders that it has emptied. */
async function clearFolders(tx: Tx, id: string, job: Row): Promise<void> {
  if (job['state'] !== 2 || (job['pending'] as number) + (job['running'] as number) > 0) return
  await clearSome(tx, job)
  await finishIfDone(tx, id)
}

async function endResolving(tx: Tx, id: string, key: number): Promise<void> {
  await tx.db.run('UPDATE selection SET resolved = 1 WHERE job = :key AND resolved = 0', { key })
  await tx.db.run('UPDATE entity_selection SET resolved = 1 WHERE job = :key AND resolved = 0', { key })
  await tx.db.run('UPDATE job SET unresolved = 0 WHERE key = :key', { key })
  await startRunning(tx, id)
  await finishIfDone(tx, id, await jobRow(tx, id))
}
