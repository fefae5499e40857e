import { ITEM_STATES, type Reason } from '../../../model/item.ts'
import { failedEntity, newItemRow, type NewItem } from '../../shared/new-items.ts'
import type { Row } from '../database.ts'
import { itemId } from '../item-range.ts'
import { collectionsOf, type Found, type Place } from '../../shared/found-entity.ts'
import { lookUpEntity } from './entity-look.ts'
import { filesBeneath, foldersMade } from './entity-folders.ts'
import { addEvent } from './events.ts'
import { Clashes } from '../../shared/clashes.ts'
import { CHUNK_ITEMS } from '../../shared/intake.ts'
import { addChunk } from './intake.ts'
import { kindOf } from '../../shared/job-row.ts'
import { nameCollection, type Tx } from './tx.ts'

/** How long one page may take, in milliseconds: other work of the writer waits meanwhile. */
const PAGE_MS = 15

const NEXT = 'SELECT * FROM entity_selection INDEXED BY entity_selection_open WHERE job = :job AND resolved = 0 ORDER BY no LIMIT 1'
const LOOKED_UP = `UPDATE entity_selection SET src_collection = :srcCollection, src_path = :srcPath, dst_collection = :dstCollection, dst_path = :dstPath,
  folders = :folders, clears = :clears WHERE job = :job AND no = :no`
const RESOLVED = 'UPDATE entity_selection SET resolved = 1, cursor = NULL WHERE job = :job AND no = :no'

/**
 * Resolves entities of a job, in their order, into about a chunk of items: as many as fit, and of a big folder a part, with a cursor. True while there are
 * more. What is wrong with one entity fails one item.
 */
export function resolveEntities(tx: Tx, job: Row): boolean {
  const key = job['key'] as number
  const until = performance.now() + PAGE_MS
  const items: NewItem[] = []
  let selection = tx.db.get(NEXT, { job: key })
  while (selection !== undefined && items.length < CHUNK_ITEMS && performance.now() < until) {
    if (resolveSome(tx, job, selection, items)) {
      tx.db.run(RESOLVED, { job: key, no: selection['no'] as number })
      tx.db.run('UPDATE job SET unresolved = unresolved - 1 WHERE key = :job', { job: key })
    }
    selection = tx.db.get(NEXT, { job: key })
  }
  addItems(tx, job, items)
  return selection !== undefined
}

/** Resolves an entity, or the next part of a folder; true when that was the last. */
function resolveSome(tx: Tx, job: Row, selection: Row, items: NewItem[]): boolean {
  const found = lookUpEntity(tx, job, selection)
  rememberCollections(tx, job, found)
  if ('reason' in found) {
    items.push(failed(found, selection))
    return true
  }
  if (!found.isFolder) {
    items.push({ ...found, entity: selection['entity'], failed: null })
    return true
  }
  return resolveFolder(tx, job, begun(tx, job, selection, found), items)
}

function failed(found: Found & { readonly reason: Reason }, selection: Row): NewItem {
  return {
    source: found.source,
    destination: null,
    size: 0,
    entity: selection['entity'],
    failed: { reason: found.reason, selection: selection['no'] as number },
  }
}

/** The ends of a folder are those it had when it was first looked at, whatever happens to it meanwhile. */
function begun(tx: Tx, job: Row, selection: Row, { source, destination }: Found & { readonly destination: Place | null; readonly source: Place }): Row {
  if (selection['src_path'] !== null) return selection
  const stays = destination?.collection === source.collection && destination.path === source.path
  const ends = {
    ...{ job: job['key'] as number, no: selection['no'] as number, srcCollection: source.collection, srcPath: source.path },
    ...{ dstCollection: destination?.collection ?? null, dstPath: destination?.path ?? null },
    folders: destination === null || job['dry_run'] === 1 ? 1 : 0,
    clears: kindOf(job) === 'copy' || stays ? 0 : 1,
  }
  tx.db.run(LOOKED_UP, ends)
  return tx.db.get(NEXT, { job: ends.job }) as Row
}

function resolveFolder(tx: Tx, job: Row, selection: Row, items: NewItem[]): boolean {
  if (selection['folders'] === 0) {
    foldersMade(tx, job, selection)
    return false
  }
  const page = filesBeneath(tx, job, selection, CHUNK_ITEMS - items.length)
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
export function rememberCollections(tx: Tx, job: Row, found: Found): void {
  for (const [collection, writes] of collectionsOf(kindOf(job), found)) nameCollection(tx, job['key'] as number, collection, writes)
}

const FAILED = ITEM_STATES.indexOf('failed')

const INSERT_ITEMS = `INSERT INTO item (id, src_collection, src_path, dst_collection, dst_path, src_entity, state, attempts, reason, started_at, finished_at)
  SELECT ${itemId(':first + key')}, value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4),
    iif(value ->> 5 IS NULL, 0, ${FAILED}), value ->> 5 IS NOT NULL, value ->> 5, iif(value ->> 5 IS NULL, NULL, :now), iif(value ->> 5 IS NULL, NULL, :now)
  FROM json_each(:rows)`

const COUNT_ITEMS = `UPDATE job SET total = total + :n, pending = pending + :waiting, failed = failed + :failed, chunks = chunks + 1, bytes_total = bytes_total + :bytes,
  change = change + 1 WHERE key = :job`

function addItems(tx: Tx, job: Row, items: readonly NewItem[]): void {
  if (items.length === 0) return
  const key = job['key'] as number
  const first = job['total'] as number
  const clashes = new Clashes()
  const move = kindOf(job) === 'move'
  const rows = items.map(item => newItemRow(item, move, clashes))
  tx.db.run(INSERT_ITEMS, { job: key, first, rows: JSON.stringify(rows), now: tx.now })
  const lost = items.flatMap(({ failed, ...item }, at) => (failed === null ? [] : [{ ...item, ...failed, seq: first + at }]))
  const waiting = items.length - lost.length
  addChunk(tx, key, job['chunks'] as number, first, items.length, clashes.found, waiting)
  const bytes = items.reduce((sum, item) => sum + item.size, 0)
  tx.db.run(COUNT_ITEMS, { job: key, n: items.length, waiting, failed: lost.length, bytes })
  tx.work.settled({ failed: lost.length })
  for (const { seq, reason, selection, entity } of lost) {
    tx.db.run('INSERT INTO entity_item (job, seq, selection) VALUES (:job, :seq, :selection)', { job: key, seq, selection })
    addEvent(tx, key, 'item.failed', failedEntity(seq, entity, reason))
  }
}
