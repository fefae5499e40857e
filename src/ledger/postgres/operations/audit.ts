import type { Actor, AuditAction } from '../../../model/audit.ts'
import { actorParams, deedParams, INSERT_DEED, insertForJob, MOST_COLLECTIONS, type Deed } from '../../shared/audit.ts'
import type { Row } from '../../shared/row.ts'
import type { Tx } from './tx.ts'

/** Records what the operation did, in the name of whoever asked for it; of nobody's doing nothing. */
export async function record(tx: Tx, deed: Deed, actor: Actor | null = tx.actor): Promise<void> {
  if (actor !== null) await tx.db.run(INSERT_DEED, { now: tx.now, ...actorParams(actor), ...deedParams(deed) })
}

const INSERT_FOR_JOB = insertForJob((name, type) => `:${name}::${type}`)
const HOW_MANY = 'SELECT count(*)::integer AS n FROM job_collection WHERE job = :key'

/** Records what was done with a job (its row), once for each collection that it names. */
export async function recordJob(tx: Tx, action: AuditAction, job: Row, details: Deed['details'] = {}): Promise<void> {
  if (tx.actor === null) return
  const { key } = job
  const id = job['id'] as string
  const rows = await tx.db.run(INSERT_FOR_JOB, { now: tx.now, ...actorParams(tx.actor), action, job: id, details: JSON.stringify(details), key })
  if (rows === 0) await record(tx, { action, job: id, details })
  if (rows < MOST_COLLECTIONS) return
  const collections = (await tx.db.get(HOW_MANY, { key }))?.['n']
  if (collections !== MOST_COLLECTIONS) await record(tx, { action, job: id, details: { ...details, collections } })
}

const NEW_ONES = `SELECT c.key, c.id FROM collection c WHERE c.key = ANY(:collections::integer[])
  AND NOT EXISTS (SELECT 1 FROM job_collection n WHERE n.job = :key AND n.collection = c.key) ORDER BY c.key`

/** Records that a job turns out to name collections, as far as they are new: in the name of who submitted it. */
export async function recordNamed(tx: Tx, job: Row, collections: readonly number[]): Promise<void> {
  if (job['actor'] === null || collections.length === 0) return
  const actor = JSON.parse(job['actor'] as string) as Actor
  for (const row of await tx.db.all(NEW_ONES, { key: job['key'], collections })) {
    await record(tx, { action: 'job.submit', collection: row['key'] as number, collectionId: row['id'] as string, job: job['id'] as string }, actor)
  }
}

const PURGE_AUDIT = 'DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < :before ORDER BY at LIMIT :batch)'

/** Forgets a small batch of the records from before a time. */
export async function purgeAudit(tx: Tx, before: number, batch: number): Promise<number> {
  return tx.db.run(PURGE_AUDIT, { before, batch })
}
