import { ITEM_STATES } from '../../../model/item.ts'
import { Clashes } from '../../shared/clashes.ts'
import { collectionsOf, type Found, type Place } from '../../shared/found-entity.ts'
import { CHUNK_ITEMS } from '../../shared/intake.ts'
import { kindOf } from '../../shared/job-row.ts'
import { failedEntity, newItemRow, type NewItem } from '../../shared/new-items.ts'
import type { Row } from '../../shared/row.ts'
import { filesBeneath, foldersMade } from './entity-folders.ts'
import { lookUpEntity } from './entity-look.ts'
import { addChunk } from './intake.ts'
import { addEvent, nameCollections, type Tx } from './tx.ts'

/** How long one page may take, in milliseconds: its job, and the collections it writes, are locked meanwhile. */
const PAGE_MS = 15

const NEXT = 'SELECT * FROM entity_selection WHERE job = :job AND resolved = 0 ORDER BY no LIMIT 1'
const LOOKED_UP = `UPDATE entity_selection SET src_collection = :srcCollection, src_path = :srcPath, dst_collection = :dstCollection, dst_path = :dstPath,
  folders = :folders, clears = :clears WHERE job = :job AND no = :no RETURNING *`
const RESOLVED = 'UPDATE entity_selection SET resolved = 1, cursor = NULL WHERE job = :job AND no = :no'
const ONE_RESOLVED = 'UPDATE job SET unresolved = unresolved - 1 WHERE key = :job'

/**
 * Resolves entities of a job, in their order, into about a chunk of items: as many as fit, and of a big folder a part, with a cursor. True while there are
 * more. What is wrong with one entity fails one item.
 */
export async function resolveEntities(tx: Tx, job: Row): Promise<boolean> {
  const key = job['key'] as number
  const until = performance.now() + PAGE_MS
  const items: NewItem[] = []
  let selection = await tx.db.get(NEXT, { job: key })
  while (selection !== undefined && items.length < CHUNK_ITEMS && performance.now() < until) {
    if (await resolveSome(tx, job, selection, items)) {
      await tx.db.run(RESOLVED, { job: key, no: selection['no'] })
      await tx.db.run(ONE_RESOLVED, { job: key })
    }
    selection = await tx.db.get(NEXT, { job: key })
  }
  await addItems(tx, job, items)
  return selection !== undefined
}

/** Resolves an entity, or the next part of a folder; true when that was the last. */
async function resolveSome(tx: Tx, job: Row, selection: Row, items: NewItem[]): Promise<boolean> {
  const found = await lookUpEntity(tx, job, selection)
  await rememberCollections(tx, job, found)
  if ('reason' in found) {
    const failed = { reason: found.reason, selection: selection['no'] as number }
    items.push({ source: found.source, destination: null, size: 0, entity: selection['entity'], failed })
    return true
  }
  if (!found.isFolder) {
    items.push({ ...found, entity: selection['entity'], failed: null })
    return true
  }
  return resolveFolder(tx, job, await begun(tx, job, selection, found), items)
}

/** The ends of a folder are those it had when it was first looked at, whatever happens to it meanwhile. */
async function begun(tx: Tx, job: Row, selection: Row, { source, destination }: Exclude<Found, { readonly reason: unknown }>): Promise<Row> {
  if (selection['src_path'] !== null) return selection
  const stays = destination?.collection === source.collection && destination.path === source.path
  const looked = await tx.db.get(LOOKED_UP, {
    ...{ job: job['key'], no: selection['no'], srcCollection: source.collection, srcPath: source.path },
    ...{ dstCollection: destination?.collection ?? null, dstPath: destination?.path ?? null },
    folders: destination === null || job['dry_run'] === 1 ? 1 : 0,
    clears: kindOf(job) === 'copy' || stays ? 0 : 1,
  })
  return looked as Row
}

