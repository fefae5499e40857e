import type { Params } from '../database.ts'
import type { Tx } from './tx.ts'

/** Rows of a table that go when they are due: the statement that looks for one, and the one that deletes a batch. */
export interface DueRows {
  readonly look: string
  readonly deletion: string
}

/** `key`: what tells the table's rows apart; `order`: which go first. */
export function dueRows({
  table,
  key,
  where,
  order,
}: {
  readonly table: string
  readonly key: string
  readonly where: string
  readonly order?: string
}): DueRows {
  const ordered = order === undefined ? '' : ` ORDER BY ${order}`
  return {
    look: `SELECT 1 FROM ${table} WHERE ${where} LIMIT 1`,
    deletion: `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${where}${ordered} LIMIT :batch)`,
  }
}

/** Deletes at most `batch` of them; returns how many. Upkeep mostly finds none, and a deletion that finds none costs ten times what a look does. */
export function deleteDue(tx: Tx, { look, deletion }: DueRows, batch: number, params: Params): number {
  return tx.db.get(look, params) === undefined ? 0 : tx.db.run(deletion, { ...params, batch })
}
