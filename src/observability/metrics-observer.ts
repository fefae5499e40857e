import { isWaybillError } from '../model/errors.ts'
import type { Job } from '../model/job.ts'
import type { Clock } from '../ports/clock.ts'
import type { Backlog, CommittedWork, ObservedLedger } from '../ports/observed-ledger.ts'
import { SilentObserver, type Activity, type BegunRequest, type BytesMoved, type RequestWatch } from '../ports/observer.ts'
import { Metrics } from './metrics.ts'

/** Several who scrape at once, or one who does so too often, ask the ledger once. */
const BACKLOG_MS = 1000

/** Keeps the metrics: counters and durations as they are told, gauges of the ledger asked at each scrape. */
export class MetricsObserver extends SilentObserver {
  readonly #metrics = new Metrics()
  readonly #clock: Clock
  readonly #onError: (error: unknown, what: string) => void
  #backlog: { readonly askedAt: number; readonly answer: Promise<Backlog> } | null = null

  constructor(clock: Clock, onError: (error: unknown, what: string) => void) {
    super()
    this.#clock = clock
    this.#onError = onError
  }

  get contentType(): string {
    return this.#metrics.registry.contentType
  }

  override async during<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
    if (activity.name === 'submit') return work()
    if (activity.name === 'store')
      return this.#timed(seconds => this.#metrics.storeDuration.observe({ store: activity.store, operation: activity.operation }, seconds), work)
    this.#metrics.turnsRunning.inc()
    try {
      return await this.#timed(seconds => this.#metrics.turnDuration.observe(seconds), work)
    } catch (error) {
      if (isWaybillError(error, 'stale_lease')) this.#metrics.staleLeases.inc()
      else this.#metrics.turnErrors.inc({ code: isWaybillError(error) ? error.code : 'internal' })
      throw error
    } finally {
      this.#metrics.turnsRunning.dec()
    }
  }

  override submitted({ dialect, kind }: Job): void {
    this.#metrics.jobsSubmitted.inc({ dialect, kind })
  }

  override committed({ seconds, operations, items, finished, takeovers }: CommittedWork): void {
    this.#metrics.commitDuration.observe(seconds)
    this.#metrics.ledgerOperations.inc(operations)
    for (const [state, n] of Object.entries(items)) if (n > 0) this.#metrics.itemsSettled.inc({ state }, n)
    for (const { dialect, kind, outcome, seconds: lasted } of finished) {
      this.#metrics.jobsFinished.inc({ dialect, kind, outcome })
      this.#metrics.jobDuration.observe({ kind }, lasted)
    }
    if (takeovers.length > 0) this.#metrics.takeovers.inc(takeovers.length)
  }

  override moved(store: string, direction: BytesMoved, bytes: number): void {
    this.#metrics.storeBytes.inc({ store, direction }, bytes)
  }

  override storeFailed(store: string, code: string): void {
    this.#metrics.storeErrors.inc({ store, code })
  }

  override storeRetried(store: string): void {
    this.#metrics.storeRetries.inc({ store })
  }

  override streamOpened(): () => void {
    this.#metrics.streamsOpen.inc()
    return () => this.#metrics.streamsOpen.dec()
  }

  override request({ dialect, method }: BegunRequest): RequestWatch {
    return {
      run: next => next(),
      ended: ({ route, status, seconds }) =>
        this.#metrics.requestDuration.observe({ dialect, method, route, status: `${Math.floor(status / 100)}xx` }, seconds),
    }
  }

  /** The metrics in the text format. A ledger that does not answer is told by `waybill_ledger_up`; what it would have told is left out. */
  async render(ledger: ObservedLedger): Promise<string> {
    const { ledgerUp, jobsUnfinished, oldestWaiting, uploadsOpen, registry } = this.#metrics
    try {
      const { jobs, oldestWaiting: since, uploads } = await this.#ask(ledger)
      for (const [state, n] of Object.entries(jobs)) jobsUnfinished.set({ state }, n)
      oldestWaiting.set(since === null ? 0 : Math.max(0, this.#clock.now() - since) / 1000)
      uploadsOpen.set(uploads)
      ledgerUp.set(1)
    } catch (error) {
      this.#onError(error, 'asking the ledger for its metrics')
      jobsUnfinished.reset()
      oldestWaiting.remove()
      uploadsOpen.remove()
      ledgerUp.set(0)
    }
    return registry.metrics()
  }

  #ask(ledger: ObservedLedger): Promise<Backlog> {
    const now = this.#clock.now()
    if (this.#backlog === null || now - this.#backlog.askedAt >= BACKLOG_MS) this.#backlog = { askedAt: now, answer: ledger.backlog() }
    return this.#backlog.answer
  }

  async #timed<T>(observe: (seconds: number) => void, work: () => Promise<T>): Promise<T> {
    const beganAt = performance.now()
    try {
      return await work()
    } finally {
      observe((performance.now() - beganAt) / 1000)
    }
  }
}
