import { DELIVERY_STATES } from '../../../model/webhook.ts'
import type { Settlement, WebhookClaim } from '../../../ports/webhook-ledger.ts'
import { uuidBytes } from '../../shared/codec.ts'
import { PENDING, settledHook, toClaim } from '../../shared/webhook-codec.ts'
import type { Row } from '../database.ts'
import { HOOKS } from '../reads/webhooks.ts'
import type { Tx } from './tx.ts'

const CLAIM = `UPDATE webhook SET lease_worker = :worker, lease_until = :until, ready_at = :until, lease_token = lease_token + 1
  WHERE key = (SELECT key FROM webhook WHERE ready_at <= :now ORDER BY ready_at LIMIT 1) RETURNING key`

/** Events that were purged are told from what was kept of them. */
const DUE_EVENTS = `SELECT d.hook, d.event, d.type, d.attempts, d.first_at, coalesce(d.at, e.at) AS at, coalesce(d.data, e.data) AS data, j.id AS job_id
  FROM webhook_delivery d LEFT JOIN event e ON e.id = d.event CROSS JOIN job j ON j.key = d.job
  WHERE d.hook = :hook AND d.due_at IS NOT NULL AND d.due_at <= :now`
const DUE = `${DUE_EVENTS} ORDER BY d.due_at, d.event LIMIT :limit`
const MOST_TRIED = `${DUE_EVENTS} AND d.attempts > 0 ORDER BY d.attempts DESC, d.due_at LIMIT 1`

/** Takes the hook that has waited longest. */
export function claimWebhook(tx: Tx, worker: string, leaseMs: number, batch: number): WebhookClaim | null {
  const hook = tx.db.get(CLAIM, { worker, now: tx.now, until: tx.now + leaseMs })?.['key'] as number | undefined
  if (hook === undefined) return null
  const row = tx.db.get(`${HOOKS} WHERE w.key = :hook`, { hook })
  if (row === undefined) throw new Error('the claimed webhook is gone')
  return toClaim(row, due(tx, row, batch))
}

/**
 * What a hook is sent. One that fails is tried with one event: when that is taken, the others follow. By turns that is one that was not tried yet, lest the hook wait
 * for an event that is never taken, and the one that was tried most, lest those that are taken at last wait for each other.
 */
function due(tx: Tx, row: Row, batch: number): Row[] {
  const hook = row['key'] as number
  if (row['failing_since'] === null) return tx.db.all(DUE, { hook, now: tx.now, limit: batch })
  const tried = (row['failures'] as number) % 2 === 1 ? tx.db.all(MOST_TRIED, { hook, now: tx.now }) : []
  return tried.length > 0 ? tried : tx.db.all(DUE, { hook, now: tx.now, limit: 1 })
}

const HELD = 'SELECT * FROM webhook WHERE id = :id AND lease_token = :token AND removed = 0'
const SETTLE = `UPDATE webhook_delivery SET state = :state, due_at = :dueAt, attempts = attempts + :tried, first_at = CASE WHEN :tried THEN coalesce(first_at, :now) END,
  last_at = :now, status = :status, error = :error, at = iif(:dueAt IS NULL, NULL, at), data = iif(:dueAt IS NULL, NULL, data)
  WHERE hook = :hook AND event = :event AND due_at IS NOT NULL`
const NEXT_DUE = 'SELECT due_at FROM webhook_delivery WHERE hook = :hook AND due_at IS NOT NULL ORDER BY due_at LIMIT 1'
const GIVE_BACK = `UPDATE webhook SET disabled = :disabled, failing_since = :failingSince, failures = :failures, last_at = :lastAt, last_status = :lastStatus,
  last_error = :lastError, pending = pending - :settled, ready_at = :readyAt, lease_until = NULL, lease_worker = NULL,
  removed = CASE WHEN ending = 1 AND (pending = :settled OR :disabled IS NOT NULL) THEN 1 ELSE removed END WHERE key = :hook`

/** Writes down what came of a claim. False, and nothing, when another has taken the hook over. */
export function settleDeliveries(tx: Tx, claim: { readonly hook: { readonly id: string }; readonly token: number }, settlement: Settlement): boolean {
  const row = tx.db.get(HELD, { id: uuidBytes(claim.hook.id), token: claim.token })
  if (row === undefined) return false
  const hook = row['key'] as number
  let settled = 0
  for (const { event, state, status, error, nextAt } of settlement.results) {
    const code = DELIVERY_STATES.indexOf(state)
    const tried = state === 'withheld' ? 0 : 1
    const changed = tx.db.run(SETTLE, { hook, event, state: code, dueAt: nextAt, tried, status, error, now: tx.now })
    if (code !== PENDING) settled += changed
  }
  const next = tx.db.get(NEXT_DUE, { hook })?.['due_at'] as number | undefined
  const readyAt = next === undefined || settlement.disabled !== null ? null : Math.max(next, settlement.notBefore ?? 0)
  tx.db.run(GIVE_BACK, { hook, settled, readyAt, ...settledHook(row, settlement, tx.now) })
  return true
}

/** Gives back what a process that is gone was sending. */
export function releaseWebhooks(tx: Tx): void {
  tx.db.run('UPDATE webhook SET lease_until = NULL, ready_at = :now WHERE lease_until IS NOT NULL AND removed = 0', { now: tx.now })
}
