import type { Ids } from '../../src/ports/clock.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/engine/api.ts'
import { ORPHAN_GRACE_MS } from '../../src/engine/upkeep.ts'
import { LocalQueue } from '../../src/queue/local/local-queue.ts'
import { AddressRules } from '../../src/model/net-address.ts'
import { Random } from '../support/random.ts'
import { Asking } from './asking.ts'
import { Checks } from './checks.ts'
import { SimulatedClient } from './client.ts'
import { AUDIT_RETENTION_MS, SimulatedDeeds } from './deeds.ts'
import { SIGNING_KEY, SimulatedHooks } from './hooks.ts'
import { SimulatedReceivers } from './receivers.ts'
import { simulatedIds } from './simulated-ids.ts'
import { Schedule, SimulatedProcess } from './schedule.ts'
import { isExpected, SimulatedDatabase } from './simulated-ledger.ts'
import { SimulatedBytes } from './simulated-store.ts'
import { GIVE_UP_MS, WatchedWebhooks } from './simulated-webhooks.ts'
import { SimulatedUploads } from './uploads.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Steps between two readings of everything; the first ones come sooner. */
const CHECK_EVERY = 400
/** Steps within which all must have come to rest once nothing fails any more. */
const PATIENCE = 40_000
/** How many acts of the client begin an upload in parts. */
const UPLOAD_RATE = 0.05
/** How many put or remove a file by themselves. */
const DEED_RATE = 0.05
/** What clocks of servers may be apart from the ledger's (administration.ts refuses 5 s). */
const MAX_SKEW_MS = 4_000

/** What came of a simulation. */
export interface Course {
  readonly steps: number
  /** How many of them were calls of a ledger or a store that happened. */
  readonly calls: number
  /** Virtual time that passed, in milliseconds. */
  readonly passedMs: number
  /** The same for the same seed. */
  readonly trace: number
  readonly events: { kills: number; stalls: number; stops: number; jumps: number; submitted: number; takeovers: number; uploaded: number }
  readonly looked: Checks['looked']
}

interface Node {
  readonly process: SimulatedProcess
  readonly engine: Engine
  readonly queue: LocalQueue
}

/**
 * Lets servers work on random jobs, by the engine's own code and the ledger's own statements, on virtual time: they are killed, stand still and go on, lose
 * answers; the clock jumps. Everything that waits is chosen by the seed. At the end nothing fails any more, and every job must come to its end. Throws, with
 * the invariant, at the first thing that is not as it must be.
 */
export async function simulate(options: { readonly seed: number; readonly steps: number }): Promise<Course> {
  const realNow = performance.now.bind(performance)
  const simulation = new Simulation(options.seed)
  // what the ledger does in one turn depends on how long it has taken: here that depends on the seed alone
  performance.now = () => simulation.schedule.now
  try {
    return await simulation.run(options.steps)
  } finally {
    performance.now = realNow
  }
}

