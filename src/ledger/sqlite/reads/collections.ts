import { ROLES, type Collection, type CollectionView, type Grant, type Role } from '../../../model/collection.ts'
import { decodeCursor, pageOf } from '../../../model/cursor.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import { laterOf, prefixEnd } from '../../../model/paths.ts'
import { toCollection, toRole } from '../../shared/codec.ts'
import type { Database } from '../database.ts'

/** A live collection, or null. */
export function collection(db: Database, id: string): Collection | null {
  const row = db.get('SELECT * FROM collection WHERE id = :id AND deleted_at IS NULL', { id })
  return row === undefined ? null : toCollection(row)
}

const VISIBLE = `SELECT c.*, g.role FROM access_grant g CROSS JOIN collection c ON c.key = g.collection
  WHERE g.subject = :subject AND g.role >= :least AND c.deleted_at IS NULL AND c.id >= :from AND c.id <> :after AND (:end IS NULL OR c.id < :end)
  ORDER BY c.id LIMIT :limit`

/** The live collections a subject has a grant for, by id. */
export function collections(db: Database, subject: string, filter: { minRole?: Role; prefix?: string }, page: PageQuery): Page<CollectionView> {
  const prefix = filter.prefix ?? ''
  const after = page.cursor === undefined ? '' : decodeCursor(page.cursor, 'string')
  const rows = db.all(VISIBLE, {
    subject,
    least: filter.minRole === undefined ? 0 : ROLES.indexOf(filter.minRole),
    from: laterOf(prefix, after),
    after,
    end: prefixEnd(prefix),
    limit: page.limit + 1,
  })
  return pageOf(
    rows,
    page.limit,
    row => row['id'] as string,
    row => ({ ...toCollection(row), role: toRole(row['role']) }),
  )
}

const ROLE = `SELECT g.role FROM collection c CROSS JOIN access_grant g ON g.collection = c.key AND g.subject = :subject
  WHERE c.id = :id AND c.deleted_at IS NULL`

/** A subject's role on a live collection, or null. */
export function role(db: Database, subject: string, id: string): Role | null {
  const row = db.get(ROLE, { subject, id })
  return row === undefined ? null : toRole(row['role'])
}

/** A subject's roles on several collections; those without one are left out. */
export function roles(db: Database, subject: string, ids: readonly string[]): Map<string, Role> {
  const found = new Map<string, Role>()
  for (const id of ids) {
    const one = role(db, subject, id)
    if (one !== null) found.set(id, one)
  }
  return found
}

/** The grants of a collection, by subject. */
export function grants(db: Database, id: string, page: PageQuery): Page<Grant> {
  const rows = db.all(
    `SELECT g.subject, g.role, g.granted_at FROM collection c CROSS JOIN access_grant g ON g.collection = c.key
     WHERE c.id = :id AND c.deleted_at IS NULL AND g.subject > :after ORDER BY g.subject LIMIT :limit`,
    { id, after: page.cursor === undefined ? '' : decodeCursor(page.cursor, 'string'), limit: page.limit + 1 },
  )
  return pageOf(
    rows,
    page.limit,
    row => row['subject'] as string,
    row => ({
      subject: row['subject'] as string,
      role: toRole(row['role']),
      grantedAt: row['granted_at'] as number,
    }),
  )
}
