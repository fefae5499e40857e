import { callerOf } from '../auth.ts'
import type { V1App, V1Context } from './context.ts'
import { filterOf } from './decode.ts'
import { JobAnswers, WAIT_HEADER } from './job-answers.ts'
import { pageOf, pageQuery } from './page.ts'
import { Nothing } from './schemas/common.ts'
import { JobPage, JobParams, JobQuery, JobWire, RetryBody } from './schemas/job.ts'
import { sendEmpty } from './empty.ts'

/** `/v1/jobs`: track, list and steer jobs. */
export function registerJobs(app: V1App, context: V1Context): void {
  const { jobs } = context.services.engine
  const answers = new JobAnswers(context)
  const tags = ['jobs']
  const errors = ['job_not_found', 'job_expired'] as const

  app.get(
    '/v1/jobs/:job',
    {
      schema: {
        tags,
        operationId: 'getJob',
        summary: 'The state of a job',
        description: '`Prefer: wait=N` holds the answer until the job is finished, at most 60 seconds. `If-None-Match` answers 304 while nothing changed.',
        params: JobParams,
        response: { 200: JobWire, 304: Nothing },
      },
      config: { errors, headers: { Prefer: WAIT_HEADER, 'If-None-Match': 'an ETag: 304 while nothing changed' } },
      onRequest: context.needs.read,
    },
    async (request, reply) => {
      const job = await answers.held(request, reply, await jobs.get(callerOf(request), request.params.job))
      if (answers.isUnchanged(request, reply, job)) return sendEmpty(reply, 304)
      return answers.send(reply, job)
    },
  )

  app.get(
    '/v1/jobs',
    {
      schema: { tags, operationId: 'listJobs', summary: 'Jobs the caller may see, newest first', querystring: JobQuery, response: { 200: JobPage } },
      config: { errors: ['invalid_cursor'] },
      onRequest: context.needs.read,
    },
    async (request, reply) => {
      const page = await jobs.list(callerOf(request), filterOf(request.query), pageQuery(request.query))
      const items = await Promise.all(page.items.map(job => answers.encode(job)))
      return pageOf(request, reply, { ...page, items }, job => job)
    },
  )

  for (const action of ['cancel', 'pause', 'resume'] as const) {
    app.post(
      `/v1/jobs/:job/${action}`,
      {
        schema: { tags, operationId: `${action}Job`, summary: STEERING[action], params: JobParams, response: { 202: JobWire } },
        config: { errors: [...errors, 'job_finished'] },
        onRequest: context.needs.write,
      },
      async (request, reply) => {
        const job = await jobs[action](callerOf(request), request.params.job)
        answers.setLocation(reply, job)
        return reply.code(202).send(await answers.encode(job))
      },
    )
  }

  app.post(
    '/v1/jobs/:job/retry',
    {
      schema: {
        tags,
        operationId: 'retryJob',
        summary: 'A new attempt of the items in these states, in the same job',
        params: JobParams,
        body: RetryBody,
        response: { 202: JobWire },
      },
      config: { errors: [...errors, 'job_not_finished', 'invalid_json'] },
      onRequest: context.needs.write,
    },
    async (request, reply) => {
      const job = await jobs.retry(callerOf(request), request.params.job, request.body.states)
      answers.setLocation(reply, job)
      return reply.code(202).send(await answers.encode(job))
    },
  )
}

const STEERING = {
  cancel: 'Cancel a job: items not yet done become cancelled',
  pause: 'Pause a job: no further item is begun',
  resume: 'Resume a paused job',
} as const
