import type { BlobStore } from '../ports/blob-store.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { Wake } from '../ports/queue.ts'
import type { Stores } from './stores.ts'

/** Rows purged in one transaction: a few milliseconds, so that nobody notices. */
const PURGE_BATCH = 2_000
const PURGE_EVERY_MS = 5_000
/** Lost wake-ups lose nothing: unfinished jobs are woken again this often. */
export const WAKE_EVERY_MS = 10_000
/** The same where the ledger sends wake-ups in its transactions, and the queue keeps them. */
export const WAKE_AGAIN_MS = 30_000
/** Jobs woken by one question. */
const WAKE_BATCH = 1_000
const SWEEP_EVERY_MS = 24 * 3600 * 1000
/** The first sweep comes sooner, or a server that is restarted every night would never come to it. */
const FIRST_SWEEP_MS = 3600 * 1000
/** A blob that nothing refers to goes after this long: an upload or copy that might use it is over by then. */
export const ORPHAN_GRACE_MS = 24 * 3600 * 1000
const SWEEP_BATCH = 50_000
/**
 * For so long after a ledger was restored no blob goes: those that only came after the backup are named by the ledger of before alone, to which one may want to
 * go back.
 */
export const RESTORED_GRACE_MS = 7 * 24 * 3600 * 1000

/** What upkeep works with. */
export interface UpkeepParts {
  readonly ledger: Ledger
  readonly stores: Stores
  readonly clock: Clock
  /** How long it is kept who did what, in milliseconds. */
  readonly auditRetentionMs: number
  /** How long it is kept what a deleted collection held, in milliseconds. */
  readonly deletedRetentionMs: number
  readonly wake: (wake: Wake) => void
  readonly onError: (error: unknown, what: string) => void
}

/** What has to be done again and again, beside the work. */
export class Upkeep {
  readonly #parts: UpkeepParts
  /** What the clock showed at the start, and the steady one. */
  readonly #begun: { readonly now: number; readonly steady: number }
  readonly #stopped = new AbortController()
  readonly #loops: Promise<void>[] = []

  constructor(parts: UpkeepParts) {
    this.#parts = parts
    this.#begun = { now: parts.clock.now(), steady: parts.clock.steady() }
  }

  start(): void {
    this.#loops.push(
      this.#every(PURGE_EVERY_MS, 'purge', () => this.#purge()),
      this.#every(this.#parts.ledger.sendsWakes ? WAKE_AGAIN_MS : WAKE_EVERY_MS, 'wake', () => this.wakeUnfinished()),
      this.#every(SWEEP_EVERY_MS, 'sweep', () => this.#sweep(), FIRST_SWEEP_MS),
    )
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.all(this.#loops)
  }

  /** Wakes every job that has something to do, a page at a time. */
  async wakeUnfinished(): Promise<void> {
    let after = 0
    for (;;) {
      const page = await this.#parts.ledger.unfinished(after, WAKE_BATCH)
      for (const wake of page) this.#parts.wake(wake)
      const last = page.at(-1)
      if (last === undefined || page.length < WAKE_BATCH || this.#stopped.signal.aborted) return
      after = last.position
    }
  }

  async #every(ms: number, what: string, task: () => Promise<void>, first = ms): Promise<void> {
    const { signal } = this.#stopped
    for (let pause = first; !signal.aborted; pause = ms) {
      await this.#parts.clock.sleep(pause, signal)
      if (signal.aborted) return
      try {
        await task()
      } catch (error) {
        this.#parts.onError(error, what)
      }
    }
  }

  /** A batch of each in turn: while jobs expire all the time, the others must not wait for an end of it. */
  async #purge(): Promise<void> {
    const { ledger, clock, auditRetentionMs, deletedRetentionMs } = this.#parts
    const steps = [
      () => ledger.purge(PURGE_BATCH),
      () => ledger.purgeAudit(clock.now() - auditRetentionMs, PURGE_BATCH),
      // no record says any more what was done with them
      () => ledger.purgeTokens(clock.now() - auditRetentionMs, PURGE_BATCH),
      () => ledger.purgeCollections(clock.now() - deletedRetentionMs, PURGE_BATCH),
    ]
    for (let gone = 1; gone > 0;) {
      gone = 0
      for (const step of steps) {
        if (this.#stopped.signal.aborted) return
        const n = await step()
        gone += n
      }
    }
  }

  async #sweep(): Promise<void> {
    // since the clock was set forth, a blob that is just being taken for an upload looks old, and nothing refers to it yet
    const setForth = Math.max(0, this.#parts.clock.now() - this.#begun.now - (this.#parts.clock.steady() - this.#begun.steady))
    const before = this.#parts.clock.now() - setForth - ORPHAN_GRACE_MS
    for (const store of this.#parts.stores.all()) {
      try {
        await this.#sweepStore(store, before)
      } catch (error) {
        this.#parts.onError(error, `sweep of the store ${store.name}`) // one that is out of reach must not keep the others from being swept
      }
    }
    for (const place of this.#parts.stores.places()) {
      try {
        await place.sweepUnfinished(before)
      } catch (error) {
        this.#parts.onError(error, `sweep of the store ${place.name}`)
      }
    }
  }

  async #sweepStore(store: BlobStore, before: number): Promise<void> {
    await store.sweepUnfinished(before)
    const restoredAt = await this.#parts.ledger.restoredAt()
    if (restoredAt !== null && this.#parts.clock.now() - restoredAt < RESTORED_GRACE_MS) return
    let batch: string[] = []
    for await (const blob of store.list()) {
      if (this.#stopped.signal.aborted) return
      if (blob.putAt < before) batch.push(blob.sha256)
      if (batch.length < SWEEP_BATCH) continue
      await this.#deleteOrphans(store, batch, before)
      batch = []
    }
    await this.#deleteOrphans(store, batch, before)
  }

  async #deleteOrphans(store: BlobStore, digests: readonly string[], before: number): Promise<void> {
    if (digests.length === 0) return
    const referenced = await this.#parts.ledger.referenced(store.name, digests)
    for (const digest of digests) if (!referenced.has(digest)) await store.delete(digest, before)
  }
}
