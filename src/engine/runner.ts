import { isWaybillError } from '../model/errors.ts'
import type { Job } from '../model/job.ts'
import type { Clock } from '../ports/clock.ts'
import type { Lease, Ledger } from '../ports/ledger.ts'
import type { TurnResult } from '../ports/queue.ts'
import type { Stores } from './stores.ts'

/** How long a worker may be silent before its chunk is given to another. A chunk by reference takes some 20 ms; one that reads bytes renews. */
const LEASE_MS = 30_000
/** Blobs read at once to verify a chunk: enough to keep a disk busy, few enough to leave it to others. */
const VERIFY_AT_ONCE = 4

/** One turn of a job: a page resolved, or a chunk leased, worked and settled. */
export class Runner {
  readonly #ledger: Ledger
  readonly #stores: Stores
  readonly #clock: Clock
  readonly #worker: string
  readonly #wakeJob: (job: Job) => void
  #stopping = false

  constructor(parts: { ledger: Ledger; stores: Stores; clock: Clock; worker: string; wakeJob: (job: Job) => void }) {
    this.#ledger = parts.ledger
    this.#stores = parts.stores
    this.#clock = parts.clock
    this.#worker = parts.worker
    this.#wakeJob = parts.wakeJob
  }

  async turn(job: string): Promise<TurnResult> {
    const turn = await this.#ledger.takeTurn(job, this.#worker, LEASE_MS)
    if (turn.do === 'nothing') return 'idle'
    if (turn.do === 'worked') {
      for (const follower of turn.followers) await this.#wake(follower)
      return turn.more ? 'more' : 'idle'
    }
    const corrupt = await this.#verifyOrRelease(turn.lease)
    if (corrupt === null) return 'idle'
    return (await this.#ledger.applyChunk(turn.lease, corrupt)) ? 'more' : 'idle'
  }

  async #wake(id: string): Promise<void> {
    const job = await this.#ledger.job(id)
    if (job !== null) this.#wakeJob(job)
  }

  /** From now on no bytes are read for long: leases whose work is not done are given back. */
  stop(): void {
    this.#stopping = true
  }

  async #verifyOrRelease(lease: Lease): Promise<string[] | null> {
    try {
      const corrupt = await this.#verify(lease)
      if (corrupt === null) await this.#ledger.releaseLease(lease)
      return corrupt
    } catch (error) {
      if (!isWaybillError(error, 'stale_lease')) await this.#ledger.releaseLease(lease)
      throw error
    }
  }

  /** Reads every blob of the chunk again; the digests that no longer match, or null when it was stopped on the way. */
  async #verify(lease: Lease): Promise<string[] | null> {
    const waiting = [...(await this.#ledger.chunkBlobs(lease))]
    const corrupt: string[] = []
    const work = async (): Promise<void> => {
      while (!this.#stopping) {
        const blob = waiting.pop()
        if (blob === undefined) return
        if (!(await this.#stores.named(blob.store).verify(blob.sha256))) corrupt.push(blob.sha256)
      }
    }
    await this.#keeping(lease, () => Promise.all(Array.from({ length: VERIFY_AT_ONCE }, work)))
    return waiting.length > 0 ? null : corrupt
  }

  /** Renews the lease while work goes on: one large blob may take longer than a lease lasts. */
  async #keeping(lease: Lease, work: () => Promise<unknown>): Promise<void> {
    const done = new AbortController()
    const renew = async (): Promise<void> => {
      for (;;) {
        await this.#clock.sleep(LEASE_MS / 3, done.signal)
        if (done.signal.aborted) return
        await this.#ledger.renewLease(lease, LEASE_MS)
      }
    }
    const renewing = renew()
    try {
      await Promise.race([work(), renewing])
    } finally {
      done.abort()
    }
    await renewing
  }
}
