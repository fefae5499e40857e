import { expect } from 'vitest'
import type { SubmitItem } from '../../../src/model/job.ts'
import type { Lease } from '../../../src/ports/ledger.ts'
import { collectionOf, Model, type ModelChunk, type ModelItem, type ModelJob, type ModelVersion } from './model.ts'
import { Comparison, split, type Twin } from './random-compare.ts'
import type { ItemWish, Operation } from './random-operations.ts'
import { sha256 } from '../../support/sha256.ts'
import { DAY_MS, LEASE_MS, newJob, refusal, type World } from './world.ts'

interface Held {
  readonly lease: Lease
  readonly job: ModelJob
  readonly chunk: ModelChunk
}

/** How a process ends. */
export type Reopen = (how: 'crash' | 'restart') => Promise<void>

/** Longer than jobs are kept, whatever the clock was set back by. */
const AGE_MS = 60 * DAY_MS

/** Does the same to a ledger and to the model, and compares all there is to see after every operation. */
export class RandomRun {
  readonly #world: World
  readonly #model = new Model()
  readonly #comparison: Comparison
  readonly #collections: string[] = []
  #jobs: Twin[] = []
  #leases: Held[] = []
  /** Jobs that were purged: nothing brings them back, whatever the clock shows. */
  readonly #gone: string[] = []
  readonly #reopen: Reopen | undefined

  /** `reopen` lets the process that has the ledger end, in order or not, and another one begin. */
  constructor(world: World, reopen?: Reopen) {
    this.#world = world
    this.#reopen = reopen
    this.#comparison = new Comparison(world, this.#model)
  }

  async compare(): Promise<void> {
    await this.#comparison.compare(this.#collections, this.#jobs)
    for (const id of this.#gone) await refusal(this.#world.ledger.job(id), 'job_expired')
  }

  async begin(): Promise<void> {
    for (let n = 0; n < 2; n++) {
      const id = await this.#world.collection('root')
      await this.#world.ledger.setGrant(id, 'alice', 'readwrite')
      this.#collections.push(id)
    }
    // something to copy from the start: jobs over nothing but missing files show little
    for (const n of [0, 1, 2, 3, 4, 5]) await this.#put(n, 'xy'[n % 2] as string)
    await this.compare()
  }

  #place(n: number): string {
    return `${this.#collections[n >> 2]}/${'abcd'[n & 3]}`
  }

