import { isWaybillError } from '../model/errors.ts'
import type { Job } from '../model/job.ts'
import type { Clock } from '../ports/clock.ts'
import type { BlobProgress, BytesRead, Lease, Ledger } from '../ports/ledger.ts'
import type { LookSelection } from '../ports/place-ledger.ts'
import type { TurnResult } from '../ports/queue.ts'
import { readChunk } from './chunk-bytes.ts'
import type { Looks } from './places/looks.ts'
import { workPlaces } from './places/place-work.ts'
import type { Stores } from './stores.ts'
import type { Transfers } from './transfers.ts'

/** How long a worker may be silent before its chunk is given to another. A chunk by reference takes some 20 ms; one that reads bytes renews. */
const LEASE_MS = 15_000
/** How often the progress of large blobs is told: often enough for somebody who watches, and each time costs a commit. */
const PROGRESS_MS = 2_000
/** So long before its end a lease counts as over for what cannot be taken back, such as giving a file its name: clocks and disks take their time. */
const MARGIN_MS = 2_000

/** One turn of a job: a part of a place looked through, a page resolved, or a chunk leased, worked and settled. */
export class Runner {
  readonly #ledger: Ledger
  readonly #stores: Stores
  readonly #transfers: Transfers
  readonly #looks: Looks
  /** Jobs for which a place is being looked through: one turn at a time, for each page follows the one before. */
  readonly #looking = new Set<string>()
  readonly #clock: Clock
  readonly #worker: string
  readonly #wakeJob: (job: Job) => void
  readonly #onError: (error: unknown, what: string) => void
  readonly #stopping = new AbortController()

  constructor(parts: {
    ledger: Ledger
    stores: Stores
    transfers: Transfers
    looks: Looks
    clock: Clock
    worker: string
    wakeJob: (job: Job) => void
    onError: (error: unknown, what: string) => void
  }) {
    this.#ledger = parts.ledger
    this.#stores = parts.stores
    this.#transfers = parts.transfers
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

  /** From now on no bytes are read: leases whose work is not done are given back. */
  stop(): void {
    this.#stopping.abort()
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
    const parts = {
      ...{ ledger: this.#ledger, stores: this.#stores, looks: this.#looks, transfers: this.#transfers },
      ...{ clock: this.#clock, onError: this.#onError },
    }
    const progress = new Progress()
    return this.#keeping(lease, progress, async (signal, holds) => {
      const read = await readChunk(parts, lease, blobs, { signal, onProgress: (sha256, bytes) => progress.tell(sha256, bytes) })
      // in a process that stood still for a day what has arrived may have been swept meanwhile: it is read anew
      if (read === null || !holds()) return null
      if (lease.places === 'none') return read
      return (await workPlaces(parts, { lease, read, holds, signal })) ? read : null
    })
  }

  /**
   * Renews the lease while work goes on: one large blob may take longer than a lease lasts. A lease that is lost ends the work: what else is read is in vain.
   * `work` can ask whether the lease surely holds, also in a process that stood still, and on a machine whose clock was set back.
   */
  async #keeping<T>(lease: Lease, progress: Progress, work: (signal: AbortSignal, holds: () => boolean) => Promise<T>): Promise<T> {
    const done = new AbortController()
    const lost = new AbortController()
    const until = { end: lease.expiresAt, steadyEnd: this.#clock.steady() + LEASE_MS }
    const renewing = this.#renew(lease, until, progress, done.signal)
    renewing.catch((error: unknown) => lost.abort(error))
    try {
      return await work(
        AbortSignal.any([this.#stopping.signal, lost.signal]),
        () => this.#clock.now() < until.end - MARGIN_MS && this.#clock.steady() < until.steadyEnd - MARGIN_MS,
      )
    } finally {
      done.abort()
      await renewing
    }
  }

  async #renew(lease: Lease, until: { end: number; steadyEnd: number }, progress: Progress, signal: AbortSignal): Promise<void> {
    for (let silent = PROGRESS_MS; ; silent += PROGRESS_MS) {
      await this.#clock.sleep(PROGRESS_MS, signal)
      if (signal.aborted) return
      if (silent < LEASE_MS / 3 && !progress.isNews) continue
      const [asked, steady] = [this.#clock.now(), this.#clock.steady()]
      await this.#ledger.renewLease(lease, LEASE_MS, progress.take())
      until.end = asked + LEASE_MS
      until.steadyEnd = steady + LEASE_MS
      silent = 0
    }
  }
}

/** How far the large blobs of a chunk have come. */
class Progress {
  readonly #bytes = new Map<string, number>()
  #isNews = false

  /** True when something was told since the last `take`. */
  get isNews(): boolean {
    return this.#isNews
  }

  tell(sha256: string, bytes: number): void {
    this.#bytes.set(sha256, bytes)
    this.#isNews = true
  }

  take(): BlobProgress[] {
    this.#isNews = false
    return Array.from(this.#bytes, ([sha256, bytes]) => ({ sha256, bytes }))
  }
}
