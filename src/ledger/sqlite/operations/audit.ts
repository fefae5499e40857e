import type { Actor, AuditAction } from '../../../model/audit.ts'
import { actorParams, deedParams, INSERT_DEED, insertForJob, MOST_COLLECTIONS, type Deed } from '../../shared/audit.ts'
import { uuidText } from '../../shared/codec.ts'
import type { Row } from '../database.ts'
import { deleteDue, dueRows } from './due-rows.ts'
import type { Tx } from './tx.ts'

/** Records what the operation did, in the name of whoever asked for it; of nobody's doing nothing. */
export function record(tx: Tx, deed: Deed, actor: Actor | null = tx.actor): void {
  if (actor !== null) tx.db.run(INSERT_DEED, { now: tx.now, ...actorParams(actor), ...deedParams(deed) })
}

const INSERT_FOR_JOB = insertForJob(name => `:${name}`)
const HOW_MANY = 'SELECT count(*) AS n FROM job_collection WHERE job = :key'

/** Records what was done with a job (its row), once for each collection that it names. */
export function recordJob(tx: Tx, action: AuditAction, job: Row, details: Deed['details'] = {}): void {
  if (tx.actor === null) return
  const key = job['key'] as number
  const id = uuidText(job['id'])
  const rows = tx.db.run(INSERT_FOR_JOB, { now: tx.now, ...actorParams(tx.actor), action, job: id, details: JSON.stringify(details), key })
  if (rows === 0) record(tx, { action, job: id, details })
  if (rows < MOST_COLLECTIONS) return
  const collections = tx.db.get(HOW_MANY, { key })?.['n']
  if (collections !== MOST_COLLECTIONS) record(tx, { action, job: id, details: { ...details, collections } })
}

const NAMED = 'SELECT 1 FROM job_collection WHERE job = :key AND collection = :collection'
const ID = 'SELECT id FROM collection WHERE key = :collection'

/** Records that a job turns out to name a collection, unless it is known: in the name of who submitted it. */
export function recordNamed(tx: Tx, job: Row, collection: number): void {
  if (job['actor'] === null || tx.db.get(NAMED, { key: job['key'] as number, collection }) !== undefined) return
  const collectionId = tx.db.get(ID, { collection })?.['id'] as string
  record(tx, { action: 'job.submit', collection, collectionId, job: uuidText(job['id']) }, JSON.parse(job['actor'] as string) as Actor)
}

const OLD = dueRows({ table: 'audit', key: 'id', where: 'at < :before', order: 'at' })

/** Forgets a small batch of the records from before a time. */
export function purgeAudit(tx: Tx, before: number, batch: number): number {
  return deleteDue(tx, OLD, batch, { before })
}
