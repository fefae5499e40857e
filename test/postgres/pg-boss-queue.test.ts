import { setTimeout as pause } from 'node:timers/promises'
import { v7 } from 'uuid'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RunSql, TurnResult, Wake } from '../../src/ports/queue.ts'
import { PgBossQueue } from '../../src/queue/pg-boss/pg-boss-queue.ts'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { ask, createDatabase, type TestDatabase } from '../support/postgres-database.ts'

/** A node whose turns are written down, and end at once unless the test says otherwise. */
class Node {
  readonly turns: string[] = []
  readonly errors: unknown[]
  readonly queue: PgBossQueue
  /** What a turn comes to. */
  come: (job: string, turn: number) => Promise<TurnResult> = () => Promise.resolve('idle')

  private constructor(queue: PgBossQueue, errors: unknown[]) {
    this.queue = queue
    this.errors = errors
  }

  static async start(url: string, { concurrency = 4, answerMs = 30_000 } = {}): Promise<Node> {
    const errors: unknown[] = []
    const node = new Node(await PgBossQueue.open({ url, answerMs, onError: error => errors.push(error) }), errors)
    const turn = (job: string): Promise<TurnResult> => {
      node.turns.push(job)
      return node.come(job, node.turns.filter(each => each === job).length)
    }
    node.queue.work(turn, { concurrency })
    return node
  }
}

const wakeOf = (tenant = 'alice', job: string = v7()): Wake => ({ job, tenant, priority: 5 })

