import { isUuid } from '../../../model/text.ts'
import { MOST_WEBHOOKS } from '../../../model/webhook.ts'
import type { JobWebhook, NewWebhook, StoredWebhook } from '../../../ports/webhook-ledger.ts'
import { hookDeed } from '../../shared/audit.ts'
import { maskOf, noWebhook, toWebhook, tooManyWebhooks } from '../../shared/webhook-codec.ts'
import type { Row } from '../../shared/row.ts'
import { WEBHOOK_LOCK } from '../advisory-locks.ts'
import { lastEvent } from '../reads/jobs.ts'
import { HOOKS, KEPT } from '../reads/webhooks.ts'
import { record } from './audit.ts'
import { alone, lockedCollection, lockedJob, type Tx } from './tx.ts'

const INSERT = `INSERT INTO webhook (id, url, collection, job, events, secret, created_by, created_at, since, fill_after, fill_through)
  VALUES (:id, :url, :collection, :job, :events, :secret, :by, :now, :since, :fillAfter, :fillThrough)`

/** Makes a hook: of a collection from the next event on, of a job from its first one. */
export async function createWebhook(tx: Tx, hook: NewWebhook): Promise<StoredWebhook> {
  // locked: what is being deleted or purged is not hooked meanwhile, and of two hooks the second sees the first when they are counted
  const collection = hook.collection === null ? null : ((await lockedCollection(tx, hook.collection, alone))['key'] as number)
  const job = hook.job === null ? null : ((await lockedJob(tx, hook.job))['key'] as number)
  await tx.db.run(`SELECT pg_advisory_xact_lock_shared(${WEBHOOK_LOCK}, 0)`)
  await refuseMore(tx, collection, job)
  await insert(tx, hook, collection, job, job !== null)
  const row = await keptHook(tx, hook.id)
  await record(tx, hookDeed('webhook.create', row))
  return toWebhook(row)
}

/** Makes the hook of a job that is just being stored: no event of it can have been spread. */
export async function addJobWebhook(tx: Tx, job: number, createdBy: string, hook: JobWebhook): Promise<void> {
  await insert(tx, { ...hook, createdBy }, null, job, false)
}

async function insert(tx: Tx, hook: JobWebhook & { readonly createdBy: string }, collection: number | null, job: number | null, fill: boolean): Promise<void> {
  const since = await lastEvent(tx.db)
  await tx.db.run(INSERT, {
    id: hook.id,
    url: hook.url,
    collection,
    job,
    events: maskOf(hook.events),
    secret: Buffer.from(hook.secret),
    by: hook.createdBy,
    now: tx.now,
    since,
    fillAfter: fill ? 0 : null,
    fillThrough: fill ? since : null,
  })
}

async function refuseMore(tx: Tx, collection: number | null, job: number | null): Promise<void> {
  const [column, what] = collection === null ? ['job', 'the job'] : ['collection', 'the collection']
  const counted = await tx.db.get(`SELECT count(*) AS n FROM webhook WHERE ${column} = :key AND removed = 0`, { key: collection ?? job })
  if (Number(counted?.['n']) >= MOST_WEBHOOKS) throw tooManyWebhooks(what)
}

const HOOK = `${HOOKS} WHERE w.id = :id AND ${KEPT}`

async function keptHook(tx: Tx, id: string): Promise<Row> {
  const row = isUuid(id) ? await tx.db.get(HOOK, { id }) : undefined
  if (row === undefined) throw noWebhook(id)
  return row
}

/** From now on it is nowhere to be seen; its rows go with the purge, however many they are. */
const REMOVE = 'UPDATE webhook SET removed = 1, ready_at = NULL, fill_after = NULL, fill_through = NULL'

export async function deleteWebhook(tx: Tx, id: string): Promise<void> {
  const row = await keptHook(tx, id)
  await tx.db.run(`${REMOVE} WHERE key = :key`, { key: row['key'] })
  await record(tx, hookDeed('webhook.delete', row))
}

/** Removes the hooks of a collection, with it. */
export async function removeCollectionWebhooks(tx: Tx, collection: number): Promise<void> {
  await tx.db.run(`${REMOVE} WHERE collection = :collection`, { collection })
}

const LOCK = 'SELECT 1 FROM webhook WHERE key = :key FOR UPDATE'
const AGAIN = 'UPDATE webhook_delivery SET due_at = least(due_at, :now), first_at = NULL WHERE hook = :key AND due_at IS NOT NULL AND attempts > 0'
const ENABLE = `UPDATE webhook SET disabled = NULL, failing_since = NULL, failures = 0, since = CASE WHEN disabled IS NULL THEN since ELSE greatest(since, :since) END,
  ready_at = CASE WHEN pending = 0 THEN NULL WHEN lease_until > :now THEN lease_until ELSE :now END WHERE key = :key`

/** What happened while it was disabled is not told any more: its events were not spread. */
export async function enableWebhook(tx: Tx, id: string): Promise<StoredWebhook> {
  const { key } = await keptHook(tx, id)
  await tx.db.run(`SELECT pg_advisory_xact_lock_shared(${WEBHOOK_LOCK}, 0)`)
  await tx.db.get(LOCK, { key })
  await tx.db.run(AGAIN, { key, now: tx.now })
  await tx.db.run(ENABLE, { key, now: tx.now, since: await lastEvent(tx.db) })
  return toWebhook(await keptHook(tx, id))
}
