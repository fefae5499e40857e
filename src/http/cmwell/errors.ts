import type { FastifyReply, FastifyRequest } from 'fastify'
import { CATALOGUE, WaybillError } from '../../model/errors.ts'
import type { ErrorCode } from '../../model/errors.ts'
import { logFault, setErrorHeaders, toWaybillError } from '../problem.ts'

/** How the calls of the protocol tell errors (contract, sections 1.4, 2.2, 4 and 5). `tracking`: as `error`, but the type of the JSON is that of plain text. */
export type Manner = 'error' | 'cause' | 'message' | 'text' | 'tracking'

/** A refusal in the protocol's own status and words. */
export class Refusal extends WaybillError {
  readonly manner: Manner
  readonly answer: number

  constructor(code: ErrorCode, answer: number, manner: Manner, words: string) {
    super(code, words)
    this.manner = manner
    this.answer = answer
  }
}

/** Subjects that are listed in one answer. */
const MOST_LISTED = 10_000

/** 403 for a whole request, with every subject that the caller may not write (contract, section 1.4). */
export class Unauthorized extends Refusal {
  constructor(paths: readonly string[]) {
    const listed = [...new Set(paths)].slice(0, MOST_LISTED).map(path => `\t${path}\n`)
    super('insufficient_role', 403, 'error', `unauthorized paths:\n${listed.join('')}\n`)
  }
}

/** Codes whose status in this protocol is another than the catalogue's. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  // an id that is over and one that never was look alike (contract, decision 1)
  job_not_found: 410,
  // there is no 401 in the protocol
  unauthenticated: 403,
}

/** The status of a code in this protocol, where its place says nothing more exact. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? CATALOGUE[code].status
}

/** Codes that are told in plain text, whatever the call. */
const IN_TEXT: ReadonlySet<ErrorCode> = new Set(['meaningless_update'])

/** The dialect's error handler: whatever was thrown, in the manner of the call (`request.routeOptions.config.manner`). */
export function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toWaybillError(thrown)
  logFault(error, request)
  setErrorHeaders(error, reply)
  const [status, manner] = error instanceof Refusal ? [error.answer, error.manner] : [statusOf(error.code), request.routeOptions.config.manner ?? 'error']
  reply.code(status)
  if (manner === 'text' || IN_TEXT.has(error.code)) return reply.type('text/plain; charset=utf-8').send(error.message)
  const [type, member] = manner === 'tracking' ? ['text/plain; charset=utf-8', 'error'] : ['application/json', manner]
  return reply.type(type).send(JSON.stringify({ success: false, [member]: error.message }))
}