class Simulation {
  readonly schedule: Schedule
  readonly #random: Random
  readonly #ids: Ids
  readonly #database = new SimulatedDatabase()
  readonly #stores: readonly [SimulatedBytes, SimulatedBytes]
  readonly #client: SimulatedClient
  readonly #checks: Checks
  readonly #hooks: SimulatedHooks
  readonly #webhooks: WatchedWebhooks
  readonly #receivers: SimulatedReceivers
  readonly #uploads: SimulatedUploads
  readonly #deeds: SimulatedDeeds
  readonly #uploadLifeMs: number
  /** How often hooks are made and removed, in acts of the client; in some simulations there are none. */
  readonly #hookRate: number
  readonly #events = { kills: 0, stalls: 0, stops: 0, jumps: 0, submitted: 0, takeovers: 0, uploaded: 0 }
  readonly #unexpected: unknown[] = []
  /** One server alone frees all leases when it starts; several leave each other's alone. */
  readonly #alone: boolean
  #nodes: Node[] = []
  #started = 0

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.schedule = new Schedule(this.#random)
    this.#ids = simulatedIds(this.#random)
    this.#stores = [new SimulatedBytes('first', this.#random), new SimulatedBytes('second', this.#random)]
    const parts = { random: this.#random, database: this.#database, schedule: this.schedule, stores: this.#stores }
    this.#client = new SimulatedClient({ ...parts, ids: this.#ids })
    this.#hooks = new SimulatedHooks({ ...parts, ids: this.#ids })
    this.#webhooks = new WatchedWebhooks({ ...parts, hooks: this.#hooks, collectionsOf: job => this.#client.collections.get(job) ?? new Set() })
    this.#receivers = new SimulatedReceivers({ random: this.#random, hooks: this.#hooks })
    const asking = new Asking({ random: this.#random, nodes: () => this.#nodes })
    this.#uploads = new SimulatedUploads({ ...parts, asking, store: this.#stores[0] })
    this.#deeds = new SimulatedDeeds({ ...parts, asking })
    this.#uploadLifeMs = this.#random.pick([1, 72]) * HOUR_MS
    this.#hookRate = this.#random.pick([0, 0.05, 0.2])
    this.#checks = new Checks({ client: this.#client, database: this.#database, schedule: this.schedule, far: this.#stores[1] })
    this.#alone = this.#random.chance(0.25)
  }

  async run(steps: number): Promise<Course> {
    const begun = this.schedule.now
    this.#client.begin()
    for (let n = this.#alone ? 1 : 3; n > 0; n--) this.#start()
    for (let next = 50; this.schedule.taken < steps;) {
      await this.#next()
      if (this.schedule.taken < next) continue
      this.#check()
      next = this.schedule.taken + Math.min(CHECK_EVERY, next)
      this.schedule.faults.refused = this.#random.chance(0.3) ? 0.1 : 0
      this.schedule.faults.lostAnswer = this.#random.chance(0.3) ? 0.1 : 0
    }
    await this.#comeToRest()
    const passedMs = this.schedule.now - begun
    const { taken, calls, trace } = this.schedule
    return { steps: taken, calls, passedMs, trace, events: this.#events, looked: this.#checks.looked }
  }

  async #next(): Promise<void> {
    if (this.#random.chance(0.05)) this.#act()
    if (this.#random.chance(0.003)) this.#disturb()
    await this.schedule.next()
    if (this.#unexpected.length > 0) throw this.#unexpected[0]
  }

  #act(): void {
    if (this.#random.chance(this.#hookRate)) {
      this.#hooks.act(this.#client.jobs)
      return
    }
    if (this.#random.chance(UPLOAD_RATE)) {
      this.#uploads.upload().catch((error: unknown) => this.#unexpected.push(error))
      return
    }
    if (this.#random.chance(DEED_RATE)) {
      this.#deeds.act().catch((error: unknown) => this.#unexpected.push(error))
      return
    }
    const before = this.#client.jobs.length
    const job = this.#client.act()
    this.#events.submitted += this.#client.jobs.length - before
    // now and then a wake-up is lost
    if (job !== null && this.#random.chance(0.8)) this.#random.pick(this.#nodes).queue.wake({ job, tenant: 'alice', priority: 5 })
  }

  #disturb(): void {
    const node = this.#random.pick(this.#nodes)
    const how = this.#random.pick(['kill', 'kill', 'stop', 'stall', 'stall', 'jump'] as const)
    if (how === 'kill') this.#kill(node)
    if (how === 'stop') this.#stop(node)
    if (how === 'stall') this.#stall(node)
    if (how === 'jump') this.#jump()
  }

  #kill(node: Node): void {
    this.#events.kills += 1
    this.schedule.kill(node.process)
    this.#replace(node)
  }

  /** A server that was told to stop finishes what it has in hand, while the next one has started already; alone, it must be gone first. */
  #stop(node: Node): void {
    if (this.#alone) return
    this.#events.stops += 1
    void node.engine.stop()
    this.#replace(node)
  }

  #stall({ process }: Node): void {
    this.#events.stalls += 1
    process.stalledUntil = this.schedule.now + this.#random.between(1_000, 60_000)
  }

  #jump(): void {
    const ms = this.#random.pick([20_000, 10 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 30 * HOUR_MS])
    // between looking at its lease and settling a chunk no server stands still for as long as a sweep lets be
    if (ms >= ORPHAN_GRACE_MS && this.schedule.waits('applyChunk')) return
    this.#events.jumps += 1
    this.schedule.jump(ms)
  }

  #replace(node: Node): void {
    this.#nodes = this.#nodes.filter(one => one !== node)
    this.#start()
  }

  #start(): void {
    const process = new SimulatedProcess(`node ${++this.#started}`, this.#alone ? 0 : this.#random.between(-MAX_SKEW_MS, MAX_SKEW_MS))
    const clock = this.schedule.clock(process)
    const onError = (error: unknown): void => {
      if (!isExpected(error)) this.#unexpected.push(error)
    }
    const queue = new LocalQueue(onError)
    const engine = createEngine({
      ledger: this.#database.ledgerOf(process, this.schedule, { alone: this.#alone, webhooks: this.#webhooks }),
      stores: this.#stores.map(store => store.storeOf(process, this.schedule)),
      ...{ queue, clock, onError, ids: this.#ids, worker: process.name },
      webhooks: {
        ...{ sender: this.#receivers.senderOf(process, this.schedule), addresses: new AddressRules([]), http: false, publicUrl: null, signingKey: SIGNING_KEY },
        schedule: { firstMs: 5_000, giveUpMs: GIVE_UP_MS, random: () => this.#random.next() },
      },
      auditRetentionMs: AUDIT_RETENTION_MS,
      deletedRetentionMs: 30 * 24 * 3600 * 1000,
      ...{ concurrency: 2, maxItems: 10_000, maxUploadBytes: 1024, uploadLifeMs: this.#uploadLifeMs },
    })
    // a start that fails is tried again, as a supervisor would
    engine.start().catch((error: unknown) => {
      onError(error)
      const node = this.#nodes.find(one => one.process === process)
      if (node === undefined) return
      this.schedule.kill(process)
      this.#replace(node)
    })
    this.#nodes.push({ process, engine, queue })
  }

  #check(atEnd = false): void {
    if (atEnd) {
      this.#checks.runToEnd()
      this.#checks.looked.deliveries = this.#webhooks.check()
      this.#checks.looked.uploads = this.#uploads.check()
      this.#checks.looked.deeds = this.#deeds.check()
      this.#events.uploaded = this.#uploads.done
    } else this.#checks.run()
    this.#events.takeovers = this.#database.takeovers
  }

  /** Nothing fails any more, nobody submits, what was paused goes on: every job must end, and say truly how. */
  async #comeToRest(): Promise<void> {
    Object.assign(this.schedule.faults, { refused: 0, lostAnswer: 0 })
    this.#client.resumeAll()
    this.#receivers.areWell = true
    this.#hooks.enableAll()
    for (const end = this.schedule.taken + PATIENCE; ;) {
      const left = this.#checks.unfinished()
      if (left.length === 0 && this.#webhooks.isAtRest()) break
      if (this.schedule.taken > end)
        throw new Error(`liveness: after ${PATIENCE} steps without faults, unfinished jobs: ${left.join(', ') || 'none, but hooks wait'}`)
      for (let n = 0; n < 200; n++) await this.schedule.next()
    }
    // time may just have jumped: what is over by it goes with the next upkeep
    for (const until = this.schedule.now + 2 * MINUTE_MS; this.schedule.now < until;) await this.schedule.next()
    this.#check(true)
    if (this.#unexpected.length > 0) throw this.#unexpected[0]
  }
}
