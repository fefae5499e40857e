import type { FastifyReply, FastifyRequest } from 'fastify'
import { WaybillError, isWaybillError } from '../model/errors.ts'
import type { ErrorCode } from '../model/errors.ts'
import { MAX_PATH_LENGTH } from '../model/paths.ts'

/** RFC 9457 problem details, with the catalogue's code and, where they are known, the facts of the error. Times are RFC 3339. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: ErrorCode
  instance: string
  errors?: { pointer: string; detail: string; line?: number; column?: number }[]
  holder?: string
  job?: string
  expiresAt?: string
  expected?: string | null
  actual?: string | null
  scope?: string
}

/** What fastify's own errors are called in the catalogue, and what would be right. */
const FASTIFY_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'the body is larger than this call allows; send less at once'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'the Content-Type is missing or not one that this call takes; for JSON send application/json'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['incomplete_body', 'fewer bytes arrived than Content-Length announced; send the body again'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_json', 'the body is empty; send a JSON object'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_json', 'the body is not valid JSON; send a JSON object'],
  FST_ERR_BAD_URL: ['invalid_path', 'the URL is not valid percent-encoded UTF-8; encode each path segment once'],
  FST_STATIC_FORBIDDEN_PATH: ['route_not_found', 'there is no such file here; the page is at /docs'],
  FST_ERR_MAX_PARAM_LENGTH: ['invalid_path', `a part of the URL is too long; at most ${MAX_PATH_LENGTH} characters a path are allowed`],
}

/**
 * Any thrown thing as an error of the catalogue: those of fastify by their meaning, what broke off as `incomplete_body`, the unexpected as
 * `internal` without its text (which goes to the log, not to the caller).
 */
export function toWaybillError(error: unknown): WaybillError {
  if (isWaybillError(error)) return error
  const known = FASTIFY_ERRORS[codeOf(error)]
  if (known !== undefined) return new WaybillError(known[0], known[1], {}, { cause: error })
  if (validationOf(error) !== null) return new WaybillError('invalid_request', (error as Error).message, {}, { cause: error })
  if (codeOf(error) === 'ECONNRESET') return new WaybillError('incomplete_body', 'the body broke off; send it again', {}, { cause: error })
  return new WaybillError('internal', 'something unexpected happened; the request id names it in the log', {}, { cause: error })
}

/** The problem details of an error, as the body of the answer to `request`. */
export function problemOf(error: WaybillError, request: Pick<FastifyRequest, 'url'>): Problem {
  const { errors, holder, job, expiresAt, expected, actual, scope } = error.facts
  return {
    type: `/errors/${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    instance: pathOf(request),
    ...(errors === undefined ? {} : { errors: errors.map(place => ({ ...place })) }),
    ...(holder === undefined ? {} : { holder }),
    ...(job === undefined || job === null ? {} : { job }),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
    ...(scope === undefined ? {} : { scope }),
  }
}

/** Seconds a client should wait where the error itself does not say: 429 and 503 always carry Retry-After (docs/reference/v1.md, Errors). */
const USUAL_WAIT_SECONDS = 5

/** Sets the headers that an error brings whatever the dialect: Retry-After. */
export function setErrorHeaders(error: WaybillError, reply: FastifyReply): void {
  if (reply.hasHeader('retry-after')) return
  const seconds = error.facts.retryAfterSeconds ?? (error.status === 503 || error.status === 429 ? USUAL_WAIT_SECONDS : null)
  if (seconds !== null) reply.header('retry-after', Math.max(1, Math.ceil(seconds)))
}

/** Logs what only we can repair: the unexpected with its cause, and what is not available; not a refusal of what is not supported. */
export function logFault(error: WaybillError, request: FastifyRequest): void {
  if (error.status >= 500 && error.code !== 'unsupported') request.log.error({ reqId: request.id, err: error.cause ?? error, code: error.code }, error.message)
}

/** The native error handler: problem details for whatever was thrown. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toWaybillError(thrown)
  logFault(error, request)
  setErrorHeaders(error, reply)
  // RFC 9110 section 15.5.2: 401 has a challenge, also where the token was good when the call began
  if (error.status === 401 && !reply.hasHeader('www-authenticate')) reply.header('www-authenticate', 'Bearer realm="waybill", error="invalid_token"')
  // bytes, not a string: fastify would add a charset, which application/problem+json does not have
  return reply
    .code(error.status)
    .header('content-type', 'application/problem+json')
    .send(Buffer.from(JSON.stringify(problemOf(error, request))))
}

function pathOf(request: Pick<FastifyRequest, 'url'>): string {
  const query = request.url.indexOf('?')
  return query === -1 ? request.url : request.url.slice(0, query)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function validationOf(error: unknown): unknown {
  return error instanceof Error && 'validation' in error ? error.validation : null
}