describe('wake-ups of several nodes in pg-boss', () => {
  let database: TestDatabase
  let nodes: Node[]

  beforeAll(async () => {
    database = await createDatabase()
  })
  afterAll(() => database.drop())
  beforeEach(async () => {
    // at once, the first time on an empty database: one makes the tables
    nodes = await Promise.all([Node.start(database.url), Node.start(database.url)])
  })
  afterEach(async () => {
    await Promise.all(nodes.map(node => node.queue.stop()))
  })

  const node = (n: number): Node => nodes[n] as Node
  const turnsOf = (job: string): number => nodes.flatMap(each => each.turns).filter(each => each === job).length

  it('reach one node each', async () => {
    const wakes = Array.from({ length: 300 }, () => wakeOf())
    for (const wake of wakes) node(0).queue.wake(wake)
    await expect.poll(() => node(0).turns.length + node(1).turns.length, { timeout: 20_000 }).toBe(300)
    await pause(1_000)
    expect(new Set(nodes.flatMap(each => each.turns)).size).toBe(300)
    expect(node(0).turns.length + node(1).turns.length).toBe(300)
  })

  it('are there with the transaction that sends them, or never', async () => {
    const [kept, dropped] = [wakeOf(), wakeOf()]
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const run: RunSql = (text, values) => client.query(text, values)
    for (const [wake, end] of [
      [dropped, 'ROLLBACK'],
      [kept, 'COMMIT'],
    ] as const) {
      await client.query('BEGIN')
      await node(0).queue.sendWithin(run, [wake, wake])
      await pause(700) // a look of each node
      expect(turnsOf(wake.job)).toBe(0)
      await client.query(end)
    }
    await client.end()
    node(0).queue.look()
    await expect.poll(() => turnsOf(kept.job)).toBe(1)
    expect(turnsOf(dropped.job)).toBe(0)
  })

  it('of the same jobs in several transactions do not wait in a circle', async () => {
    const [first, second] = [wakeOf(), wakeOf()].toSorted((a, b) => (a.job < b.job ? -1 : 1)) as [Wake, Wake]
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const run: RunSql = (text, values) => client.query(text, values)
    await client.query('BEGIN')
    await node(0).queue.sendWithin(run, [first])
    for (const wake of [second, first]) node(1).queue.wake(wake)
    await pause(300) // the other node has written what it can
    await node(0).queue.sendWithin(run, [second])
    await client.query('COMMIT')
    await client.end()
    await expect.poll(() => [first, second].every(wake => turnsOf(wake.job) > 0), { timeout: 10_000 }).toBe(true)
    expect(nodes.flatMap(each => each.errors)).toEqual([])
  })

  it('that come while a turn runs are not lost', async () => {
    const wake = wakeOf()
    const { promise, resolve } = Promise.withResolvers<TurnResult>()
    for (const each of nodes) each.come = () => promise
    node(0).queue.wake(wake)
    await expect.poll(() => turnsOf(wake.job)).toBe(1)
    node(1).queue.wake(wake)
    await pause(700)
    expect(turnsOf(wake.job)).toBe(1) // a job is in one hand until it rests
    resolve('idle')
    await expect.poll(() => turnsOf(wake.job), { timeout: 10_000 }).toBe(2)
  })

  it('of a job that goes on bring the other node in', async () => {
    const wake = wakeOf()
    let over = false
    for (const each of nodes) each.come = () => pause(5).then(() => (over ? 'idle' : 'more'))
    node(0).queue.wake(wake)
    await expect.poll(() => nodes.every(each => each.turns.length > 20), { timeout: 20_000 }).toBe(true)
    over = true
    await expect
      .poll(async () => {
        const before = turnsOf(wake.job)
        await pause(300)
        return turnsOf(wake.job) - before
      })
      .toBe(0)
  })

  it('of one tenant, however many, leave room for those of others', async () => {
    const held = Promise.withResolvers<TurnResult>()
    for (const each of nodes) each.come = job => (job === late.job ? Promise.resolve('idle') : held.promise)
    const late = wakeOf('bob')
    const many = Array.from({ length: 400 }, () => wakeOf('alice'))
    for (const wake of many) node(0).queue.wake(wake)
    await pause(1_000)
    // alice's turns never end: bob's job is claimed nevertheless, and has the first turn that is free
    node(0).queue.wake(late)
    await pause(1_000)
    held.resolve('idle')
    await expect.poll(() => turnsOf(late.job), { timeout: 10_000 }).toBe(1)
    const order = nodes.find(each => each.turns.includes(late.job))?.turns ?? []
    expect(order.indexOf(late.job)).toBeLessThan(20)
    await expect.poll(() => many.every(wake => turnsOf(wake.job) === 1), { timeout: 20_000 }).toBe(true)
  })

  it('of turns that fail come again, on any node', async () => {
    const wake = wakeOf()
    for (const each of nodes) each.come = () => (turnsOf(wake.job) === 1 ? Promise.reject(new Error('the disk burns')) : Promise.resolve('idle'))
    node(0).queue.wake(wake)
    await expect.poll(() => turnsOf(wake.job), { timeout: 10_000 }).toBe(2)
    expect(nodes.flatMap(each => each.errors)).toMatchObject([{ message: 'the disk burns' }])
  })

  it('reach a node again whose connections fell silent', { timeout: 60_000 }, async () => {
    await Promise.all(nodes.splice(0).map(each => each.queue.stop()))
    const proxy = await startCuttingProxy(database.url)
    try {
      nodes.push(await Node.start(proxy.url, { answerMs: 1_000 }))
      const [before, after] = [wakeOf(), wakeOf()]
      node(0).queue.wake(before)
      await expect.poll(() => turnsOf(before.job), { timeout: 10_000 }).toBe(1)
      proxy.silence()
      node(0).queue.wake(after)
      await expect.poll(() => turnsOf(after.job), { timeout: 30_000 }).toBe(1)
      await Promise.all(nodes.splice(0).map(each => each.queue.stop()))
    } finally {
      proxy.close()
    }
  })

  it('come when connections were ended by the server, and what is told of it names no user, host or key', { timeout: 30_000 }, async () => {
    await expect
      .poll(
        async () => {
          await ask(
            database.url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'waybill queue'",
          )
          await pause(100)
          return nodes.flatMap(each => each.errors).length
        },
        { timeout: 20_000 },
      )
      .toBeGreaterThan(5)
    const wake = wakeOf()
    node(0).queue.wake(wake)
    await expect.poll(() => turnsOf(wake.job), { timeout: 10_000 }).toBe(1)
    for (const error of nodes.flatMap(each => each.errors)) expect(error).not.toHaveProperty('client')
  })

  it('are handed over at once by a node that stops, in the middle of a job', async () => {
    const wakes = Array.from({ length: 5 }, () => wakeOf())
    node(1).come = () => pause(20).then(() => 'idle')
    node(0).come = () => pause(20).then(() => 'more')
    for (const wake of wakes) node(0).queue.wake(wake)
    await expect.poll(() => wakes.every(wake => turnsOf(wake.job) > 0), { timeout: 10_000 }).toBe(true)
    await node(0).queue.stop()
    nodes.shift()
    nodes.push(await Node.start(database.url))
    await expect.poll(() => wakes.every(wake => turnsOf(wake.job) > 0), { timeout: 10_000 }).toBe(true)
  })
})
