import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { v7 } from 'uuid'
import { Dispatcher } from '../../src/engine/webhooks/dispatcher.ts'
import { SecretBox } from '../../src/engine/webhooks/secrets.ts'
import { PostgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts'
import { EVENT_TYPES } from '../../src/model/event.ts'
import { AddressRules } from '../../src/model/net-address.ts'
import { WebhookClient } from '../../src/outgoing/webhook-client.ts'
import { systemClock } from '../../src/system/clock.ts'
import { item, newJob } from '../contracts/ledger/world.ts'
import { createDatabase, type TestDatabase } from '../support/postgres-database.ts'
import { respond, startReceiver, typesOf, type Receiver } from '../support/receiver.ts'

const secrets = new SecretBox('a key of tests that is long enough')
const EVENTS_EACH = 4

describe('webhooks of several nodes on one PostgreSQL', () => {
  let database: TestDatabase
  let nodes: PostgresLedger[]
  const dispatchers: Dispatcher[] = []
  const receivers: Receiver[] = []
  const errors: unknown[] = []
  const ledger = (n: number): PostgresLedger => nodes[n] as PostgresLedger

  beforeAll(async () => {
    database = await createDatabase()
    nodes = await Promise.all([0, 1].map(() => PostgresLedger.open(database.url, systemClock)))
  })
  afterEach(async () => {
    await Promise.all(dispatchers.splice(0).map(dispatcher => dispatcher.stop()))
    for (const hook of (await ledger(0).webhooks.list({ createdBy: 'alice' }, { limit: 100 })).items) await ledger(0).webhooks.remove(hook.id)
    await Promise.all(receivers.splice(0).map(receiver => receiver.close()))
    expect(errors.splice(0)).toEqual([])
  })
  afterAll(async () => {
    await Promise.all(nodes.map(node => node.close()))
    await database.drop()
  })

  function dispatch(n: number): Dispatcher {
    const dispatcher = new Dispatcher({
      ledger: ledger(n),
      clock: systemClock,
      sender: new WebhookClient(new AddressRules(['127.0.0.1'])),
      secrets,
      publicUrl: null,
      schedule: { firstMs: 20, giveUpMs: 60_000 },
      worker: `node ${n}`,
      onError: error => errors.push(error),
    })
    dispatchers.push(dispatcher)
    dispatcher.start()
    return dispatcher
  }

  async function hooked(receiver: Receiver): Promise<string> {
    receivers.push(receiver)
    const c = `c-${v7()}`
    await ledger(0).createCollection({ id: c, name: c, store: 'local', attributes: {}, createdBy: 'alice' })
    const id = v7()
    const secret = secrets.seal(id, Buffer.alloc(24))
    await ledger(0).webhooks.create({ id, url: receiver.url, collection: c, job: null, events: EVENT_TYPES, secret, createdBy: 'alice' })
    return c
  }

  async function work(n: number, c: string): Promise<string> {
    const { job } = await ledger(n).createJob(newJob({ kind: 'delete', items: [item([c, 'none'])] }))
    for (let more = true; more;) {
      const turn = await ledger(n).takeTurn(job.id, 'w', 30_000)
      more = turn.do === 'worked' && turn.more
    }
    return job.id
  }

  const idsOf = ({ received }: Receiver): string[] => received.map(({ headers }) => String(headers['webhook-id']))

  it('are sent each event once, by one node at a time, whichever node it happened on', async () => {
    let [now, most] = [0, 0]
    const receiver = await startReceiver((_, response) => {
      most = Math.max(most, ++now)
      setTimeout(() => {
        now -= 1
        respond(response, 204)
      }, 5)
    })
    const c = await hooked(receiver)
    for (const n of [0, 1]) dispatch(n)
    const jobs = await Promise.all(Array.from({ length: 30 }, (_, n) => work(n % 2, c)))
    await receiver.until(() => receiver.received.length >= jobs.length * EVENTS_EACH)
    await Promise.all(dispatchers.splice(0).map(dispatcher => dispatcher.stop()))
    expect(idsOf(receiver).length).toBe(jobs.length * EVENTS_EACH)
    expect(new Set(idsOf(receiver)).size).toBe(jobs.length * EVENTS_EACH)
    for (const job of jobs) expect(new Set(typesOf(receiver.received, job)).size).toBe(EVENTS_EACH)
    // as many as one node has under way for a hook
    expect(most).toBeLessThanOrEqual(4)
  })

  it('are taken over when the node that sends dies', async () => {
    const receiver = await startReceiver()
    const c = await hooked(receiver)
    await work(0, c)
    // a node that spreads, takes the hook, and is never heard of again
    while ((await ledger(0).webhooks.spread(1_000)).more);
    const claim = await ledger(0).webhooks.claim('dead', 1_000, 100)
    expect(claim?.due.length).toBe(EVENTS_EACH)
    dispatch(1)
    await receiver.until(() => receiver.received.length === EVENTS_EACH)
    expect(await ledger(0).webhooks.settle(claim as NonNullable<typeof claim>, { results: [], notBefore: null, disabled: null })).toBe(false)
  })

  it('begin at once with a hook that is made while there were none', async () => {
    expect(await ledger(1).webhooks.spread(10)).toEqual({ active: false, more: false })
    const c = `c-${v7()}`
    await ledger(0).createCollection({ id: c, name: c, store: 'local', attributes: {}, createdBy: 'alice' })
    await work(0, c)
    const receiver = await startReceiver()
    const mine = await hooked(receiver)
    const dispatcher = dispatch(1)
    const job = await work(0, mine)
    dispatcher.look()
    await receiver.until(() => receiver.received.length === EVENTS_EACH)
    expect(new Set(receiver.received.map(({ event }) => event.data.job))).toEqual(new Set([job]))
  })
})
