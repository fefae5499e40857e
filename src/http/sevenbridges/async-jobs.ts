import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../model/access.ts'
import { WaybillError, isWaybillError } from '../../model/errors.ts'
import type { Job } from '../../model/job.ts'
import { allPages } from '../../model/page.ts'
import { callerOf } from '../auth.ts'
import { sendJsonText } from '../text-stream.ts'
import type { Context } from './context.ts'
import { isJobNumber } from './ids.ts'
import { ASYNC_KINDS, DIALECT } from './job-object.ts'
import type { AsyncKind } from './job-object.ts'
import { jobText } from './job-results.ts'
import { openList, windowOf } from './page.ts'
import type { Envelope, Window } from './page.ts'
import { pathOne } from './request.ts'

const PAGE = 1000

/** `GET /v2/async/files/{copy,move,delete}/{id}` and the list of all three: jobs are told to none but the one who started them. */
export function asyncJobRoutes(app: FastifyInstance, context: Context): void {
  const { engine, reads } = context
  for (const kind of ASYNC_KINDS) {
    app.get(`/async/files/${kind}/:id`, reads, async (request, reply) => {
      const job = await find(callerOf(request), kind, pathOne(request, 'id'))
      return sendJsonText(reply, jobText(engine, callerOf(request), job, context.files(request)))
    })
  }
  app.get('/async/files', reads, list)

  /** A job of another kind, of another subject or of another dialect is one that does not exist. */
  async function find(caller: Caller, kind: AsyncKind, id: string): Promise<Job> {
    const job = isJobNumber(id) ? await engine.jobs.get(caller, id) : null
    if (job !== null && job.kind === kind && job.dialect === DIALECT && job.submittedBy === caller.subject) return job
    throw new WaybillError('job_not_found', `there is no ${kind} job ${JSON.stringify(id.slice(0, 64))} that you have started`)
  }

  /** The newest first. Offsets want to know how many there are, so all that are kept are gone through. */
  async function list(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const window = windowOf(request)
    const { jobs, total } = await startedBy(callerOf(request), window)
    return sendJsonText(reply, listText(request, jobs, openList(request, reply, context.services, window, total)))
  }

  async function startedBy(caller: Caller, { offset, limit }: Window): Promise<{ readonly jobs: readonly Job[]; readonly total: number }> {
    const jobs: Job[] = []
    let total = 0
    const filter = { submittedBy: caller.subject, dialect: DIALECT }
    for await (const page of allPages(next => engine.jobs.list(caller, filter, { limit: PAGE, ...next }))) {
      const from = Math.max(0, offset - total)
      jobs.push(...page.items.slice(from, from + limit - jobs.length))
      total += page.items.length
    }
    return { jobs, total }
  }

  async function* listText(request: FastifyRequest, jobs: readonly Job[], envelope: Envelope): AsyncGenerator<string> {
    yield `${JSON.stringify(envelope).slice(0, -1)},"items":[`
    let any = false
    for (const job of jobs) {
      const pieces = jobText(engine, callerOf(request), job, context.files(request))
      const first = await firstPiece(pieces)
      if (first === null) continue
      yield any ? `,${first}` : first
      any = true
      yield* pieces
    }
    yield ']}'
  }
}

/** The beginning of a job's text; null for one that expired since it was listed. */
async function firstPiece(pieces: AsyncGenerator<string>): Promise<string | null> {
  try {
    const { value, done } = await pieces.next()
    return done === true ? null : value
  } catch (error) {
    if (isWaybillError(error, 'job_expired') || isWaybillError(error, 'job_not_found')) return null
    throw error
  }
}
