import { isRevision, type Entry } from '../../../model/entry.ts'
import type { ChildFilter, Children } from '../../../ports/ledger.ts'
import { liveChildren, liveEntity } from '../addressable.ts'
import { hexBytes, toEntry, uuidBytes } from '../../shared/codec.ts'
import { READABLE } from '../../shared/readable.ts'
import type { Database, Params, Row } from '../database.ts'
import { keyOf } from './entries.ts'

const BY_ENTITY = `SELECT e.*, c.id FROM entry e CROSS JOIN collection c ON c.key = e.collection AND c.deleted_at IS NULL
  WHERE ${liveEntity('e', ':entity')} AND ${READABLE}`

/** The live entries with these entity ids, each once, where the reader may know of them. */
export function entriesById(db: Database, entityIds: readonly string[], reader: string): Entry[] {
  return [...new Set(entityIds)].flatMap(id => {
    const entity = uuidBytes(id)
    const row = entity === null ? undefined : db.get(BY_ENTITY, { entity, reader })
    return row === undefined ? [] : [entryOf(row)]
  })
}

function entryOf(row: Row): Entry {
  return toEntry(row, row['id'] as string)
}

const byRevision = (table: 'entry' | 'history'): string =>
  `SELECT e.*, c.id FROM ${table} e CROSS JOIN collection c ON c.key = e.collection AND c.deleted_at IS NULL WHERE e.revision = :revision AND e.collection < 0 AND ${READABLE}`
const PRESENT = byRevision('entry')
const SUPERSEDED = byRevision('history')

/** The version with that revision, present or superseded, or null: both are looked for, that the time it takes does not tell which there is. */
export function entryByRevision(db: Database, revision: string, reader: string): Entry | null {
  if (!isRevision(revision)) return null
  const which = { revision: hexBytes(revision), reader }
  const present = db.get(PRESENT, which)
  const superseded = db.get(SUPERSEDED, which)
  const row = present ?? superseded
  return row === undefined ? null : entryOf(row)
}

/** A member of the fields as text, as the filters name it: numbers as they are written, true and false by their names. */
const AS_TEXT = `CASE f.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(f.atom AS TEXT) END`

/** True when every condition of `:where` holds: a member, or an element of a member that is a list, is one of its values. */
const FIELDS_MATCH = `NOT EXISTS (SELECT 1 FROM json_each(:where) w WHERE coalesce(json_type(e.fields, w.value ->> 0), 'object') = 'object'
  OR NOT EXISTS (SELECT 1 FROM json_each(e.fields, w.value ->> 0) f WHERE ${AS_TEXT} IN (SELECT value FROM json_each(w.value -> 1))))`

const MATCHING = `FROM ${liveChildren('e', ':key', ':folder')} AND (:where IS NULL OR ${FIELDS_MATCH})`
const NAMED = 'AND e.path IN (SELECT value FROM json_each(:paths))'

/** Entries directly in a folder, in path order, and how many there are. */
export function children(db: Database, collection: string, folder: string, filter: ChildFilter, page: { offset: number; limit: number }): Children {
  const key = keyOf(db, collection)
  if (key === null) return { items: [], total: 0 }
  const matching = filter.names === undefined ? MATCHING : `${MATCHING} ${NAMED}`
  const where: Params = { key, folder, paths: pathsOf(folder, filter), where: conditionsOf(filter) }
  const total = db.get(`SELECT count(*) AS n ${matching}`, where)?.['n'] as number
  const rows = db.all(`SELECT e.* ${matching} ORDER BY e.path LIMIT :limit OFFSET :offset`, { ...where, ...page })
  return { items: rows.map(row => toEntry(row, collection)), total }
}

function pathsOf(folder: string, { names }: ChildFilter): string | null {
  return names === undefined ? null : JSON.stringify(names.map(name => (folder === '' ? name : `${folder}/${name}`)))
}

/** Each condition as a JSON path of SQLite and its values. */
function conditionsOf({ where }: ChildFilter): string | null {
  if (where === undefined || where.length === 0) return null
  return JSON.stringify(where.map(({ field, values }) => [`$${field.map(name => `.${JSON.stringify(name)}`).join('')}`, values]))
}
