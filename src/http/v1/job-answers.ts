import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Engine } from '../../engine/api.ts'
import type { Job } from '../../model/job.ts'
import { SmallCache } from '../../model/small-cache.ts'
import type { Clock } from '../../ports/clock.ts'
import { anyTagMatches } from '../conditions.ts'
import { onceGone } from '../gone.ts'
import type { V1Context } from './context.ts'
import { encodeJob } from './encode.ts'
import { preferredWait } from './prefer.ts'
import type { JobWire } from './schemas/job.ts'
import { callerOf } from '../auth.ts'

/** What `Prefer` means here, for the documentation. */
export const WAIT_HEADER = '`wait=N` holds the answer until the job is finished, at most 60 seconds'

/** How soon a poll is worth another, in seconds. */
const POLL_SECONDS = 1

/** How long the text of a job that has not changed is good for, in milliseconds. */
const RENDERED_MS = 50

/** The text of a job at some moment. */
interface Rendered {
  readonly job: Job
  readonly at: number
  readonly text: ReturnType<FastifyReply['serialize']>
}

/** What the answers about jobs share: the job as it is now, its headers, and holding an answer for `Prefer: wait`. */
export class JobAnswers {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #rendered = new SmallCache<Rendered>()

  constructor(context: V1Context) {
    this.#engine = context.services.engine
    this.#clock = context.services.clock
  }

  /** The job in its wire form, with what only the engine knows at this moment. */
  async encode(job: Job): Promise<JobWire> {
    const { jobs } = this.#engine
    const waitingFor = await jobs.waitingFor(job)
    return encodeJob(job, { now: this.#clock.now(), rate: jobs.rate(job), waitingFor })
  }

  /**
   * Sends the job in its wire form. Of polls by the thousand between two changes of a job few are rendered: the ledger gives the same job again
   * while nothing was committed, and rates and estimates are no worse for being some moments old.
   */
  async send(reply: FastifyReply, job: Job): Promise<FastifyReply> {
    const now = this.#clock.now()
    let rendered = this.#rendered.get(job.id)
    if (rendered?.job !== job || Math.abs(now - rendered.at) >= RENDERED_MS) {
      rendered = { job, at: now, text: reply.serialize(await this.encode(job)) }
      this.#rendered.set(job.id, rendered)
    }
    return reply.type('application/json; charset=utf-8').send(rendered.text)
  }

  /** Location of the job, and Retry-After while it is not finished. */
  setLocation(reply: FastifyReply, job: Job): void {
    reply.header('location', `/v1/jobs/${job.id}`)
    setRetryAfter(reply, job)
  }

  /** ETag and Retry-After of a job; true when If-None-Match has this very state (304). Weak: rates and estimates move with the clock. */
  isUnchanged(request: FastifyRequest, reply: FastifyReply, job: Job): boolean {
    const tag = `W/"${job.change}"`
    reply.header('etag', tag).header('cache-control', 'private, no-cache')
    setRetryAfter(reply, job)
    const known = request.headers['if-none-match']
    return known !== undefined && anyTagMatches(known, tag)
  }

  /** Holds the answer as `Prefer: wait=N` asks (RFC 7240): until the job is finished or the time is over. Sets Preference-Applied. */
  async held(request: FastifyRequest, reply: FastifyReply, job: Job): Promise<Job> {
    const seconds = preferredWait(request.headers['prefer'])
    if (seconds === null) return job
    reply.header('preference-applied', `wait=${seconds}`)
    if (job.state === 'finished' || seconds === 0) return job
    return this.#engine.jobs.wait(callerOf(request), job.id, seconds * 1000, this.ended(request, reply))
  }

  /** Aborts when there is nobody to answer any more, or the server closes. */
  ended(request: FastifyRequest, reply: FastifyReply): AbortSignal {
    const gone = new AbortController()
    onceGone(reply, () => gone.abort())
    return AbortSignal.any([gone.signal, request.server.closing])
  }
}

function setRetryAfter(reply: FastifyReply, job: Job): void {
  if (job.state !== 'finished') reply.header('retry-after', POLL_SECONDS)
}
