import type { Tx } from './tx.ts'

const KEEP = 'INSERT INTO secret (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING'

/** What all nodes take under a name: the value of whoever proposed one first. */
export async function agreed(tx: Tx, name: string, proposed: Uint8Array): Promise<Uint8Array> {
  await tx.db.run(KEEP, { name, value: proposed })
  const row = await tx.db.get('SELECT value FROM secret WHERE name = :name', { name })
  return row?.['value'] as Uint8Array
}
