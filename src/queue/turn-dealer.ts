import type { TurnLimits, TurnResult, Wake } from '../ports/queue.ts'
import { Line, type Turner } from './turns.ts'

/** Turns of one big job at once: two, so that the next chunk is leased in the same commit that settles the one before. A job of one turn never needs the second. */
const MOST_TURNS_OF_A_JOB = 2

/**
 * What a turn costs. Who comes new stands where it would stand after a turn: before those who had two more, and behind whoever waits for the next one. Else those
 * who come all the time, with one turn each, would always go before it.
 */
const TENANT_STRIDE = 1

function strideOf({ priority }: Wake): number {
  return 1 / priority
}

interface WaitingJob extends Turner {
  readonly wake: Wake
  readonly tenant: Tenant
  /** Turns running now, and how many may. */
  turns: number
  width: number
  /** Its last turn found nothing to do; only a wake-up, or a turn that did, changes that. */
  idle: boolean
  /** Woken while turns were running: one of them may have looked too early. */
  news: boolean
  /** Its last turn threw. */
  failed: boolean
  /** It is to have no further turn. */
  withdrawn: boolean
}

/** What a dealer tells of. */
export interface TurnEvents {
  /** A turn threw: its job rests until it is woken again. */
  readonly onError: (error: unknown, job: string) => void
  /** A job has no turn and waits for none; `failed`: because its last one threw. */
  readonly onRest?: (job: string, failed: boolean) => void
}

interface Tenant extends Turner {
  readonly name: string
  readonly jobs: Map<string, WaitingJob>
  readonly line: Line<WaitingJob>
}

/**
 * Turns of the jobs that one process has in hand. They are dealt on two levels: first between tenants, evenly, then between a tenant's jobs, by priority. So a ten-file
 * job waits for one turn of the others, never for their end.
 */
export class TurnDealer {
  readonly #tenants = new Map<string, Tenant>()
  readonly #line = new Line<Tenant>()
  readonly #running = new Set<Promise<void>>()
  readonly #events: TurnEvents
  #handler: ((job: string) => Promise<TurnResult>) | null = null
  #concurrency = 0
  #quick = 0
  /** Running turns of jobs that have said `more`: those take long. */
  #long = 0
  #stopped = false

  constructor(events: TurnEvents) {
    this.#events = events
  }

  wake(wake: Wake): void {
    const job = this.#find(wake)
    job.idle = false
    job.news = true
    job.withdrawn = false
    this.#lineUp(job)
    this.#deal()
  }

  /** How many jobs have a turn, or wait for one, here. */
  inHand(): number {
    let count = 0
    for (const tenant of this.#tenants.values()) count += tenant.jobs.size
    return count
  }

  /** Takes no further turn for a job; it rests when those that run have ended. */
  withdraw(wake: Wake): void {
    const job = this.#tenants.get(wake.tenant)?.jobs.get(wake.job)
    if (job === undefined) return
    job.withdrawn = true
    if (job.turns === 0) this.#forget(job)
  }

  work(handler: (job: string) => Promise<TurnResult>, { concurrency, quick = concurrency }: TurnLimits): void {
    this.#handler = handler
    this.#concurrency = concurrency
    this.#quick = quick
    this.#deal()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running)
  }

  #find(wake: Wake): WaitingJob {
    let tenant = this.#tenants.get(wake.tenant)
    if (tenant === undefined) {
      tenant = { name: wake.tenant, jobs: new Map(), line: new Line(), pass: this.#line.time + TENANT_STRIDE, waiting: false }
      this.#tenants.set(wake.tenant, tenant)
    }
    let job = tenant.jobs.get(wake.job)
    if (job === undefined) {
      const pass = tenant.line.time + strideOf(wake)
      job = { wake, tenant, pass, waiting: false, turns: 0, width: 1, idle: false, news: false, failed: false, withdrawn: false }
      tenant.jobs.set(wake.job, job)
    }
    return job
  }

  #lineUp(job: WaitingJob): void {
    if (job.idle || job.withdrawn || job.turns >= job.width) return
    job.tenant.line.join(job)
    this.#line.join(job.tenant)
  }

  #deal(): void {
    while (!this.#stopped && this.#handler !== null && this.#running.size < this.#quick && this.#long < this.#concurrency) {
      const tenant = this.#line.take(() => TENANT_STRIDE)
      if (tenant === null) return
      const job = tenant.line.take(one => strideOf(one.wake))
      if (!tenant.line.empty) this.#line.join(tenant)
      if (job === null || job.idle || job.withdrawn) continue
      this.#start(job, this.#handler)
    }
  }

  #start(job: WaitingJob, handler: (job: string) => Promise<TurnResult>): void {
    job.turns += 1
    this.#lineUp(job)
    const long = job.width > 1 ? 1 : 0
    this.#long += long
    const turn: Promise<void> = this.#turn(job, handler).finally(() => {
      this.#running.delete(turn)
      this.#long -= long
      this.#deal()
    })
    this.#running.add(turn)
  }

  async #turn(job: WaitingJob, handler: (job: string) => Promise<TurnResult>): Promise<void> {
    job.news = false
    let more = false
    job.failed = false
    try {
      more = (await handler(job.wake.job)) === 'more'
    } catch (error) {
      job.failed = true
      this.#events.onError(error, job.wake.job)
    }
    job.turns -= 1
    job.idle = !more && !job.news
    if (more) job.width = job.wake.width ?? MOST_TURNS_OF_A_JOB
    if ((job.idle || job.withdrawn) && job.turns === 0) this.#forget(job)
    else this.#lineUp(job)
  }

  #forget(job: WaitingJob): void {
    job.tenant.jobs.delete(job.wake.job)
    if (job.tenant.jobs.size === 0) this.#tenants.delete(job.tenant.name)
    this.#events.onRest?.(job.wake.job, job.failed)
  }
}
