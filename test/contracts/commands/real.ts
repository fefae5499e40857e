import { COLLECTIONS, PLACES, type Operation } from './operations.ts'
import { Comparison } from './comparison.ts'
import type { Model, ModelJob, ModelLease, ModelVersion } from './model.ts'
import { isWaybillError } from '../../../src/model/errors.ts'
import type { Lease } from '../../../src/ports/ledger.ts'
import { sha256 } from '../../support/sha256.ts'
import { refusal, type World } from '../ledger/world.ts'

/** Lets the process that has the ledger end, in order or not, and another one begin. */
export type Reopen = (how: 'crash' | 'restart') => Promise<void>

/** A ledger beside the model: what there is which of the model's collections, jobs and leases, and what was done so far. */
export class Real {
  readonly world: World
  /** What was done, numbers as what they meant: the list that repeats it. */
  readonly trail: Operation[] = []
  readonly #model: Model
  readonly #comparison: Comparison
  readonly #collections: ReadonlyMap<string, string>
  readonly #jobs = new Map<ModelJob, string>()
  readonly #leases = new Map<ModelLease, Lease>()
  /** Jobs that were purged: nothing brings them back, whatever the clock shows. */
  readonly #gone: string[] = []
  readonly #reopen: Reopen | undefined

  private constructor(world: World, model: Model, collections: ReadonlyMap<string, string>, reopen: Reopen | undefined) {
    this.world = world
    this.#model = model
    this.#collections = collections
    this.#comparison = new Comparison(world, model, collections)
    this.#reopen = reopen
  }

  /** Two collections of the ledger's own, with something in them: jobs over nothing but missing files show little. */
  static async begin(world: World, model: Model, reopen?: Reopen): Promise<Real> {
    const collections = new Map<string, string>()
    for (const name of COLLECTIONS) {
      const id = await world.collection('root')
      await world.ledger.setGrant(id, 'alice', 'readwrite')
      collections.set(name, id)
    }
    const real = new Real(world, model, collections, reopen)
    for (const [n, place] of PLACES.slice(0, 6).entries()) {
      const text = n % 2 === 0 ? 'x' : 'y'
      await world.put(...real.at(place), text)
      model.put(place, sha256(text), text.length)
    }
    await real.compare()
    return real
  }

  collection(name: string): string {
    const id = this.#collections.get(name)
    if (id === undefined) throw new Error(`there is no collection ${name} in this run`)
    return id
  }

  /** Collection and path of one of the model's places. */
  at(place: string): [string, string] {
    const slash = place.indexOf('/')
    return [this.collection(place.slice(0, slash)), place.slice(slash + 1)]
  }

  /** The revision that stands for a version of the model's; for "other", one that never was. */
  revision(version: ModelVersion | 'other' | undefined): string | undefined {
    return version === 'other' ? 'f'.repeat(32) : version && this.#comparison.revision(version)
  }

  addJob(job: ModelJob, id: string): void {
    this.#jobs.set(job, id)
  }

  addLease(held: ModelLease, lease: Lease): void {
    this.#leases.set(held, lease)
  }

  idOf(job: ModelJob): string {
    return present(this.#jobs.get(job))
  }

  leaseOf(held: ModelLease): Lease {
    return present(this.#leases.get(held))
  }

  /** Finished jobs are purged: from now on they are to answer that they have expired. */
  forget(jobs: readonly ModelJob[]): void {
    for (const job of jobs) {
      this.#gone.push(this.idOf(job))
      this.#jobs.delete(job)
    }
  }

  /** The process ends, and the next one recovers what it finds. */
  async again(how: 'crash' | 'restart'): Promise<void> {
    if (this.#reopen === undefined) throw new Error(`a ledger that is shared is not to ${how}`)
    await this.#reopen(how)
    await this.world.ledger.recover()
    this.#model.recover()
  }

  /** Compares all there is to see. */
  async compare(): Promise<void> {
    await this.#dropGone()
    await this.#comparison.compare(this.#jobs)
    for (const id of this.#gone) await refusal(this.world.ledger.job(id), 'job_expired')
  }

  /** Jobs that a purge may have begun with are there in whole, or gone: from the first look on it is known which. */
  async #dropGone(): Promise<void> {
    for (const job of this.#model.jobs.filter(one => one.perhapsGone && !this.#model.hasExpired(one))) {
      job.perhapsGone = false
      if (!(await this.#isGone(this.idOf(job)))) continue
      this.#model.drop([job])
      this.forget([job])
    }
  }

  async #isGone(id: string): Promise<boolean> {
    try {
      await this.world.ledger.job(id)
      return false
    } catch (error) {
      if (isWaybillError(error) && error.code === 'job_expired') return true
      throw error
    }
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the model has what the ledger was never given')
  return value
}
