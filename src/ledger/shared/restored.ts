import type { Row } from './row.ts'

/** Both ledgers keep it among their counters; of SQLite's `waybill restore` writes it, of PostgreSQL's who restores a dump (docs/deployment.md). */
export const RESTORED_AT = `SELECT value FROM counter WHERE name = 'restored_at'`

/** What the row of `RESTORED_AT` says. */
export function toRestoredAt(row: Row | undefined): number | null {
  return row === undefined ? null : Number(row['value'])
}
