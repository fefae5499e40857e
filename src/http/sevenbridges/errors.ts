import type { FastifyReply, FastifyRequest } from 'fastify'
import { WaybillError, isWaybillError } from '../../model/errors.ts'
import type { ErrorCode } from '../../model/errors.ts'
import { limitAddress } from '../auth.ts'
import { logFault, setErrorHeaders, toWaybillError } from '../problem.ts'
import { CODES, codeOf } from './codes.ts'
import type { Code } from './codes.ts'
import { inTheirNouns } from './words.ts'

/** Where the documents explain their codes. */
const MORE_INFO = 'https://docs.cavatica.org/reference/api-status-codes'

/** The body of every refusal, and the `error` of a result. `status` and `code` are integers: the official client checks it. */
export interface ErrorBody {
  readonly status: number
  readonly code: number
  readonly message: string
  readonly more_info: string
}

/** An error of the catalogue that has a line of its own in the dialect's table. */
export class Refusal extends WaybillError {
  readonly line: Code

  constructor(code: ErrorCode, line: Code, detail: string, options?: ErrorOptions) {
    super(code, detail, {}, options)
    this.line = line
  }
}

/** A 400 with this line of the table. */
export function badRequest(line: Code, detail: string): Refusal {
  return new Refusal('invalid_request', line, detail)
}

/** Waits for `work`; where it fails with one of these codes of the catalogue, the failure gets the line that it has in this place. */
export async function withLines<T>(work: Promise<T>, lines: Partial<Record<ErrorCode, Code>>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const line = isWaybillError(error) && !(error instanceof Refusal) ? lines[error.code] : undefined
    if (line === undefined) throw error
    throw new Refusal((error as WaybillError).code, line, (error as WaybillError).message, { cause: error })
  }
}

/** An error in the dialect's words. */
export function errorBody({ number, status }: Code, message: string): ErrorBody {
  return { status, code: number, message, more_info: MORE_INFO }
}

/** Any error of the catalogue as the dialect tells it. */
export function bodyOf(error: WaybillError): ErrorBody {
  const line = error instanceof Refusal ? error.line : codeOf(error.code, error.status)
  return errorBody(line, wordsOf(error))
}

/** The dialect's error handler. */
export function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toWaybillError(thrown)
  const body = bodyOf(error)
  logFault(error, request)
  setErrorHeaders(error, reply)
  return reply.code(body.status).header('content-type', 'application/json; charset=utf-8').send(body)
}

/** What answers beneath the dialect's prefix where no route does. */
export function refuseNoRoute(request: FastifyRequest, reply: FastifyReply): never {
  limitAddress(request, reply)
  const path = request.url.split('?', 1)[0] ?? ''
  const detail = `there is no ${request.method} ${path} here; see the reference of the Seven Bridges dialect`
  // the table has a line for bulk calls that a server does not have
  if (path.startsWith('/v2/bulk/')) throw new Refusal('route_not_found', CODES.bulkUnknown, detail)
  throw new WaybillError('route_not_found', detail)
}

/** What this dialect's clients must know beside the engine's sentence. */
function wordsOf({ code, message }: WaybillError): string {
  if (code === 'job_expired') return `${message}; details of a job are kept for a limited time after it finished`
  if (code === 'unauthenticated') return `${message}, or "X-SBG-Auth-Token: <token>"`
  return inTheirNouns(message)
}
