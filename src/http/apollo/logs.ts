import type { FastifyInstance } from 'fastify'
import type { Jobs } from '../../engine/api.ts'
import type { Caller } from '../../model/access.ts'
import { WaybillError, isWaybillError } from '../../model/errors.ts'
import type { Item } from '../../model/item.ts'
import type { Job } from '../../model/job.ts'
import { authenticate, callerOf } from '../auth.ts'
import { okEnvelope } from './envelope.ts'
import { logsErrorHandler as errorHandler } from './errors.ts'
import type { ApolloOptions } from './options.ts'
import { logEntryOf } from './log-entry.ts'
import type { LogEntry } from './log-entry.ts'
import { encodePosition, logQueryOf } from './logs-query.ts'
import type { LogPosition, LogQuery } from './logs-query.ts'
import { collectionOf } from './request.ts'
import { WORDS } from './words.ts'

/** Items one call looks at, so that no query runs without bound: beyond it the answer ends early, with a token that goes on from there. */
const MOST_SCANNED = 50_000
const JOBS_A_PAGE = 100

type Report = Awaited<ReturnType<Jobs['reportForCollection']>>

/** A job to look into; its number is not known of one asked for by its id on the first page. */
interface JobRef {
  readonly id: string
  readonly number: number | null
}

/** A line of some job that touches the collection; `cursor` is the page of jobs it was found on. */
interface Line {
  readonly job: Job
  readonly item: Item
  readonly cursor: string | null
}

interface Found {
  readonly entries: readonly LogEntry[]
  readonly total: number
  readonly next: LogPosition | null
}

/**
 * `GET /apollo/status/logs`: one entry for each file of each request that touches the collection, the newest request first, its files in the order
 * given. It wants the write scope too, unlike track. `totalCount` is counted on the first page, up to MOST_SCANNED items.
 */
export function logsRoute(app: FastifyInstance, { services }: ApolloOptions): void {
  const { jobs } = services.engine
  app.get('/status/logs', { onRequest: authenticate(services, ['apollo_read', 'apollo_write']), errorHandler }, async request => {
    const query = logQueryOf(request)
    const collection = collectionOf(request)
    const found = await search(callerOf(request), collection, query)
    if (found.entries.length === 0 && found.next === null) throw new WaybillError('job_not_found', WORDS.noRecords)
    const paging = { totalCount: found.total, continuationToken: found.next === null ? null : encodePosition(found.next) }
    return { ...okEnvelope('', found.entries), paging }
  })

  async function search(caller: Caller, collection: string, query: LogQuery): Promise<Found> {
    const entries: LogEntry[] = []
    const firstPage = query.after === null
    let total = query.after?.total ?? 0
    let scanned = 0
    let position: Omit<LogPosition, 'total'> | null = null
    for await (const { job, item, cursor } of linesOf(caller, collection, query)) {
      const match = matches(job, item, query)
      const full = entries.length >= query.limit
      if (match && full && !firstPage) return { entries, total, next: position && { ...position, total } }
      if (match && firstPage) total += 1
      if (match && !full) entries.push(logEntryOf(job, item, collection))
      if (!full) position = { number: Number(job.number), seq: item.seq, cursor }
      scanned += 1
      if (scanned >= MOST_SCANNED) return { entries, total, next: position && { ...position, total } }
    }
    const more = firstPage && total > entries.length
    return { entries, total, next: more && position !== null ? { ...position, total } : null }
  }

  /** All lines after the query's position, newest job first. */
  async function* linesOf(caller: Caller, collection: string, query: LogQuery): AsyncGenerator<Line> {
    for await (const { id, number, cursor } of jobsOf(caller, collection, query)) {
      const report = await reportOrNull(caller, { id, number }, collection, query)
      if (report === null) continue
      for await (const page of report.items) for (const item of page) yield { job: report.job, item, cursor }
    }
  }

  /** The one job that a correlation id names, or all that touch the collection in the time asked for, from the position on. */
  async function* jobsOf(caller: Caller, collection: string, query: LogQuery): AsyncGenerator<JobRef & { readonly cursor: string | null }> {
    if (query.correlationId !== null) {
      yield { id: query.correlationId, number: query.after?.number ?? null, cursor: null }
      return
    }
    // ours includes both ends, the engine's filter leaves its end out
    const filter = { ...(query.since === null ? {} : { since: query.since }), ...(query.until === null ? {} : { until: query.until + 1 }) }
    let cursor = query.after?.cursor ?? null
    do {
      const page = await jobs.listForCollection(caller, collection, filter, { limit: JOBS_A_PAGE, ...(cursor === null ? {} : { cursor }) })
      for (const job of page.items)
        if (query.after === null || Number(job.number) <= query.after.number) yield { id: job.id, number: Number(job.number), cursor }
      cursor = page.nextCursor
    } while (cursor !== null)
  }

  /** A job that expired after it was listed is passed over; one that was asked for by its id says so. */
  async function reportOrNull(caller: Caller, job: JobRef, collection: string, query: LogQuery): Promise<Report | null> {
    const goesOn = query.after !== null && job.number === query.after.number
    try {
      return await jobs.reportForCollection(caller, job.id, collection, goesOn ? query.after?.seq : -1)
    } catch (error) {
      if (query.correlationId === null && (isWaybillError(error, 'job_expired') || isWaybillError(error, 'job_not_found'))) return null
      throw error
    }
  }
}

/** True when a line is what the query asks for. A transaction is one request, so its id is the correlation id; files have no relationships. */
function matches(job: Job, item: Item, query: LogQuery): boolean {
  if (query.relationshipId !== null) return false
  if (query.transactionId !== null && query.transactionId.toLowerCase() !== job.id) return false
  if (query.since !== null && job.createdAt < query.since) return false
  if (query.until !== null && job.createdAt > query.until) return false
  const entity = query.entityId?.toLowerCase()
  return entity === undefined || item.source.entityId === entity || item.destination?.entityId === entity
}
