import { randomBytes } from 'node:crypto'
import type { Tx } from './tx.ts'

const KEEP = 'INSERT INTO secret (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING'

/** The secret of that name, made at random by whoever asks first: all nodes have the same. */
export async function sharedSecret(tx: Tx, name: string, bytes: number): Promise<Uint8Array> {
  await tx.db.run(KEEP, { name, value: randomBytes(bytes) })
  const row = await tx.db.get('SELECT value FROM secret WHERE name = :name', { name })
  return row?.['value'] as Uint8Array
}
