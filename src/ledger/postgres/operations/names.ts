import { MOST_NAMES, NAME_KINDS, type NameKind } from '../../../model/names.ts'
import type { FieldType } from '../../../ports/ledger.ts'
import { tooManyNames } from '../../shared/refusals.ts'
import { lockedCollection, type Tx } from './tx.ts'

/** Names that are given again as they are write nothing. In their order, so that two who give the same ones do not wait in a circle. */
const SET_NAMES = `INSERT INTO name (subject, kind, name, value) SELECT :subject::text, :kind::smallint, n, v FROM unnest(:names::text[], :values::text[]) AS given (n, v) ORDER BY n
  ON CONFLICT (subject, kind, name) DO UPDATE SET value = excluded.value WHERE name.value <> excluded.value`

const COUNT_NAMES = 'SELECT count(*) AS n FROM name WHERE subject = :subject AND kind = :kind'

/** Gives names, in place of those given before. Throws `too_many_items`. */
export async function setNames(tx: Tx, subject: string, kind: NameKind, given: Readonly<Record<string, string>>): Promise<void> {
  const whose = { subject, kind: NAME_KINDS.indexOf(kind) }
  if ((await tx.db.run(SET_NAMES, { ...whose, names: Object.keys(given), values: Object.values(given) })) === 0) return
  const n = (await tx.db.get(COUNT_NAMES, whose))?.['n'] as number
  if (n > MOST_NAMES) throw tooManyNames(n, kind)
}

const ADD_TYPES = `INSERT INTO field_type (collection, field, type) SELECT :key::integer, f, t FROM unnest(:fields::text[], :types::text[]) AS added (f, t) ORDER BY f, t
  ON CONFLICT DO NOTHING`

/** Adds to the sets of types that fields have in a collection. Throws `collection_not_found`. */
export async function addFieldTypes(tx: Tx, collection: string, types: readonly FieldType[]): Promise<void> {
  const { key } = await lockedCollection(tx, collection, of => ({ key: of, alone: false }))
  await tx.db.run(ADD_TYPES, { key, fields: types.map(({ field }) => field), types: types.map(({ type }) => type) })
}
