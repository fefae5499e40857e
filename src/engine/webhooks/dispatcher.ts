import type { Clock } from '../../ports/clock.ts'
import type { Ledger, WebhookClaim } from '../../ports/ledger.ts'
import { Sending, type SendingParts } from './sending.ts'

/** Commits come by the dozen a second; their events go out together. */
const GATHER_MS = 50
/** Lost notices lose nothing: hooks that other processes made, and events, are looked for this often. */
const LOOK_AGAIN_MS = 5_000
/** Events spread in one transaction: some milliseconds, so that no job notices. */
const SPREAD_BATCH = 1_000
/** Hooks that are sent to at once: one that answers slowly holds one of these places for LEASE_MS at most, a dead one for a single attempt. */
const MOST_AT_ONCE = 128
/** Events that one claim takes. With `AT_ONCE` of them under way (sending.ts), and each for 10 s at most, they are over before the lease is. */
const CLAIM_BATCH = 16
const LEASE_MS = 60_000
/** How long what is under way may take when it is to stop: receivers that answer at once are not sent the same again. */
const DRAIN_MS = 2_000

export interface DispatcherParts extends SendingParts {
  readonly ledger: Ledger
  readonly clock: Clock
  /** This process, in leases. */
  readonly worker: string
  readonly onError: (error: unknown, what: string) => void
}

/**
 * Sends events to hooks: spreads what was committed over them, takes those that have something due, one by one, and sends. Every process on a ledger has one; the
 * ledger sees to it that a hook is sent to by one of them. Without hooks it asks the ledger now and then, and commits cost it nothing.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts
  readonly #sending: Sending
  readonly #stopped = new AbortController()
  readonly #broken = new AbortController()
  readonly #running = new Set<Promise<void>>()
  #loop: Promise<void> | null = null
  #unsubscribe: (() => void) | null = null
  #active = true
  #raised = false
  #raise: (() => void) | null = null

  constructor(parts: DispatcherParts) {
    this.#parts = parts
    this.#sending = new Sending(parts)
  }

  start(): void {
    this.#unsubscribe = this.#parts.ledger.onCommit(({ jobs }) => {
      if (this.#active && jobs.length > 0) this.#wake()
    })
    this.#loop = this.#run()
  }

  /** What is being sent and not answered soon is broken off, and sent again later. */
  async stop(): Promise<void> {
    this.#unsubscribe?.()
    this.#stopped.abort()
    await this.#loop
    const drained = new AbortController()
    const late = this.#parts.clock.sleep(DRAIN_MS, drained.signal).then(() => this.#broken.abort())
    await Promise.all(this.#running)
    drained.abort()
    await late
    this.#parts.sender.close()
  }

  /** A hook was made, or is to be tried again. */
  look(): void {
    this.#active = true
    this.#wake()
  }

  #wake(): void {
    this.#raised = true
    this.#raise?.()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      let pause = LOOK_AGAIN_MS
      try {
        await this.#spread()
        if (this.#active) pause = await this.#takeAll()
      } catch (error) {
        this.#parts.onError(error, 'webhooks')
      }
      await this.#wait(pause)
      await this.#parts.clock.sleep(GATHER_MS, signal)
    }
  }

  async #spread(): Promise<void> {
    for (let more = true; more && !this.#stopped.signal.aborted;) {
      const spread = await this.#parts.ledger.webhooks.spread(SPREAD_BATCH)
      this.#active = spread.active
      more = spread.more
      if (more) await this.#takeAll()
    }
  }

  /** Begins with every hook that has something due, as far as there are places. Returns how long to wait until the next has. */
  async #takeAll(): Promise<number> {
    const { ledger, clock, worker } = this.#parts
    while (this.#running.size < MOST_AT_ONCE && !this.#stopped.signal.aborted) {
      const due = await ledger.webhooks.dueAt()
      const now = clock.now()
      if (due === null || due > now) return Math.min(due === null ? LOOK_AGAIN_MS : due - now, LOOK_AGAIN_MS)
      const claim = await ledger.webhooks.claim(worker, LEASE_MS, CLAIM_BATCH)
      if (claim !== null) this.#begin(claim)
    }
    return LOOK_AGAIN_MS
  }

  #begin(claim: WebhookClaim): void {
    const sending = this.#send(claim).finally(() => {
      this.#running.delete(sending)
      this.#wake() // there is a place, and perhaps more for this hook
    })
    this.#running.add(sending)
  }

  async #send(claim: WebhookClaim): Promise<void> {
    try {
      await this.#parts.ledger.webhooks.settle(claim, await this.#sending.send(claim, { stopped: this.#stopped.signal, broken: this.#broken.signal }))
    } catch (error) {
      this.#parts.onError(error, `webhook ${claim.hook.id}`) // its lease ends by itself
    }
  }

  /** Until somebody wakes it, `ms` are over, or it is stopped. */
  async #wait(ms: number): Promise<void> {
    if (!this.#raised) {
      const timer = new AbortController()
      const raised = new Promise<void>(resolve => (this.#raise = resolve))
      await Promise.race([raised, this.#parts.clock.sleep(ms, AbortSignal.any([timer.signal, this.#stopped.signal]))])
      timer.abort()
      this.#raise = null
    }
    this.#raised = false
  }
}
