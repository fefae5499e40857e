import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { v7 } from 'uuid'
import type { Entry, Fields } from '../../../src/model/entry.ts'
import { isWaybillError, type ErrorCode, type WaybillError } from '../../../src/model/errors.ts'
import { ITEM_STATES, type Item } from '../../../src/model/item.ts'
import type { EntitySelection, Job, JobOptions, Selection, SubmitItem } from '../../../src/model/job.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { EntryWrite, ItemFilter, Lease, Ledger, NewJob, NextWork, Submitted } from '../../../src/ports/ledger.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { sha256 } from '../../support/sha256.ts'

/** A ledger under test. */
export interface LedgerUnderTest {
  readonly ledger: Ledger
  /** One more ledger on the same storage, as another process would open it. */
  another(): Promise<Ledger>
  close(): Promise<void>
}

export type OpenLedger = (clock: Clock) => Promise<LedgerUnderTest>

/** How long the leases of these tests last. */
export const LEASE_MS = 30_000
export const HOUR_MS = 3600 * 1000
export const DAY_MS = 24 * HOUR_MS

export const USUAL: JobOptions = {
  kind: 'copy',
  conflict: 'version',
  verify: 'none',
  dryRun: false,
  priority: 5,
  label: null,
  dialect: 'v1',
  retentionMs: 30 * DAY_MS,
}

/** Options as wished, and what else a job is made of. Whatever is left out is usual. */
export interface Wish extends Partial<JobOptions> {
  readonly items?: readonly SubmitItem[]
  readonly select?: readonly Selection[]
  readonly entities?: readonly EntitySelection[]
  readonly by?: string
  readonly sealed?: boolean
  readonly key?: string
  readonly fingerprint?: string | null
}

let numbers = 1_000

/** A new job for `createJob`. */
export function newJob(wish: Wish): NewJob {
  const { items, select, entities, by, sealed, key, fingerprint, ...options } = wish
  return {
    id: v7(),
    number: ++numbers,
    submittedBy: by ?? 'alice',
    options: { ...USUAL, ...options },
    items: items ?? [],
    select: select ?? [],
    entities: entities ?? [],
    sealed: sealed ?? true,
    idempotency: key === undefined ? null : { key, fingerprint: fingerprint === undefined ? 'body' : fingerprint },
  }
}

/** An item from one path to another (copy, move), or on one path (delete, update). */
export function item(source: readonly [string, string], destination?: readonly [string, string?], more: { readonly fields?: Fields } = {}): SubmitItem {
  const to = destination === undefined ? {} : { destination: { collection: destination[0], ...(destination[1] === undefined ? {} : { path: destination[1] }) } }
  return { source: { collection: source[0], path: source[1] }, ...to, ...more }
}

/** The error that a call is refused with. */
export async function refusal(promise: Promise<unknown>, code: ErrorCode): Promise<WaybillError> {
  const outcome = await promise.then(
    value => ({ value }),
    (error: unknown) => ({ error }),
  )
  if (!('error' in outcome)) throw new Error(`expected ${code}, but the call succeeded with ${JSON.stringify(outcome.value)}`)
  if (!isWaybillError(outcome.error)) throw outcome.error
  expect(outcome.error.code).toBe(code)
  return outcome.error
}

/** One ledger and what tests say about it in one line. Tests share it, each with collections of its own. */
export class World {
  readonly clock = new VirtualClock()
  #under: LedgerUnderTest | null = null

  get ledger(): Ledger {
    return this.#opened.ledger
  }

  get #opened(): LedgerUnderTest {
    if (this.#under === null) throw new Error('the ledger is not open')
    return this.#under
  }

  async open(open: OpenLedger): Promise<void> {
    this.#under = await open(this.clock)
  }

  another(): Promise<Ledger> {
    return this.#opened.another()
  }

  async close(): Promise<void> {
    await this.#opened.close()
    this.#under = null
  }