  async do(operation: Operation): Promise<void> {
    switch (operation.op) {
      case 'submit':
        return this.#submit(operation)
      case 'work':
        for (const job of this.#jobs) while (await this.#lease(job)) await this.#apply(0, null)
        return
      case 'lease':
        await this.#lease(this.#jobs[operation.job % this.#jobs.length])
        return
      case 'apply':
        return this.#apply(operation.lease, operation.rotten)
      case 'release':
        return this.#release(operation.lease)
      case 'renew':
        return this.#renew(operation.lease)
      case 'expire':
        return this.#world.clock.advance(LEASE_MS)
      case 'crash':
      case 'restart':
        return this.#again(operation.op)
      case 'set':
        return this.#world.clock.jump(operation.ms)
      case 'age':
        return this.#age(operation)
      case 'put':
        return this.#put(operation.place, operation.text)
      case 'remove':
        return this.#remove(operation.place)
      case 'lock':
      case 'unlock':
        return this.#lock(operation)
      case 'lose':
      case 'regain':
        return this.#grant(operation)
      default:
        return this.#steer(operation)
    }
  }

  async #again(how: 'crash' | 'restart'): Promise<void> {
    await this.#reopen?.(how)
    await this.#world.ledger.recover()
    for (const { job } of this.#jobs) this.#model.recover(job)
  }

  /** Whatever is finished expires, and is purged in small batches, between which the process may die. Locks end, too. */
  async #age({ batch, crashes }: Operation & { op: 'age' }): Promise<void> {
    this.#world.clock.advance(AGE_MS)
    if (crashes) {
      await this.#world.ledger.purge(batch)
      await this.#again('crash')
    }
    while ((await this.#world.ledger.purge(batch)) > 0);
    const gone = this.#jobs.filter(({ job }) => job.state === 'finished')
    const left = this.#jobs.filter(({ job }) => job.state !== 'finished')
    this.#gone.push(...gone.map(({ id }) => id))
    this.#jobs = left
    this.#leases = this.#leases.filter(({ job }) => left.some(one => one.job === job))
    this.#model.locked.clear()
  }

  async #submit(wish: Operation & { op: 'submit' }): Promise<void> {
    const job: ModelJob = { kind: wish.kind, conflict: wish.conflict, dryRun: wish.dryRun, chunks: [], state: 'submitted', paused: false, cancelling: false }
    const batches = wish.batches.map(batch => batch.map(one => this.#item(job, one)))
    const options = { kind: wish.kind, conflict: wish.conflict, dryRun: wish.dryRun }
    job.chunks.push(...batches.map(batch => ({ items: batch.map(({ item }) => item), state: 'waiting' as const, token: 0, until: 0 })))
    const whole = newJob({ ...options, items: (batches[0] ?? []).map(({ submitted }) => submitted), sealed: batches.length === 1 })
    await this.#world.ledger.createJob(whole)
    for (const batch of batches.slice(1)) {
      await this.#world.ledger.appendItems(
        whole.id,
        batch.map(({ submitted }) => submitted),
      )
    }
    if (batches.length > 1) await this.#world.ledger.seal(whole.id, null)
    this.#jobs.push({ id: whole.id, job })
  }

  #item(job: ModelJob, wish: ItemWish): { item: ModelItem; submitted: SubmitItem } {
    const transfers = job.kind === 'copy' || job.kind === 'move'
    const source = this.#place(wish.source)
    const destination = transfers ? this.#place(wish.destination) : null
    const sourceIs = wish.sourceIf === 'present' || wish.sourceIf === 'other' ? this.#condition(source, wish.sourceIf) : undefined
    const to = wish.destinationIf
    const destinationIs = destination !== null && (to === 'present' || to === 'other') ? this.#condition(destination, to) : undefined
    const sourceVersion = wish.sourceIf === 'version' ? (this.#model.places.get(source)?.length ?? 1) : undefined
    const absent = destination !== null && to === 'absent'
    const item: ModelItem = {
      source,
      destination,
      ...(sourceIs === undefined ? {} : { sourceIs }),
      ...(destinationIs === undefined ? {} : { destinationIs }),
      ...(sourceVersion === undefined ? {} : { sourceVersion }),
      destinationAbsent: absent,
      state: 'pending',
      attempts: 0,
      reason: null,
      went: destination,
    }
    const [collection, path] = split(source)
    const submitted: SubmitItem = {
      source: { collection, path, ...ifMatch(this.#revision(sourceIs)), ...(sourceVersion === undefined ? {} : { version: sourceVersion }) },
      ...(destination === null
        ? {}
        : {
            destination: {
              collection: split(destination)[0],
              path: split(destination)[1],
              ...ifMatch(this.#revision(destinationIs)),
              ...(absent ? { ifNoneMatch: '*' as const } : {}),
            },
          }),
      ...(job.kind === 'update' ? { fields: { seen: true } } : {}),
    }
    return { item, submitted }
  }

  #condition(at: string, wish: 'present' | 'other'): ModelVersion | 'other' {
    return (wish === 'present' ? this.#model.live(at) : undefined) ?? 'other'
  }

  #revision(version: ModelVersion | 'other' | undefined): string | undefined {
    return version === 'other' ? 'f'.repeat(32) : version && this.#comparison.revision(version)
  }

  /** True when there was a chunk to lease. */
  async #lease(of: Twin | undefined): Promise<boolean> {
    if (of === undefined) return false
    const { id, job } = of
    const work = await this.#world.ledger.nextWork(id, 'w', LEASE_MS)
    const chunk = this.#model.nextChunk(job, this.#world.clock.now())
    expect(work.do).toBe(chunk === null ? 'nothing' : 'run')
    if (work.do !== 'run' || chunk === null) return false
    expect(work.lease.chunk).toBe(job.chunks.indexOf(chunk))
    expect(work.lease.token).toBeGreaterThan(chunk.token)
    Object.assign(chunk, { state: 'leased', token: work.lease.token, until: work.lease.expiresAt })
    this.#leases.push({ lease: work.lease, job, chunk })
    return true
  }

  /** I7: a lease counts while its token is the chunk's present one; else nothing may happen. */
  async #withLease(n: number, call: (lease: Lease) => Promise<unknown>, then: (held: Held) => void): Promise<void> {
    const held = this.#leases[this.#leases.length - 1 - (n % this.#leases.length)]
    if (held === undefined) return
    if (held.chunk.state !== 'leased' || held.chunk.token !== held.lease.token) {
      await refusal(call(held.lease), 'stale_lease')
      return
    }
    await call(held.lease)
    then(held)
  }

  #apply(n: number, rotten: string | null): Promise<void> {
    const corrupt = rotten === null ? [] : [sha256(rotten)]
    return this.#withLease(
      n,
      async lease => {
        const waits = await this.#world.ledger.applyChunk(lease, corrupt)
        expect(waits).toBe((await this.#world.job(lease.job)).counts.pending > 0)
      },
      ({ job, chunk }) => this.#model.apply(job, chunk, new Set(corrupt)),
    )
  }

  #release(n: number): Promise<void> {
    return this.#withLease(
      n,
      lease => this.#world.ledger.releaseLease(lease),
      ({ chunk }) => (chunk.state = 'waiting'),
    )
  }

