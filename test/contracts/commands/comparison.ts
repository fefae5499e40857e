import { expect } from 'vitest'
import { ITEM_STATES } from '../../../src/model/item.ts'
import { outcomeOf, type Counts } from '../../../src/model/job.ts'
import { collectionOf, type Model, type ModelItem, type ModelJob, type ModelVersion } from './model.ts'
import { refusal, type World } from '../ledger/world.ts'

/** A place's collection and path, in the model's words. */
function split(at: string): [string, string] {
  const slash = at.indexOf('/')
  return [at.slice(0, slash), at.slice(slash + 1)]
}

/** Compares a ledger with the model; learns on the way which revision and entity id stands for which of the model's. */
export class Comparison {
  readonly #world: World
  readonly #model: Model
  readonly #revisions = new Map<ModelVersion, string>()
  readonly #entities = new Map<number, string>()
  /** The ids of the model's collections, and what the model calls each. */
  readonly #collections: ReadonlyMap<string, string>
  readonly #names: ReadonlyMap<string, string>

  constructor(world: World, model: Model, collections: ReadonlyMap<string, string>) {
    this.#world = world
    this.#model = model
    this.#collections = collections
    this.#names = new Map([...collections].map(([name, id]) => [id, name]))
  }

  revision(version: ModelVersion): string | undefined {
    return this.#revisions.get(version)
  }

  /** Compares all that can be seen: every version of every place, every job, every item. */
  async compare(jobs: ReadonlyMap<ModelJob, string>): Promise<void> {
    for (const [at, versions] of this.#model.places) await this.#compareVersions(at, versions)
    for (const [name, id] of this.#collections) {
      const live = [...this.#model.places.keys()].filter(at => collectionOf(at) === name && this.#model.live(at) !== undefined)
      expect(await this.#world.listing(id), `collection ${name}`).toEqual(live.map(at => split(at)[1]).sort())
    }
    for (const [job, id] of jobs) {
      if (this.#model.hasExpired(job)) await refusal(this.#world.ledger.job(id), 'job_expired')
      else await this.#compareJob(id, job)
    }
  }

  async #compareVersions(at: string, versions: readonly ModelVersion[]): Promise<void> {
    const [name, path] = split(at)
    const collection = this.#collections.get(name) ?? name
    const found = (await this.#world.ledger.versions(collection, path, { limit: 1000 })).items.toReversed()
    const plain = (one: { deleted: boolean; digest: string | null; size: number }): unknown[] => [one.deleted, one.digest, one.size]
    expect(found.map(plain), at).toEqual(versions.map(plain))
    expect(
      found.map(({ version }) => version),
      at,
    ).toEqual(versions.map((_, index) => index + 1))
    for (const [index, version] of versions.entries()) {
      const { entityId, revision, fields } = found[index] as (typeof found)[number]
      expect(JSON.stringify(fields), at).toBe(version.fields)
      const entity = this.#entities.get(version.entity) ?? entityId
      expect(entityId, `entity of version ${index + 1} of ${at}`).toBe(entity)
      this.#entities.set(version.entity, entity)
      expect(revision).toBe(this.#revisions.get(version) ?? revision)
      this.#revisions.set(version, revision)
    }
    expect(new Set(this.#revisions.values()).size, 'revisions are never used twice').toBe(this.#revisions.size)
    expect(new Set(this.#entities.values()).size, 'entity ids are never used twice').toBe(this.#entities.size)
  }

  async #compareJob(id: string, model: ModelJob): Promise<void> {
    await this.#world.assertCounters(id)
    const job = await this.#world.job(id)
    const expected = model.chunks.flatMap(({ items, state }) => items.map(item => seenItem(model, item, state === 'leased')))
    const items = await this.#world.items(id, {}, 3)
    const seen = items.map(({ state, attempts, reason, destination }) => ({
      state,
      attempts,
      reason: reason?.code ?? null,
      destination: destination === null ? null : `${this.#names.get(destination.collection)}/${destination.path}`,
    }))
    expect(seen).toEqual(expected)
    expect(items.map(({ seq }) => seq)).toEqual(items.map((_, index) => index))
    expect({ state: job.state, paused: job.paused, cancelling: job.cancelling, outcome: job.outcome }).toEqual({
      state: model.state,
      paused: model.paused,
      cancelling: model.cancelling,
      outcome: model.state === 'finished' ? outcomeOf(countsOf(expected)) : null,
    })
  }
}

function seenItem(job: ModelJob, item: ModelItem, leased: boolean): { state: string; attempts: number; reason: string | null; destination: string | null } {
  const { state, attempts, reason, went, destination } = item
  return {
    state: state === 'pending' && leased ? 'running' : state,
    attempts,
    reason,
    destination: state === 'done' && job.kind !== 'delete' ? went : destination,
  }
}

function countsOf(items: readonly { state: string }[]): Counts {
  const count = (state: string): number => items.filter(item => item.state === state).length
  const counts = Object.fromEntries(ITEM_STATES.map(state => [state, count(state)])) as unknown as Omit<Counts, 'total'>
  return { ...counts, total: items.length }
}
