import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Job } from '../../../src/model/job.ts'
import type { JobEvent } from '../../../src/model/event.ts'
import { refusal } from '../../contracts/ledger/world.ts'
import { but } from '../../support/but.ts'
import { ALICE, caller, command, itemsOf, openHouse, put, run, type House } from './house.ts'

let house: House
let c = ''
beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house.close())
beforeEach(async () => {
  c = (await house.engine.collections.create(ALICE, {})).id
  await put(house, c, 'a')
})

const copy = (path: string, to = `copy/${path}`): Parameters<typeof command>[0] => ({
  items: [{ source: { collection: c, path }, destination: { collection: c, path: to } }],
})

/** A job that does not move until it is resumed. */
async function held(): Promise<Job> {
  const job = await house.ledger.createJob({
    id: crypto.randomUUID(),
    number: ++numbers,
    submittedBy: 'alice',
    ...command(copy('a')),
    sealed: true,
    idempotency: null,
  })
  return house.engine.jobs.pause(ALICE, job.job.id)
}
let numbers = 0

describe('waiting for a job', () => {
  it('ends with the job, from its commit and not from polling', async () => {
    const job = await held()
    const waiting = house.engine.jobs.wait(ALICE, job.id, 60_000)
    await house.engine.jobs.resume(ALICE, job.id)
    expect(await waiting).toMatchObject({ state: 'finished', outcome: 'succeeded' })
    expect(await house.engine.jobs.wait(ALICE, job.id, 60_000), 'at once by then').toMatchObject({ state: 'finished' })
  })

  it('ends with the time, telling how far it came', async () => {
    const job = await held()
    expect(await house.engine.jobs.wait(ALICE, job.id, 0)).toMatchObject({ paused: true })
    const waiting = house.engine.jobs.wait(ALICE, job.id, 10_000)
    expect(await house.clock.passUntil(waiting, 1000)).toMatchObject({ paused: true, state: 'submitted' })
    await house.engine.jobs.cancel(ALICE, job.id)
  })

  it('ends though nobody was told of the commit', async () => {
    // as when a connection breaks that another node's notice came by
    const deaf = await openHouse({ wrapLedger: ledger => but(ledger, { onCommit: () => () => undefined }) })
    const { id } = await deaf.engine.collections.create(ALICE, {})
    const { job } = await deaf.engine.jobs.submit(ALICE, command({ kind: 'delete', items: [{ source: { collection: id, path: 'a' } }] }))
    const waiting = deaf.engine.jobs.wait(ALICE, job.id, Number.MAX_SAFE_INTEGER)
    expect(await deaf.clock.passUntil(waiting, 1000)).toMatchObject({ state: 'finished' })
    await deaf.close()
  })

  it('ends when the caller goes away', async () => {
    const job = await held()
    const gone = new AbortController()
    const waiting = house.engine.jobs.wait(ALICE, job.id, 10_000, gone.signal)
    gone.abort()
    expect(await waiting).toMatchObject({ state: 'submitted' })
    expect(await house.engine.jobs.wait(ALICE, job.id, 10_000, AbortSignal.abort())).toMatchObject({ state: 'submitted' })
    await house.engine.jobs.cancel(ALICE, job.id)
  })

  it('ends for each who waits, however many', async () => {
    const job = await held()
    const waiting = Promise.all(Array.from({ length: 50 }, () => house.engine.jobs.wait(ALICE, job.id, 60_000)))
    await house.engine.jobs.resume(ALICE, job.id)
    expect((await waiting).every(({ state }) => state === 'finished')).toBe(true)
  })
})

describe('steering', () => {
  it('wakes the job that goes on: after a resume, a cancel and a retry it comes to its end by itself', async () => {
    const resumed = await held()
    await house.engine.jobs.resume(ALICE, resumed.id)
    expect((await house.engine.jobs.wait(ALICE, resumed.id, 1000)).outcome).toBe('succeeded')
    const cancelled = await held()
    await house.engine.jobs.cancel(ALICE, cancelled.id)
    expect((await house.engine.jobs.wait(ALICE, cancelled.id, 1000)).outcome).toBe('cancelled')
    await house.engine.jobs.retry(ALICE, cancelled.id, ['cancelled'])
    expect((await house.engine.jobs.wait(ALICE, cancelled.id, 1000)).outcome).toBe('succeeded')
  })

  it('retries terminal states that are not done, each once, and nothing else', async () => {
    const job = await run(house, copy('missing'))
    for (const states of [[], ['done'], ['failed', 'running'], ['pending']] as const) {
      const { facts } = await refusal(house.engine.jobs.retry(ALICE, job.id, states), 'invalid_request')
      expect(facts.errors).toMatchObject([{ pointer: '/states' }])
    }
    await put(house, c, 'missing')
    await house.engine.jobs.retry(ALICE, job.id, ['failed', 'failed'])
    expect(await house.engine.jobs.wait(ALICE, job.id, 1000)).toMatchObject({ outcome: 'succeeded', counts: { done: 1 } })
    expect((await itemsOf(house, job.id))[0]?.attempts).toBe(2)
  })

  it('says in a sentence why nothing moves', async () => {
    const job = await held()
    const { waitingFor } = house.engine.jobs
    const why = (of: Job): Promise<string | null> => waitingFor.call(house.engine.jobs, of)
    expect(await why(job)).toContain('paused')
    expect(await why({ ...job, paused: false })).toBe('The job waits for its first turn.')
    expect(await why({ ...job, paused: false, startedAt: 1 })).toBe('The job waits for its next turn.')
    expect(await why({ ...job, paused: false, counts: { ...job.counts, running: 1 } })).toBeNull()
    await house.engine.jobs.cancel(ALICE, job.id)
    expect(await why(await house.engine.jobs.wait(ALICE, job.id, 1000))).toBeNull()
  })

  it('tells a rate only from data', async () => {
    const job = await held()
    expect(house.engine.jobs.rate(job)).toBeNull()
    const counts = { ...job.counts, done: 30, failed: 10 }
    expect(house.engine.jobs.rate({ ...job, counts, startedAt: 1000, finishedAt: 3000 })).toBe(20)
    expect(house.engine.jobs.rate({ ...job, counts, startedAt: 1000, finishedAt: 1000 }), 'within one tick').toBe(40_000)
    await house.engine.jobs.cancel(ALICE, job.id)
  })
})