  #renew(n: number): Promise<void> {
    return this.#withLease(
      n,
      lease => this.#world.ledger.renewLease(lease, LEASE_MS),
      ({ chunk }) => (chunk.until = this.#world.clock.now() + LEASE_MS),
    )
  }

  async #put(n: number, text: string): Promise<void> {
    const at = this.#place(n)
    const written = this.#world.put(...split(at), text)
    if (this.#model.isLocked(at)) {
      await refusal(written, 'locked')
      return
    }
    await written
    this.#model.put(at, sha256(text), text.length)
  }

  async #remove(n: number): Promise<void> {
    const at = this.#place(n)
    const [collection, path] = split(at)
    const removed = this.#world.ledger.removeEntry({ collection, path, subject: 'alice' })
    if (this.#model.isLocked(at)) await refusal(removed, 'locked')
    else if (this.#model.live(at) === undefined) await refusal(removed, 'entry_not_found')
    else await removed.then(() => this.#model.remove(at))
  }

  async #lock({ op, place: n, whole }: Operation & { op: 'lock' | 'unlock' }): Promise<void> {
    const [collection, path] = split(this.#place(n))
    const key = whole ? `${collection}/` : `${collection}/${path}`
    const at = whole ? null : path
    if (op === 'lock') {
      await this.#world.ledger.acquireLock({ collection, path: at, holder: 'bob', reason: null, ttlMs: 1e9 })
      this.#model.locked.add(key)
    } else {
      const released = this.#world.ledger.releaseLock(collection, at, 'bob')
      await (this.#model.locked.delete(key) ? released : refusal(released, 'lock_not_found'))
    }
  }

  async #grant({ op, place: n }: Operation & { op: 'lose' | 'regain' }): Promise<void> {
    const collection = collectionOf(this.#place(n))
    if (op === 'regain') {
      await this.#world.ledger.setGrant(collection, 'alice', 'readwrite')
      this.#model.lost.delete(collection)
    } else if (!this.#model.lost.has(collection)) {
      await this.#world.ledger.removeGrant(collection, 'alice')
      this.#model.lost.add(collection)
    }
  }

  async #steer(operation: Operation & { op: 'cancel' | 'pause' | 'resume' | 'retry' }): Promise<void> {
    const { id, job } = this.#jobs[operation.job % this.#jobs.length] ?? {}
    if (id === undefined || job === undefined) return
    const { ledger } = this.#world
    if (operation.op === 'retry') {
      if (job.cancelling) await refusal(ledger.retry(id, operation.states), 'job_not_finished')
      else {
        await ledger.retry(id, operation.states)
        this.#model.retry(job, operation.states)
      }
      return
    }
    const call = ledger[operation.op](id)
    const isCancelled = operation.op === 'cancel' && job.chunks.some(({ items }) => items.some(({ state }) => state === 'cancelled'))
    if (job.state === 'finished' && !isCancelled) {
      await refusal(call, 'job_finished')
      return
    }
    await call
    if (job.state === 'finished' || job.cancelling) return
    job.cancelling = operation.op === 'cancel'
    job.paused = operation.op === 'pause'
  }
}

function ifMatch(revision: string | undefined): { ifMatch?: string } {
  return revision === undefined ? {} : { ifMatch: revision }
}
