import { renamed } from '../../../src/model/paths.ts'
import type { Conflict, JobKind } from '../../../src/model/job.ts'
import type { ItemState } from '../../../src/model/item.ts'
import type { ErrorCode } from '../../../src/model/errors.ts'
import type { Clock } from '../../../src/ports/clock.ts'

/**
 * What a ledger is, as simply as it can be said: maps in memory, one item after the other, no chunks set-wise, no SQL. Commands (command.ts) do the same to
 * this and to a real ledger and compare.
 */

export interface ModelVersion {
  readonly deleted: boolean
  readonly digest: string | null
  readonly size: number
  /** Stands for an entity: the real id is learnt when it is first seen. */
  readonly entity: number
  readonly fields: string
}

export interface ModelItem {
  readonly source: string
  readonly destination: string | null
  readonly sourceIs?: ModelVersion | 'other'
  readonly sourceVersion?: number
  readonly destinationIs?: ModelVersion | 'other'
  readonly destinationAbsent: boolean
  state: ItemState
  attempts: number
  reason: ErrorCode | null
  /** Where it went; not as asked for under the policy rename. */
  went: string | null
}

export interface ModelChunk {
  readonly items: ModelItem[]
  state: 'waiting' | 'leased' | 'settled'
  token: number
  until: number
}

export interface ModelJob {
  readonly kind: JobKind
  readonly conflict: Conflict
  readonly dryRun: boolean
  readonly keptMs: number
  readonly chunks: ModelChunk[]
  state: 'submitted' | 'running' | 'finished'
  paused: boolean
  cancelling: boolean
  /** Of one that is finished. */
  expiresAt: number
  /** A purge may have begun with it, and then it is gone for good, whatever the clock is set back to. */
  perhapsGone: boolean
}

/** A lease that was given once: it counts while its token is the chunk's present one (I7). */
export interface ModelLease {
  readonly job: ModelJob
  readonly chunk: ModelChunk
  readonly token: number
}

/** A lease that seems to last for longer was given before the clock was set back, and is over. */
const LONGEST_LEASE_MS = 5 * 60_000

/** Places are written "A/a": collection A, path a. */
export function collectionOf(place: string): string {
  return place.slice(0, place.indexOf('/'))
}

export class Model {
  /** All versions of a place, oldest first. */
  readonly places = new Map<string, ModelVersion[]>()
  /** Places (or collections, ending with "/") that another subject has locked. */
  readonly locked = new Set<string>()
  /** Collections where the submitter has no grant any more. */
  readonly lost = new Set<string>()
  /** All jobs that are not known to be gone, oldest first, and all leases of them that were ever given. */
  jobs: ModelJob[] = []
  leases: ModelLease[] = []
  readonly #clock: Pick<Clock, 'now'>
  #entities = 0

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** A job that answers that it has expired, at the time that the clock shows. */
  hasExpired({ state, expiresAt }: ModelJob): boolean {
    return state === 'finished' && expiresAt <= this.#clock.now()
  }

  /** Jobs that can be asked for, and leases of these, the newest first: numbers of operations count round them. */
  get jobsThere(): ModelJob[] {
    return this.jobs.filter(job => !this.hasExpired(job))
  }

  get leasesThere(): ModelLease[] {
    return this.leases.filter(({ job }) => !this.hasExpired(job)).toReversed()
  }

  /** The last version, when it is no tombstone. */
  live(place: string): ModelVersion | undefined {
    const last = this.places.get(place)?.at(-1)
    return last?.deleted === false ? last : undefined
  }

  put(place: string, digest: string, size: number): void {
    const live = this.live(place)
    this.#add(place, { deleted: false, digest, size, entity: live?.entity ?? ++this.#entities, fields: live?.fields ?? '{}' })
  }

  remove(place: string): void {
    const live = this.live(place)
    if (live !== undefined) this.#bury(place, live)
  }

  isLocked(place: string): boolean {
    return this.locked.has(place) || this.locked.has(`${collectionOf(place)}/`)
  }

