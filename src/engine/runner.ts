import { isWaybillError } from '../model/errors.ts'
import type { Job } from '../model/job.ts'
import type { Clock } from '../ports/clock.ts'
import type { BytesRead, Lease, Ledger } from '../ports/ledger.ts'
import type { TurnResult } from '../ports/queue.ts'
import { readChunk } from './chunk-bytes.ts'
import type { Stores } from './stores.ts'

/** How long a worker may be silent before its chunk is given to another. A chunk by reference takes some 20 ms; one that reads bytes renews. */
const LEASE_MS = 15_000

/** One turn of a job: a page resolved, or a chunk leased, worked and settled. */
export class Runner {
  readonly #ledger: Ledger
  readonly #stores: Stores
  readonly #clock: Clock
  readonly #worker: string
  readonly #wakeJob: (job: Job) => void
  readonly #onError: (error: unknown, what: string) => void
  #stopping = false

  constructor(parts: {
    ledger: Ledger
    stores: Stores
    clock: Clock
    worker: string
    wakeJob: (job: Job) => void
    onError: (error: unknown, what: string) => void
  }) {
    this.#ledger = parts.ledger
    this.#stores = parts.stores
    this.#clock = parts.clock
    this.#worker = parts.worker
    this.#wakeJob = parts.wakeJob
    this.#onError = parts.onError
  }

  async turn(job: string): Promise<TurnResult> {
    const turn = await this.#ledger.takeTurn(job, this.#worker, LEASE_MS)
    if (turn.do === 'nothing') return 'idle'
    if (turn.do === 'worked') {
      for (const follower of turn.followers) await this.#wake(follower)
      return turn.more ? 'more' : 'idle'
    }
    const read = await this.#readOrRelease(turn.lease)
    if (read === null) return 'more' // stopped: the queue gives the job to another node
    return (await this.#ledger.applyChunk(turn.lease, read.corrupt, read.copied)) ? 'more' : 'idle'
  }

  async #wake(id: string): Promise<void> {
    const job = await this.#ledger.job(id)
    if (job !== null) this.#wakeJob(job)
  }

  /** From now on no bytes are read for long: leases whose work is not done are given back. */
  stop(): void {
    this.#stopping = true
  }

  async #readOrRelease(lease: Lease): Promise<BytesRead | null> {
    try {
      const read = await this.#read(lease)
      if (read === null) await this.#ledger.releaseLease(lease)
      return read
    } catch (error) {
      if (!isWaybillError(error, 'stale_lease')) await this.#ledger.releaseLease(lease)
      throw error
    }
  }

  async #read(lease: Lease): Promise<BytesRead | null> {
    const blobs = await this.#ledger.chunkBlobs(lease)
    const parts = { stores: this.#stores, clock: this.#clock, onError: this.#onError }
    return this.#keeping(lease, () => readChunk(parts, lease, blobs, () => this.#stopping))
  }

  /** Renews the lease while work goes on: one large blob may take longer than a lease lasts. */
  async #keeping<T>(lease: Lease, work: () => Promise<T>): Promise<T> {
    const done = new AbortController()
    const renewing = this.#renew(lease, done.signal)
    const working = work()
    try {
      // a lease that is lost ends the wait: whatever else is read is in vain
      await Promise.race([working, renewing])
      return await working
    } finally {
      done.abort()
      await renewing
    }
  }

  async #renew(lease: Lease, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(LEASE_MS / 3, signal)
      if (signal.aborted) return
      await this.#ledger.renewLease(lease, LEASE_MS)
    }
  }
}
