import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { WaybillError } from '../../model/errors.ts'
import type { SubmittedJob } from '../../engine/api.ts'
import { callerOf, requireScopes } from '../auth.ts'
import { unlessGivenUp } from '../body-watch.ts'
import { readJson, readStreams } from './bodies.ts'
import type { V1App, V1Context } from './context.ts'
import { decodeSubmit, fingerprintOf, idempotencyKey, jobOptions, webhookOf } from './decode.ts'
import { JobAnswers, WAIT_HEADER } from './job-answers.ts'
import { CSV_TYPE, NDJSON_TYPE, receiveManifest } from './manifest.ts'
import type { ManifestType } from './manifest.ts'
import { Text } from './schemas/common.ts'
import { ManifestQuery, SubmitBody, SubmittedWire } from './schemas/job.ts'

/** Kinds that read nothing from their sources but change them. */
const WRITE_ONLY: ReadonlySet<unknown> = new Set(['delete', 'update'])

/** `POST /v1/jobs`: a job from a JSON body, or from a manifest of any length. */
export function registerSubmit(root: V1App, context: V1Context): void {
  root.register(async scope => {
    readJson(scope, context.services.limits.submitBodyBytes)
    readStreams(scope, [NDJSON_TYPE, CSV_TYPE])
    registerRoute(scope.withTypeProvider(), context)
  })
}

function registerRoute(app: V1App, context: V1Context): void {
  const answers = new JobAnswers(context)
  app.post(
    '/v1/jobs',
    {
      schema: {
        tags: ['jobs'],
        operationId: 'submitJob',
        summary: 'Submit a job',
        description:
          'As JSON with `items`, `select` or both, its options in the body; or as a manifest, NDJSON (one item a line) or CSV (header `sourceCollection,sourcePath,destinationCollection,destinationPath,sourceIfMatch,destinationIfMatch`), of any length, its options as query parameters. `Idempotency-Key` answers the same job again for 24 hours. `Prefer: wait=N` holds the answer until the job is finished, at most 60 seconds. With a webhook, the answer alone has its secret. 202 with the job; 200 when it is finished, or was submitted before.',
        querystring: ManifestQuery,
        body: { content: { 'application/json': { schema: SubmitBody }, [NDJSON_TYPE]: { schema: Text }, [CSV_TYPE]: { schema: Text } } },
        response: { 200: SubmittedWire, 202: SubmittedWire },
      },
      config: {
        errors: [
          'invalid_json',
          'invalid_path',
          'invalid_manifest',
          'incomplete_body',
          'collection_not_found',
          'insufficient_role',
          'too_many_items',
          'quota_exceeded',
          'quota_in_use',
          'body_too_large',
          'unsupported_media_type',
          'idempotency_in_progress',
          'idempotency_mismatch',
          'request_timeout',
        ],
        headers: { Prefer: WAIT_HEADER, 'Idempotency-Key': 'the same key and body answer the same job again for 24 hours; another body is refused' },
      },
      onRequest: context.needs.write,
      preValidation: (request, reply, done) => {
        needReadToo(request, reply)
        done()
      },
    },
    async (request, reply) => {
      const key = idempotencyKey(request.headers['idempotency-key'])
      const submitting = isManifest(request) ? submitManifest(context, request, key) : submitJson(context, request, key)
      const submitted = await unlessGivenUp(reply, submitting)
      if (submitted === null) return reply
      if (submitted.replayed) reply.header('idempotency-replayed', 'true')
      const job = await answers.held(request, reply, submitted.job)
      answers.setLocation(reply, job)
      const waited = reply.hasHeader('preference-applied') && job.state === 'finished'
      const { webhook } = submitted
      if (webhook !== undefined) reply.header('cache-control', 'no-store') // its secret is for the one who asked
      return reply.code(submitted.replayed || waited ? 200 : 202).send({ ...(await answers.encode(job)), ...(webhook === undefined ? {} : { webhook }) })
    },
  )
}

/** Copies and moves read their sources; a token that may only write may only delete and update. */
function needReadToo(request: FastifyRequest, reply: FastifyReply): void {
  const kind = (isManifest(request) ? request.query : request.body) as { kind?: unknown } | null | undefined
  if (!WRITE_ONLY.has(kind?.kind)) requireScopes(request, reply, ['read', 'write'])
}

function isManifest(request: FastifyRequest): boolean {
  return request.mediaType === NDJSON_TYPE || request.mediaType === CSV_TYPE
}

async function submitJson(context: V1Context, request: FastifyRequest, key: string | undefined): Promise<SubmittedJob> {
  const stray = Object.keys(request.query as object)
  if (stray.length > 0) {
    const errors = stray.map(pointer => ({ pointer, detail: 'is a query parameter of manifests only' }))
    throw new WaybillError('invalid_request', 'the options of a JSON submission stand in its body, not in the query', { errors })
  }
  const command = decodeSubmit(context, request.body as SubmitBody)
  const options = key === undefined ? {} : { idempotency: { key, fingerprint: fingerprintOf(command) } }
  return context.services.engine.jobs.submit(callerOf(request), command, options)
}

async function submitManifest(context: V1Context, request: FastifyRequest, key: string | undefined): Promise<SubmittedJob> {
  const { kind, ...words } = request.query as ManifestQuery
  if (kind === undefined) {
    const detail = 'a manifest needs ?kind=copy, move, delete or update'
    throw new WaybillError('invalid_request', detail, { errors: [{ pointer: 'kind', detail }] })
  }
  return receiveManifest(context.services, callerOf(request), {
    options: jobOptions(context, { kind, ...words }),
    type: request.mediaType as ManifestType,
    body: request.body as IncomingMessage,
    key,
    webhook: webhookOf(words),
  })
}