  #bury(place: string, live: ModelVersion): void {
    this.#add(place, { deleted: true, digest: null, size: 0, entity: live.entity, fields: '{}' })
  }

  #add(place: string, version: ModelVersion): void {
    this.places.set(place, [...(this.places.get(place) ?? []), version])
  }

  /** The chunk a worker gets: the first that waits, else the first whose lease is over. */
  nextChunk(job: ModelJob): ModelChunk | null {
    const now = this.#clock.now()
    if (job.paused || job.state === 'finished') return null
    job.state = 'running'
    const waiting = job.chunks.find(chunk => chunk.state === 'waiting')
    return waiting ?? job.chunks.find(({ state, until }) => state === 'leased' && (until <= now || until - LONGEST_LEASE_MS > now)) ?? null
  }

  /** Works a leased chunk; `corrupt` are digests whose bytes rotted. */
  apply(job: ModelJob, chunk: ModelChunk, corrupt: ReadonlySet<string>): void {
    const before = [...this.places].map(([place, versions]) => [place, [...versions]] as const)
    for (const item of chunk.items) {
      if (item.state !== 'pending') continue
      if (job.cancelling) item.state = 'cancelled'
      else this.#work(job, item, corrupt)
    }
    if (job.dryRun) this.#putBack(before)
    chunk.state = 'settled'
    this.#finish(job)
  }

  /** A dry run decides as in earnest, each item after those before it; then nothing has happened. */
  #putBack(before: readonly (readonly [string, readonly ModelVersion[]])[]): void {
    this.places.clear()
    for (const [place, versions] of before) this.places.set(place, [...versions])
  }

  #finish(job: ModelJob): void {
    if (!job.chunks.every(chunk => chunk.state === 'settled')) return
    job.state = 'finished'
    job.expiresAt = this.#clock.now() + job.keptMs
    job.paused = false
    job.cancelling = false
  }

  /** A process that starts alone gives back what its predecessor has leased. */
  recover(): void {
    for (const { chunks } of this.jobs) for (const chunk of chunks) if (chunk.state === 'leased') chunk.state = 'waiting'
  }

  /** Jobs are gone for good. */
  drop(gone: readonly ModelJob[]): void {
    this.jobs = this.jobs.filter(job => !gone.includes(job))
    this.leases = this.leases.filter(({ job }) => !gone.includes(job))
  }

  /** A purge of some rows: nobody knows of which job that has expired. */
  purge(): void {
    for (const job of this.jobs) if (this.hasExpired(job)) job.perhapsGone = true
  }

  retry(job: ModelJob, states: readonly ItemState[]): void {
    for (const chunk of job.chunks) {
      if (chunk.state === 'leased') continue
      for (const item of chunk.items) {
        if (!states.includes(item.state)) continue
        item.state = 'pending'
        item.reason = null
        chunk.state = 'waiting'
        if (job.state === 'finished') job.state = 'running'
      }
    }
  }

  #work(job: ModelJob, item: ModelItem, corrupt: ReadonlySet<string>): void {
    item.attempts += 1
    const [state, reason] = this.#decide(job, item, corrupt)
    item.state = state
    item.reason = reason
  }

  #decide(job: ModelJob, item: ModelItem, corrupt: ReadonlySet<string>): [ItemState, ErrorCode | null] {
    const target = item.destination ?? item.source
    if (this.lost.has(collectionOf(item.source)) || this.lost.has(collectionOf(target))) return ['failed', 'insufficient_role']
    const trouble = this.#sourceTrouble(item) ?? this.#targetTrouble(job, item)
    if (trouble !== null) return trouble
    if (this.isLocked(item.source) || this.isLocked(target)) return ['failed', 'locked']
    const source = this.live(item.source) as ModelVersion
    if (job.kind !== 'delete' && corrupt.has(source.digest ?? '')) return ['failed', 'digest_mismatch']
    this.#write(job, item, source)
    return ['done', null]
  }

  #sourceTrouble(item: ModelItem): [ItemState, ErrorCode] | null {
    const live = this.live(item.source)
    if (item.sourceIs !== undefined && item.sourceIs !== live) return ['evicted', 'condition_failed']
    const version = live === undefined ? undefined : this.places.get(item.source)?.length
    if (item.sourceVersion !== undefined && item.sourceVersion !== version) return ['evicted', 'condition_failed']
    return live === undefined ? ['failed', 'entry_not_found'] : null
  }

  #targetTrouble(job: ModelJob, item: ModelItem): [ItemState, ErrorCode] | null {
    if (item.destination === null) return null
    if (job.kind === 'move' && item.destination === item.source) return ['skipped', 'same_path']
    const live = this.live(item.destination)
    if (item.destinationIs !== undefined && item.destinationIs !== live) return ['evicted', 'condition_failed']
    if (live === undefined) return null
    if (item.destinationAbsent) return ['evicted', 'condition_failed']
    if (item.destinationIs !== undefined) return null
    if (job.conflict === 'skip') return ['skipped', 'destination_exists']
    return job.conflict === 'fail' ? ['failed', 'destination_exists'] : null
  }

  #write(job: ModelJob, item: ModelItem, source: ModelVersion): void {
    item.went = this.#freeName(job, item)
    const target = item.went ?? item.source
    if (job.kind === 'delete') this.#bury(item.source, source)
    if (job.kind === 'update') this.#update(item.source, source)
    if (job.kind === 'copy') this.#add(target, { ...source, entity: this.live(target)?.entity ?? ++this.#entities })
    if (job.kind !== 'move') return
    this.#add(target, { ...source })
    this.#bury(item.source, source)
  }

  /** Updates of the random test all set the same field, so that some change nothing. */
  #update(place: string, live: ModelVersion): void {
    if (live.fields === '{}') this.#add(place, { ...live, fields: '{"seen":true}' })
  }

  #freeName(job: ModelJob, item: ModelItem): string | null {
    const { destination } = item
    if (destination === null || job.conflict !== 'rename' || item.destinationIs !== undefined || this.live(destination) === undefined) return destination
    const slash = destination.indexOf('/') + 1
    for (let n = 1; ; n++) {
      const name = destination.slice(0, slash) + renamed(destination.slice(slash), n)
      if (this.live(name) === undefined) return name
    }
  }
}
