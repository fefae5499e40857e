import type { FastifyReply, FastifyRequest } from 'fastify'
import { WaybillError } from '../../model/errors.ts'
import type { ErrorCode } from '../../model/errors.ts'
import { limitAddress } from '../auth.ts'
import { logFault, setErrorHeaders, toWaybillError } from '../problem.ts'
import { errorEnvelope } from './envelope.ts'
import { WORDS } from './words.ts'

/** What an error of the catalogue is in this dialect. */
export interface Refusal {
  readonly status: number
  readonly message: string
}

/**
 * Codes whose answer the documents print. Unknown and forbidden collections, too weak a role and a missing scope are one and the same
 * answer, so that nobody learns which collections exist (invariant I9).
 */
const DOCUMENTED: Partial<Record<ErrorCode, Refusal>> = {
  collection_not_found: { status: 403, message: WORDS.refused },
  invalid_collection_id: { status: 403, message: WORDS.refused },
  insufficient_role: { status: 403, message: WORDS.refused },
  insufficient_scope: { status: 403, message: WORDS.refused },
  locked: { status: 423, message: WORDS.locked },
  entry_not_found: { status: 404, message: WORDS.noFile },
  version_not_found: { status: 404, message: WORDS.noFile },
}

/** Codes where the documents print a general sentence; ours goes on with what is wrong. */
const GENERAL: Partial<Record<ErrorCode, Refusal>> = {
  invalid_path: { status: 400, message: WORDS.badName },
  precondition_failed: { status: 412, message: WORDS.badRequest },
  incomplete_body: { status: 400, message: WORDS.badRequest },
  digest_mismatch: { status: 400, message: WORDS.badRequest },
  // the documents know no 415
  unsupported_media_type: { status: 400, message: WORDS.badRequest },
}

/** The status and message of an error of the catalogue: the documents' own words where they have some, else what the error says. */
export function refusalOf(error: WaybillError): Refusal {
  const documented = DOCUMENTED[error.code]
  if (documented !== undefined) return documented
  const general = GENERAL[error.code]
  return general === undefined ? { status: error.status, message: error.message } : { status: general.status, message: `${general.message}: ${error.message}` }
}

/** A 400 in exactly these words. */
export function badRequest(message: string): WaybillError {
  return new WaybillError('invalid_request', message)
}

/** The dialect's error handler: whatever was thrown, as an envelope without data. */
export function sendRefusal(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toWaybillError(thrown)
  return sendEnvelope(error, refusalOf(error), request, reply)
}

/** The error handler of the status logs, whose page has its own words for nothing found and for a fault on our side. */
export function logsErrorHandler(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toWaybillError(thrown)
  sendEnvelope(error, logsRefusalOf(error), request, reply)
}

function logsRefusalOf(error: WaybillError): Refusal {
  if (error.code === 'job_not_found') return { status: 404, message: WORDS.noRecords }
  if (error.code === 'internal') return { status: 500, message: WORDS.logsBroken }
  return refusalOf(error)
}

/** The answer to what is not even a request. The sample of the track page is one, with its method `Get`, and has no id: the documents' 400 for that comes first. */
export function unparsedRefusal(error: WaybillError, url: string): { readonly status: number; readonly body: object } {
  const { status, message } = refusalOf(error)
  const words = /^\/apollo\/files\/track\/?(?:\?|$)/.test(url) ? `${WORDS.noCorrelationId}: ${message}` : message
  return { status, body: errorEnvelope(words, status) }
}

/** What answers beneath the dialect's prefixes where no route does. */
export function refuseNoRoute(request: FastifyRequest, reply: FastifyReply): never {
  limitAddress(request, reply)
  throw new WaybillError('route_not_found', `there is no ${request.method} ${request.url.split('?', 1)[0]} here; see the reference of the Apollo dialect`)
}

function sendEnvelope(error: WaybillError, refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  logFault(error, request)
  setErrorHeaders(error, reply)
  return reply.code(refusal.status).header('content-type', 'application/json; charset=utf-8').send(errorEnvelope(refusal.message, refusal.status))
}
