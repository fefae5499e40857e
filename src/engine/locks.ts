import type { Caller } from '../model/access.ts'
import { WaybillError } from '../model/errors.ts'
import { roleAtLeast } from '../model/collection.ts'
import { lockedBy, MAX_LOCK_SECONDS, type Lock } from '../model/lock.ts'
import { checkPath } from '../model/paths.ts'
import { textFault } from '../model/text.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { LedgerOf } from '../ports/recording.ts'
import type { Access } from './access.ts'
import type { Locks } from './api.ts'

/** Locks on collections and paths. */
export class LockService implements Locks {
  readonly #ledger: Ledger
  readonly #by: LedgerOf
  readonly #access: Access

  constructor(parts: { ledger: Ledger; by: LedgerOf; access: Access }) {
    this.#ledger = parts.ledger
    this.#by = parts.by
    this.#access = parts.access
  }

  async acquire(caller: Caller, collection: string, path: string | null, request: { readonly ttlSeconds: number; readonly reason?: string }): Promise<Lock> {
    await this.#access.requireRole(caller, collection, 'readwrite')
    if (path !== null) checkPath(path)
    const { ttlSeconds } = request
    if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > MAX_LOCK_SECONDS) {
      throw new WaybillError('invalid_request', `a lock lasts from 1 to ${MAX_LOCK_SECONDS} whole seconds, not ${ttlSeconds}; renew it while you need it`)
    }
    const fault = textFault(request.reason ?? '')
    if (fault !== null) throw new WaybillError('invalid_request', `the reason ${fault}`, { errors: [{ pointer: '/reason', detail: fault }] })
    return this.#by(caller).acquireLock({ collection, path, holder: caller.subject, reason: request.reason ?? null, ttlMs: ttlSeconds * 1000 })
  }

  async release(caller: Caller, collection: string, path: string | null): Promise<void> {
    const role = await this.#access.requireRole(caller, collection, 'readwrite')
    if (path !== null) checkPath(path)
    await this.#by(caller).releaseLock(collection, path, roleAtLeast(role, 'admin') ? null : caller.subject)
  }

  async over(caller: Caller, collection: string, path: string | null): Promise<readonly Lock[]> {
    await this.#access.requireRole(caller, collection, 'readonly')
    if (path !== null) checkPath(path)
    return this.#ledger.locksOver(collection, path)
  }

  async refuse(caller: Caller, collection: string, path: string | null): Promise<void> {
    await this.#access.requireRole(caller, collection, 'readonly')
    await refuseLocked(this.#ledger, caller, collection, path)
  }
}

/** Throws `locked`, naming the holder and the expiry, when another subject's lock lies over the path or the collection. */
export async function refuseLocked(ledger: Ledger, caller: Caller, collection: string, path: string | null): Promise<void> {
  const lock = await ledger.lockAgainst(caller.subject, [{ collection, path }])
  if (lock !== null) throw lockedBy(lock)
}
