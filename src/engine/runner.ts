import { isWaybillError } from '../model/errors.ts'
import type { Job } from '../model/job.ts'
import type { Clock } from '../ports/clock.ts'
import type { BytesRead, Lease, Ledger } from '../ports/ledger.ts'
import type { LookSelection } from '../ports/place-ledger.ts'
import type { TurnResult } from '../ports/queue.ts'
import { readChunk } from './chunk-bytes.ts'
import type { Looks } from './places/looks.ts'
import { workPlaces } from './places/place-work.ts'
import type { Stores } from './stores.ts'

/** How long a worker may be silent before its chunk is given to another. A chunk by reference takes some 20 ms; one that reads bytes renews. */
const LEASE_MS = 15_000
/** So long before its end a lease counts as over for what cannot be taken back, such as giving a file its name: clocks and disks take their time. */
const MARGIN_MS = 2_000

/** One turn of a job: a part of a place looked through, a page resolved, or a chunk leased, worked and settled. */
export class Runner {
  readonly #ledger: Ledger
  readonly #stores: Stores
  readonly #looks: Looks
  /** Jobs for which a place is being looked through: one turn at a time, for each page follows the one before. */
  readonly #looking = new Set<string>()
  readonly #clock: Clock
  readonly #worker: string
  readonly #wakeJob: (job: Job) => void
  readonly #onError: (error: unknown, what: string) => void
  #stopping = false

  constructor(parts: {
    ledger: Ledger
    stores: Stores
    looks: Looks
    clock: Clock
    worker: string
    wakeJob: (job: Job) => void
    onError: (error: unknown, what: string) => void
  }) {
    this.#ledger = parts.ledger
    this.#stores = parts.stores
    this.#looks = parts.looks
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
    if (turn.do === 'look') return this.#look(turn.selection)
    const read = await this.#readOrRelease(turn.lease)
    if (read === null) return 'more' // stopped: the queue gives the job to another node
    return (await this.#ledger.applyChunk(turn.lease, read.corrupt, read.copied)) ? 'more' : 'idle'
  }

  async #look(selection: LookSelection): Promise<TurnResult> {
    const { job, collection } = selection
    if (this.#looking.has(job)) return 'idle'
    this.#looking.add(job)
    try {
      const store = (await this.#ledger.collection(collection))?.store
      if (store !== undefined) await this.#looks.range({ collection, store }, selection, selection)
      return 'more'
    } finally {
      this.#looking.delete(job)
    }
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
    const parts = { ledger: this.#ledger, stores: this.#stores, looks: this.#looks, clock: this.#clock, onError: this.#onError }
    const stopped = (): boolean => this.#stopping
    return this.#keeping(lease, async holds => {
      const read = await readChunk(parts, lease, blobs, stopped)
      if (read === null || lease.places === 'none') return read
      return (await workPlaces(parts, { lease, read, holds, stopped })) ? read : null
    })
  }

  /** Renews the lease while work goes on: one large blob may take longer than a lease lasts. `work` can ask whether it surely holds, also in a process that stood still. */
  async #keeping<T>(lease: Lease, work: (holds: () => boolean) => Promise<T>): Promise<T> {
    const done = new AbortController()
    const until = { end: lease.expiresAt }
    const renewing = this.#renew(lease, until, done.signal)
    const working = work(() => this.#clock.now() < until.end - MARGIN_MS)
    try {
      // a lease that is lost ends the wait: whatever else is read is in vain
      await Promise.race([working, renewing])
      return await working
    } finally {
      done.abort()
      await renewing
    }
  }

  async #renew(lease: Lease, until: { end: number }, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(LEASE_MS / 3, signal)
      if (signal.aborted) return
      const asked = this.#clock.now()
      await this.#ledger.renewLease(lease, LEASE_MS)
      until.end = asked + LEASE_MS
    }
  }
}
