import { NAME_KINDS, type NameKind } from '../../../model/names.ts'
import type { Database } from '../database.ts'

/** The names of a kind that a subject has given, and what each stands for. */
export function names(db: Database, subject: string, kind: NameKind): Map<string, string> {
  const rows = db.all('SELECT name, value FROM name WHERE subject = :subject AND kind = :kind', { subject, kind: NAME_KINDS.indexOf(kind) })
  return new Map(rows.map(row => [row['name'] as string, row['value'] as string]))
}

const TYPES = `SELECT t.field, t.type FROM collection c CROSS JOIN json_each(:fields) f CROSS JOIN field_type t ON t.collection = c.key AND t.field = f.value
  WHERE c.id = :collection AND c.deleted_at IS NULL`

/** The types of these fields in a live collection; fields without any are left out. */
export function fieldTypes(db: Database, collection: string, fields: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const row of db.all(TYPES, { collection, fields: JSON.stringify(fields) })) {
    const field = row['field'] as string
    const types = found.get(field) ?? new Set()
    found.set(field, types.add(row['type'] as string))
  }
  return found
}