  /** A new collection with a name of its own. */
  async collection(owner = 'alice'): Promise<string> {
    const id = `c-${randomUUID()}`
    await this.ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: owner })
    return id
  }

  /** A collection with folders. */
  async addressable(): Promise<string> {
    const id = `owner/${randomUUID()}`
    await this.ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: 'alice' })
    return id
  }

  /** A collection of many files beside one called "seed", made by a job: quick. */
  async manyFiles(n: number, at: (index: number) => string): Promise<string> {
    const c = await this.collection()
    await this.put(c, 'seed')
    const { counts } = await this.run({ items: Array.from({ length: n }, (_, index) => item([c, 'seed'], [c, at(index)])) })
    expect(counts.done).toBe(n)
    return c
  }

  /** Writes a version of a file; its size is the text's length. */
  async put(collection: string, path: string, text = path, more: Partial<EntryWrite & { fields: Fields | null; mediaType: string }> = {}): Promise<Entry> {
    const { entry } = await this.ledger.putEntry({
      subject: 'alice',
      kind: 'file',
      mediaType: 'text/plain',
      fields: null,
      ...more,
      collection,
      path,
      digest: sha256(text),
      size: text.length,
    })
    return entry
  }

  submit(wish: Wish): Promise<Submitted> {
    return this.ledger.createJob(newJob(wish))
  }

  /** Submits a job and returns its id. */
  async start(wish: Wish): Promise<string> {
    return (await this.submit(wish)).job.id
  }

  /** Submits a job and works it to its end. */
  async run(wish: Wish): Promise<Job> {
    return this.work(await this.start(wish))
  }

  next(job: string, worker = 'w1'): Promise<NextWork> {
    return this.ledger.nextWork(job, worker, LEASE_MS)
  }

  /** Leases the job's next chunk, resolving whatever comes before. */
  async lease(job: string, worker = 'w1'): Promise<Lease> {
    for (;;) {
      const work = await this.next(job, worker)
      if (work.do === 'run') return work.lease
      if (work.do === 'nothing') throw new Error(`job ${job} has nothing to lease`)
      await this.ledger.resolvePage(job)
    }
  }

  /** Works until the job has nothing more to do; its counters are checked at every step. */
  async work(job: string, corrupt: readonly string[] = []): Promise<Job> {
    for (;;) {
      const work = await this.next(job)
      await this.assertCounters(job)
      if (work.do === 'nothing') return this.job(job)
      if (work.do === 'resolve') await this.ledger.resolvePage(job)
      else await this.ledger.applyChunk(work.lease, corrupt)
      await this.assertCounters(job)
    }
  }

  async job(id: string): Promise<Job> {
    const job = await this.ledger.job(id)
    if (job === null) throw new Error(`there is no job ${id}`)
    return job
  }

  /** All items of a job, by pages of `limit`. */
  async items(job: string, filter: ItemFilter = {}, limit = 1000): Promise<Item[]> {
    const all: Item[] = []
    let cursor: string | null = null
    do {
      const page: { items: readonly Item[]; nextCursor: string | null } = await this.ledger.items(job, filter, {
        limit,
        ...(cursor === null ? {} : { cursor }),
      })
      expect(page.items.length).toBeLessThanOrEqual(limit)
      all.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== null)
    return all
  }

  async firstItem(job: string): Promise<Item> {
    const [first] = await this.items(job)
    if (first === undefined) throw new Error(`job ${job} has no items`)
    return first
  }

  async entry(collection: string, path: string): Promise<Entry | null> {
    return this.ledger.entry(collection, path)
  }

  /** The numbers of all versions of a path, newest first, a tombstone marked by "x". */
  async versions(collection: string, path: string): Promise<string[]> {
    const { items } = await this.ledger.versions(collection, path, { limit: 1000 })
    return items.map(({ version, deleted }) => `${version}${deleted ? 'x' : ''}`)
  }

  /** Live paths of a collection with what they hold. */
  async listing(collection: string): Promise<string[]> {
    const { items } = await this.ledger.entries(collection, {}, { limit: 1000 })
    return items.map(({ path }) => path)
  }

  /** I3: the counters are the sum of the item states. */
  async assertCounters(id: string): Promise<void> {
    const { counts } = await this.job(id)
    const found = Object.fromEntries([['total', 0], ...ITEM_STATES.map(state => [state, 0])]) as Record<string, number>
    for (const { state } of await this.items(id)) {
      found['total'] = (found['total'] ?? 0) + 1
      found[state] = (found[state] ?? 0) + 1
    }
    expect(counts).toEqual(found)
  }
}
