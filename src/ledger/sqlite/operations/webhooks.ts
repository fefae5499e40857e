import { MOST_WEBHOOKS } from '../../../model/webhook.ts'
import type { JobWebhook, NewWebhook, StoredWebhook } from '../../../ports/webhook-ledger.ts'
import { hookDeed } from '../../shared/audit.ts'
import { uuidBytes } from '../../shared/codec.ts'
import { maskOf, noWebhook, toWebhook, tooManyWebhooks } from '../../shared/webhook-codec.ts'
import type { Row } from '../database.ts'
import { lastEvent } from '../reads/jobs.ts'
import { HOOKS, KEPT } from '../reads/webhooks.ts'
import { record } from './audit.ts'
import { collectionKey, jobRow, type Tx } from './tx.ts'

const INSERT = `INSERT INTO webhook (id, url, collection, job, events, secret, created_by, created_at, since, fill_after, fill_through)
  VALUES (:id, :url, :collection, :job, :events, :secret, :by, :now, :since, :fillAfter, :fillThrough)`

/** Makes a hook: of a collection from the next event on, of a job from its first one. */
export function createWebhook(tx: Tx, hook: NewWebhook): StoredWebhook {
  const collection = hook.collection === null ? null : collectionKey(tx, hook.collection)
  const job = hook.job === null ? null : (jobRow(tx, hook.job)['key'] as number)
  refuseMore(tx, collection, job)
  insert(tx, hook, collection, job, job !== null)
  const row = keptHook(tx, hook.id)
  record(tx, hookDeed('webhook.create', row))
  return toWebhook(row)
}

/** Makes the hook of a job that is just being stored: no event of it can have been spread. */
export function addJobWebhook(tx: Tx, job: number, createdBy: string, hook: JobWebhook): void {
  insert(tx, { ...hook, createdBy }, null, job, false)
}

function insert(tx: Tx, hook: JobWebhook & { readonly createdBy: string }, collection: number | null, job: number | null, fill: boolean): void {
  const since = lastEvent(tx.db)
  tx.db.run(INSERT, {
    id: uuidBytes(hook.id),
    url: hook.url,
    collection,
    job,
    events: maskOf(hook.events),
    secret: hook.secret,
    by: hook.createdBy,
    now: tx.now,
    since,
    fillAfter: fill ? 0 : null,
    fillThrough: fill ? since : null,
  })
}

function refuseMore(tx: Tx, collection: number | null, job: number | null): void {
  const [column, what] = collection === null ? ['job', 'the job'] : ['collection', 'the collection']
  const n = tx.db.get(`SELECT count(*) AS n FROM webhook WHERE ${column} = :key AND removed = 0`, { key: collection ?? job })?.['n'] as number
  if (n >= MOST_WEBHOOKS) throw tooManyWebhooks(what)
}

function keptHook(tx: Tx, id: string): Row {
  const row = tx.db.get(`${HOOKS} WHERE w.id = :id AND ${KEPT}`, { id: uuidBytes(id) })
  if (row === undefined) throw noWebhook(id)
  return row
}

/** From now on it is nowhere to be seen; its rows go with the purge, however many they are. */
const REMOVE = 'UPDATE webhook SET removed = 1, ready_at = NULL, fill_after = NULL, fill_through = NULL'

export function deleteWebhook(tx: Tx, id: string): void {
  const row = keptHook(tx, id)
  tx.db.run(`${REMOVE} WHERE key = :key`, { key: row['key'] as number })
  record(tx, hookDeed('webhook.delete', row))
}

/** Removes the hooks of a collection, with it. */
export function removeCollectionWebhooks(tx: Tx, collection: number): void {
  tx.db.run(`${REMOVE} WHERE collection = :collection`, { collection })
}

const AGAIN = 'UPDATE webhook_delivery SET due_at = min(due_at, :now), first_at = NULL WHERE hook = :key AND due_at IS NOT NULL AND attempts > 0'
const ENABLE = `UPDATE webhook SET disabled = NULL, failing_since = NULL, failures = 0, since = max(since, :since),
  ready_at = CASE WHEN pending = 0 THEN NULL WHEN lease_until > :now THEN lease_until ELSE :now END WHERE key = :key`

/** What happened while it was disabled is not told any more: its events were not spread. */
export function enableWebhook(tx: Tx, id: string): StoredWebhook {
  const row = keptHook(tx, id)
  const key = row['key'] as number
  tx.db.run(AGAIN, { key, now: tx.now })
  tx.db.run(ENABLE, { key, now: tx.now, since: row['disabled'] === null ? 0 : lastEvent(tx.db) })
  return toWebhook(keptHook(tx, id))
}
