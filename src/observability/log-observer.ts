import type { Logger } from 'pino'
import { isWaybillError } from '../model/errors.ts'
import type { Job } from '../model/job.ts'
import type { CommittedWork } from '../ports/observed-ledger.ts'
import { SilentObserver, type Activity, type BegunRequest, type EndedRequest, type RequestWatch } from '../ports/observer.ts'
import { requestContext, type RequestContext } from './request-context.ts'

/**
 * Writes what happens as lines of JSON (docs/reference/logs.md): jobs and requests at `info`, what should not happen often at `warn`. Only fields that are
 * named here are written: no header, no URL, no body. At a level above `info` a request costs one comparison.
 */
export class LogObserver extends SilentObserver {
  readonly #logger: Logger

  constructor(logger: Logger) {
    super()
    this.#logger = logger
  }

  override async during<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
    if (activity.name !== 'turn') return work()
    try {
      return await work()
    } catch (error) {
      if (isWaybillError(error, 'stale_lease')) this.#logger.warn({ job: activity.job }, 'a turn came too late: its chunk has another worker')
      throw error
    }
  }

  override submitted(job: Job): void {
    if (!this.#logger.isLevelEnabled('info')) return
    const { id, number, kind, dialect, submittedBy: subject, dryRun, counts } = job
    const context = requestContext.getStore()
    if (context !== undefined) context.job = id
    this.#logger.info({ job: id, number, kind, dialect, subject, dryRun, items: counts.total, reqId: context?.requestId }, 'job submitted')
  }

  override committed({ finished, takeovers }: CommittedWork): void {
    for (const { job, chunk, worker } of takeovers) this.#logger.warn({ job, chunk, worker }, 'a chunk was taken from a worker that fell silent')
    for (const { id: job, kind, dialect, outcome, counts, seconds } of finished) {
      this.#logger.info({ job, kind, dialect, outcome, counts, durationMs: Math.round(seconds * 1000) }, 'job finished')
    }
  }

  override storeRetried(store: string): void {
    this.#logger.info({ store }, 'a request to a store is sent again')
  }

  override storeFailed(store: string, code: string): void {
    this.#logger.debug({ store, code }, 'a store has refused or failed')
  }

  override request(begun: BegunRequest): RequestWatch {
    if (!this.#logger.isLevelEnabled('info')) return { run: next => next(), ended: end => this.#ended(begun, end, null) }
    const context: RequestContext = { requestId: begun.id, job: null }
    return { run: next => requestContext.run(context, next), ended: end => this.#ended(begun, end, context.job) }
  }

  #ended({ id, method, dialect }: BegunRequest, { route, status, seconds, subject, job }: EndedRequest, submitted: string | null): void {
    const level = status >= 500 ? 'warn' : 'info'
    if (!this.#logger.isLevelEnabled(level)) return
    const fields = { reqId: id, method, dialect, route, status, durationMs: Math.round(seconds * 1_000_000) / 1000, subject, job: submitted ?? job }
    this.#logger[level](fields, 'request')
  }
}