describe('events', () => {
  type Seen = string

  /** Reads until `until` says it is enough; virtual time passes meanwhile. */
  async function read(
    request: Parameters<House['engine']['jobs']['events']>[1],
    until: (seen: readonly Seen[]) => boolean,
    who = ALICE,
  ): Promise<{ seen: Seen[]; events: JobEvent[]; progress: { job: Job; at: number }[] }> {
    const stop = new AbortController()
    const found = { seen: [] as Seen[], events: [] as JobEvent[], progress: [] as { job: Job; at: number }[] }
    const reading = (async () => {
      for await (const one of house.engine.jobs.events(who, request, stop.signal)) {
        if ('event' in one) found.events.push(one.event)
        else found.progress.push({ job: one.progress, at: house.clock.now() })
        found.seen.push('event' in one ? one.event.type : 'progress')
        if (until(found.seen)) stop.abort()
      }
    })()
    await house.clock.passUntil(reading, 25)
    return found
  }

  const finished = (seen: readonly Seen[]): boolean => seen.includes('job.finished')

  it('of a job are replayed from its first, or from any after', async () => {
    const { id } = await run(house, copy('missing'))
    const { events, seen } = await read({ id }, finished)
    expect(seen).toEqual(['job.submitted', 'job.resolved', 'item.failed', 'job.finished'])
    const after = events[1]?.id ?? 0
    expect((await read({ id, after }, finished)).events).toEqual(events.slice(2))
  })

  it('go on live, with progress between', async () => {
    const job = await held()
    const reading = read({ id: job.id }, finished)
    await house.engine.jobs.resume(ALICE, job.id)
    const { seen, progress } = await reading
    expect(seen.filter(type => type !== 'progress')).toEqual(['job.submitted', 'job.resolved', 'job.finished'])
    expect(progress.every(({ job: { id, state } }) => id === job.id && state !== 'finished')).toBe(true)
  })

  it('tell progress at most four times a second, and only when something has changed', async () => {
    const job = await held()
    let flips = 0
    const stop = new AbortController()
    const told: number[] = []
    const reading = (async () => {
      for await (const one of house.engine.jobs.events(ALICE, { id: job.id }, stop.signal)) if ('progress' in one) told.push(house.clock.now())
    })()
    const until = house.clock.now() + 5_000
    while (house.clock.now() < until) {
      if (++flips % 2 === 0) await house.engine.jobs.pause(ALICE, job.id)
      else await house.ledger.resume(job.id)
      await new Promise(resolve => setTimeout(resolve, 1))
      house.clock.advance(20)
    }
    const changing = told.length
    expect(changing).toBeGreaterThan(5)
    for (const [index, at] of told.entries()) expect(at - (told[index - 1] ?? 0)).toBeGreaterThanOrEqual(250)
    for (let step = 0; step < 100; step++) {
      await new Promise(resolve => setTimeout(resolve, 1))
      house.clock.advance(100)
    }
    expect(told.length - changing, 'nothing changes any more').toBeLessThanOrEqual(1)
    stop.abort()
    await reading
    await house.engine.jobs.cancel(ALICE, job.id)
  })

  it('of all jobs are those the caller may see, live only unless told from where', async () => {
    const before = await house.ledger.lastEvent()
    const first = await run(house, copy('a'))
    const bob = caller('bob')
    const { id: bobs } = await house.engine.collections.create(bob, {})
    await run(house, { items: [{ source: { collection: bobs, path: 'a' }, destination: { collection: bobs, path: 'b' } }] }, bob)
    const replayed = await read({ after: before }, finished)
    expect(replayed.events.map(({ job, type }) => [job, type])).toEqual(['job.submitted', 'job.resolved', 'job.finished'].map(type => [first.id, type]))
    const live = read({}, finished)
    await new Promise(resolve => setTimeout(resolve, 20))
    const second = await run(house, copy('a', 'again'))
    expect((await live).events.every(({ job }) => job === second.id)).toBe(true)
  })

  it('of all jobs go on when one of them expires and is purged', async () => {
    let ends = 0
    const reading = read({}, seen => {
      ends = seen.filter(type => type === 'job.finished').length
      return ends === 2
    })
    await new Promise(resolve => setTimeout(resolve, 20))
    // so short that what the stream remembers of the job is younger than the job's end
    await house.engine.jobs.submit(ALICE, command({ ...copy('a'), retentionMs: 3_000 }))
    while (ends < 1) await new Promise(resolve => setTimeout(resolve, 1))
    house.clock.advance(3_000)
    while ((await house.ledger.purge(1000)) > 0);
    await run(house, copy('a', 'more'))
    expect((await reading).seen.filter(type => type === 'job.finished')).toHaveLength(2)
  })

  it('end at once for a caller who is gone', async () => {
    const { id } = await run(house, copy('a'))
    const all: unknown[] = []
    for await (const one of house.engine.jobs.events(ALICE, { id }, AbortSignal.abort())) all.push(one)
    expect(all).toEqual([])
  })
})
