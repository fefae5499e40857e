import { tooManyNames } from '../../shared/refusals.ts'
import { MOST_NAMES, NAME_KINDS, type NameKind } from '../../../model/names.ts'
import type { FieldType } from '../../../ports/ledger.ts'
import { collectionKey, type Tx } from './tx.ts'

/** One JSON array a call, as for items. Names that are given again as they are write nothing. */
const SET_NAMES = `INSERT INTO name (subject, kind, name, value) SELECT :subject, :kind, value ->> 0, value ->> 1 FROM json_each(:rows) WHERE true
  ON CONFLICT (subject, kind, name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value`

const COUNT_NAMES = 'SELECT count(*) AS n FROM name WHERE subject = :subject AND kind = :kind'

/** Gives names, in place of those given before. Throws `too_many_items`. */
export function setNames(tx: Tx, subject: string, kind: NameKind, names: readonly (readonly [name: string, value: string])[]): void {
  const whose = { subject, kind: NAME_KINDS.indexOf(kind) }
  if (tx.db.run(SET_NAMES, { ...whose, rows: JSON.stringify(names) }) === 0) return
  const n = tx.db.get(COUNT_NAMES, whose)?.['n'] as number
  if (n > MOST_NAMES) throw tooManyNames(n, kind)
}

const ADD_TYPES = `INSERT OR IGNORE INTO field_type (collection, field, type) SELECT :key, value ->> 'field', value ->> 'type' FROM json_each(:types)`

/** Adds to the sets of types that fields have in a collection. Throws `collection_not_found`. */
export function addFieldTypes(tx: Tx, collection: string, types: readonly FieldType[]): void {
  tx.db.run(ADD_TYPES, { key: collectionKey(tx, collection), types: JSON.stringify(types) })
}
