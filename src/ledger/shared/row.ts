/** A row as a ledger's driver gives it: small integers as numbers; bytes as bytes, or, of UUIDs and revisions, as the database's own text. */
export type Row = Record<string, unknown>