async function resolveFolder(tx: Tx, job: Row, selection: Row, items: NewItem[]): Promise<boolean> {
  if (selection['folders'] === 0) {
    await foldersMade(tx, job, selection)
    return false
  }
  const page = await filesBeneath(tx, job, selection, CHUNK_ITEMS - items.length)
  for (const file of page.files) items.push({ ...file, entity: null, failed: null })
  if (!page.ended || page.any) return page.ended
  // a folder without any file is one item by itself, so that the job's results name it
  const { source, destination } = endsOf(selection)
  items.push({ source, destination, size: 0, entity: selection['entity'], failed: null })
  return true
}

function endsOf(selection: Row): { readonly source: Place; readonly destination: Place | null } {
  const destination = selection['dst_path'] === null ? null : { collection: selection['dst_collection'] as number, path: selection['dst_path'] as string }
  return { source: { collection: selection['src_collection'] as number, path: selection['src_path'] as string }, destination }
}

/** What the job turns out to touch is named by it from now on: its grants and locks are asked again when the items are worked on. */
export async function rememberCollections(tx: Tx, job: Row, found: Found): Promise<void> {
  await nameCollections(tx, job['key'] as number, collectionsOf(kindOf(job), found))
}

const FAILED = ITEM_STATES.indexOf('failed')

const INSERT_ITEMS = `INSERT INTO item (job, seq, src_collection, src_path, dst_collection, dst_path, src_entity, state, attempts, reason, started_at, finished_at)
  SELECT :job::bigint, :first::bigint + n - 1, src_collection, src_path, dst_collection, dst_path, entity,
    CASE WHEN reason IS NULL THEN 0 ELSE ${FAILED} END, CASE WHEN reason IS NULL THEN 0 ELSE 1 END, reason,
    CASE WHEN reason IS NOT NULL THEN :now::bigint END, CASE WHEN reason IS NOT NULL THEN :now::bigint END
  FROM unnest(:srcCollections::integer[], :srcPaths::text[], :dstCollections::integer[], :dstPaths::text[], :entities::uuid[], :reasons::text[])
    WITH ORDINALITY AS v (src_collection, src_path, dst_collection, dst_path, entity, reason, n)`

const COUNT_ITEMS = `UPDATE job SET total = total + :n, pending = pending + :waiting, failed = failed + :failed, chunks = chunks + 1, bytes_total = bytes_total + :bytes,
  change = change + 1 WHERE key = :job`

const STANDS_FOR = 'INSERT INTO entity_item (job, seq, selection) SELECT :job, * FROM unnest(:seqs::bigint[], :selections::integer[])'

async function addItems(tx: Tx, job: Row, items: readonly NewItem[]): Promise<void> {
  if (items.length === 0) return
  const key = job['key'] as number
  const first = job['total'] as number
  const clashes = new Clashes()
  const rows = items.map(item => newItemRow(item, kindOf(job) === 'move', clashes))
  const [srcCollections, srcPaths, dstCollections, dstPaths, entities, reasons] = [0, 1, 2, 3, 4, 5].map(column => rows.map(row => row[column]))
  await tx.db.run(INSERT_ITEMS, { job: key, first, now: tx.now, srcCollections, srcPaths, dstCollections, dstPaths, entities, reasons })
  const lost = items.flatMap(({ failed, ...item }, at) => (failed === null ? [] : [{ ...item, ...failed, seq: first + at }]))
  const waiting = items.length - lost.length
  await addChunk(tx, key, job['chunks'] as number, first, items.length, clashes.found, waiting)
  const bytes = items.reduce((sum, item) => sum + item.size, 0)
  await tx.db.run(COUNT_ITEMS, { job: key, n: items.length, waiting, failed: lost.length, bytes })
  tx.work.settled({ failed: lost.length })
  if (lost.length === 0) return
  await tx.db.run(STANDS_FOR, { job: key, seqs: lost.map(({ seq }) => seq), selections: lost.map(({ selection }) => selection) })
  for (const { seq, reason, entity } of lost) addEvent(tx, key, 'item.failed', failedEntity(seq, entity, reason))
}
