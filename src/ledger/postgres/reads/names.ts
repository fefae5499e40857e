import { NAME_KINDS, type NameKind } from '../../../model/names.ts'
import type { Queries } from '../connection/queries.ts'

const NAMES = 'SELECT name, value FROM name WHERE subject = :subject AND kind = :kind'

/** The names of a kind that a subject has given, and what each stands for. */
export async function names(db: Queries, subject: string, kind: NameKind): Promise<Map<string, string>> {
  const rows = await db.all(NAMES, { subject, kind: NAME_KINDS.indexOf(kind) })
  return new Map(rows.map(row => [row['name'] as string, row['value'] as string]))
}

const TYPES = `SELECT t.field, t.type FROM collection c JOIN field_type t ON t.collection = c.key AND t.field = ANY(:fields::text[])
  WHERE c.id = :collection AND c.deleted_at IS NULL`

/** The types of these fields in a live collection; fields without any are left out. */
export async function fieldTypes(db: Queries, collection: string, fields: readonly string[]): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>()
  for (const row of await db.all(TYPES, { collection, fields })) {
    const field = row['field'] as string
    const types = found.get(field) ?? new Set()
    found.set(field, types.add(row['type'] as string))
  }
  return found
}
