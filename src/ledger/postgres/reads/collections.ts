import { ROLES, type Collection, type CollectionView, type Grant, type Role } from '../../../model/collection.ts'
import { decodeCursor, pageOf } from '../../../model/cursor.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import { laterOf, prefixEnd } from '../../../model/paths.ts'
import { toCollection, toRole } from '../../shared/codec.ts'
import type { Queries } from '../connection/queries.ts'

/** A live collection, or null. */
export async function collection(db: Queries, id: string): Promise<Collection | null> {
  const row = await db.get('SELECT * FROM collection WHERE id = :id AND deleted_at IS NULL', { id })
  return row === undefined ? null : toCollection(row)
}

const VISIBLE = `SELECT c.*, g.role FROM access_grant g JOIN collection c ON c.key = g.collection
  WHERE g.subject = :subject AND g.role >= :least AND c.deleted_at IS NULL AND c.id >= :from AND c.id <> :after AND (:end::text IS NULL OR c.id < :end)
  ORDER BY c.id LIMIT :limit`

/** The live collections a subject has a grant for, by id. */
export async function collections(db: Queries, subject: string, filter: { minRole?: Role; prefix?: string }, page: PageQuery): Promise<Page<CollectionView>> {
  const prefix = filter.prefix ?? ''
  const after = page.cursor === undefined ? '' : decodeCursor(page.cursor, 'string')
  const rows = await db.all(VISIBLE, {
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

const ROLES_ON = `SELECT c.id, g.role FROM collection c JOIN access_grant g ON g.collection = c.key AND g.subject = :subject
  WHERE c.id = ANY(:ids::text[]) AND c.deleted_at IS NULL`

/** A subject's role on a live collection, or null. */
export async function role(db: Queries, subject: string, id: string): Promise<Role | null> {
  return (await roles(db, subject, [id])).get(id) ?? null
}

/** A subject's roles on several collections; those without one are left out. */
export async function roles(db: Queries, subject: string, ids: readonly string[]): Promise<Map<string, Role>> {
  if (ids.length === 0) return new Map()
  return new Map((await db.all(ROLES_ON, { subject, ids })).map(row => [row['id'] as string, toRole(row['role'])]))
}

const GRANTS = `SELECT g.subject, g.role, g.granted_at FROM collection c JOIN access_grant g ON g.collection = c.key
  WHERE c.id = :id AND c.deleted_at IS NULL AND g.subject > :after ORDER BY g.subject LIMIT :limit`

/** The grants of a collection, by subject. */
export async function grants(db: Queries, id: string, page: PageQuery): Promise<Page<Grant>> {
  const after = page.cursor === undefined ? '' : decodeCursor(page.cursor, 'string')
  const rows = await db.all(GRANTS, { id, after, limit: page.limit + 1 })
  return pageOf(
    rows,
    page.limit,
    row => row['subject'] as string,
    row => ({ subject: row['subject'] as string, role: toRole(row['role']), grantedAt: row['granted_at'] as number }),
  )
}
