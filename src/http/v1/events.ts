import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { WaybillError, isWaybillError } from '../../model/errors.ts'
import { bearerToken, callerOf } from '../auth.ts'
import { onceGone } from '../gone.ts'
import type { HttpServices } from '../services.ts'
import type { V1App, V1Context } from './context.ts'
import { PatientReader, eventText } from './event-frames.ts'
import type { EventOrProgress } from './event-frames.ts'
import { JobAnswers } from './job-answers.ts'
import { Nothing, Text } from './schemas/common.ts'
import { EventQuery, JobEventQuery, JobParams } from './schemas/job.ts'
import { sendEmpty } from './empty.ts'

/** After a job finished, so long without another event means that everything was sent. */
const SETTLE_MS = 250

const REPLAY_HEADER = { 'Last-Event-ID': 'the id of an event: those after it are sent' }

const STREAM = { description: 'the events', content: { 'text/event-stream': { schema: Text } } }

/** `/v1/jobs/{job}/events` and `/v1/events`: server-sent events with replay. */
export function registerEvents(app: V1App, context: V1Context): void {
  const { engine, clock } = context.services
  const answers = new JobAnswers(context)
  const tags = ['events']

  app.get(
    '/v1/jobs/:job/events',
    {
      schema: {
        tags,
        operationId: 'jobEvents',
        summary: 'The events of a job as they happen',
        description:
          'From the first event, or after Last-Event-ID. The stream ends when the job is finished and everything was sent; a client that comes back after the last event gets 204, which ends its reconnecting.',
        params: JobParams,
        querystring: JobEventQuery,
        response: { 200: STREAM, 204: Nothing },
      },
      config: { errors: ['job_not_found', 'job_expired', 'quota_in_use'], headers: REPLAY_HEADER },
      onRequest: context.needs.read,
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const job = await engine.jobs.get(caller, request.params.job)
      countStream(context.services, request, reply)
      const { lastEventId: parameter, live = false, items } = request.query
      const after = lastEventId(request, parameter)
      const token = new TokenSight(context.services, request)
      const reader = new PatientReader(clock, answers.ended(request, reply), signal =>
        chosen(items, whileGood(token, engine.jobs.events(caller, { id: job.id, after: after ?? (live ? 'now' : 0) }, signal))),
      )
      if ((after !== undefined || live) && job.state === 'finished') {
        const first = await reader.next(SETTLE_MS)
        if (first === 'silence') {
          await reader.close()
          // HTML standard, server-sent events: 204 tells an EventSource to stop reconnecting
          return sendEmpty(reply, 204)
        }
        reader.unread(first)
      }
      const isOver = async (): Promise<boolean> => !(await token.isGood()) || (await engine.jobs.get(caller, job.id)).state === 'finished'
      return sendStream(
        reply,
        eventText(reader, one => answers.encode(one), { settleMs: SETTLE_MS, mayBeLast: isFinish, isOver }),
      )
    },
  )

  app.get(
    '/v1/events',
    {
      schema: {
        tags,
        operationId: 'allEvents',
        summary: 'The events of every job the caller may see',
        description: 'Live, or after Last-Event-ID.',
        querystring: EventQuery,
        response: { 200: STREAM },
      },
      config: { errors: ['quota_in_use'], headers: REPLAY_HEADER },
      onRequest: context.needs.read,
    },
    async (request, reply) => {
      countStream(context.services, request, reply)
      const after = lastEventId(request, request.query.lastEventId)
      const filter = after === undefined ? {} : { after }
      const token = new TokenSight(context.services, request)
      const reader = new PatientReader(clock, answers.ended(request, reply), signal =>
        chosen(request.query.items, whileGood(token, engine.jobs.events(callerOf(request), filter, signal))),
      )
      const isOver = async (): Promise<boolean> => !(await token.isGood())
      return sendStream(
        reply,
        eventText(reader, one => answers.encode(one), { settleMs: SETTLE_MS, mayBeLast: () => false, isOver }),
      )
    },
  )
}

/** Counts the stream against the caller's quota until its connection closes. Throws `quota_in_use`. */
function countStream({ engine }: HttpServices, request: FastifyRequest, reply: FastifyReply): void {
  onceGone(reply, engine.quotas.openStream(callerOf(request)))
}

/** How long a look at the token counts: as long as one at the grants. */
const TOKEN_MS = 1_000

/** Whether the token of a request still counts: a stream lives long, and a token that is revoked or expires must end it soon, before the next event or comment. */
class TokenSight {
  readonly #services: HttpServices
  readonly #token: string
  #lookedAt: number

  constructor(services: HttpServices, request: FastifyRequest) {
    this.#services = services
    this.#token = bearerToken(request) ?? ''
    this.#lookedAt = services.clock.steady()
  }

  async isGood(): Promise<boolean> {
    const { authenticator, clock } = this.#services
    if (clock.steady() - this.#lookedAt < TOKEN_MS) return true
    try {
      await authenticator.authenticate(this.#token)
    } catch (error) {
      // that its issuer cannot be asked just now says nothing against it
      if (isWaybillError(error, 'unauthenticated')) return false
    }
    this.#lookedAt = clock.steady()
    return true
  }
}

async function* whileGood<T>(token: TokenSight, events: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const one of events) {
    if (!(await token.isGood())) return
    yield one
  }
}

/** Leaves out what is told of single items where that is not wanted: who shows jobs would else read a line for each item that fails. */
async function* chosen(items: boolean | undefined, events: AsyncIterable<EventOrProgress>): AsyncGenerator<EventOrProgress> {
  for await (const one of events) if (items !== false || 'progress' in one || !one.event.type.startsWith('item.')) yield one
}

function isFinish(one: EventOrProgress): boolean {
  return 'progress' in one ? one.progress.state === 'finished' : one.event.type === 'job.finished'
}

/** After which event the client wants to go on: the header of a reconnecting EventSource, before the query parameter of its first URL. */
function lastEventId(request: FastifyRequest, parameter: number | undefined): number | undefined {
  const header = request.headers['last-event-id']
  if (header === undefined || header === '') return parameter
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header)
  const detail = 'Last-Event-ID must be the id of an event, a whole number'
  throw new WaybillError('invalid_request', detail, { errors: [{ pointer: 'Last-Event-ID', detail }] })
}

function sendStream(reply: FastifyReply, text: AsyncGenerator<string>): FastifyReply {
  // nginx and its kin hold answers back unless they are told not to
  reply.header('content-type', 'text/event-stream').header('x-accel-buffering', 'no')
  return reply.send(Readable.from(text, { objectMode: false, highWaterMark: 1 }))
}
