import type { FastifyRequest } from 'fastify'
import { WaybillError } from '../../model/errors.ts'
import { isInCalendar } from '../calendar.ts'
import { badRequest } from './errors.ts'
import { correlationIdIn, queryOf } from './request.ts'
import { WORDS } from './words.ts'

const USUAL_LIMIT = 100
const MOST_LIMIT = 1000

/** Where a page of the log ends: after item `seq` of the job `number`; `total` was counted on the first page, `cursor` leads to the job. */
export interface LogPosition {
  readonly number: number
  readonly seq: number
  readonly total: number
  readonly cursor: string | null
}

/** What a call asks the log for. Null: not asked. Times are epoch milliseconds. */
export interface LogQuery {
  readonly correlationId: string | null
  readonly transactionId: string | null
  readonly entityId: string | null
  readonly relationshipId: string | null
  readonly since: number | null
  readonly until: number | null
  readonly limit: number
  readonly after: LogPosition | null
}

/** Reads the query. Throws the documented 400 without any term, and a 400 that names the parameter for a bad one. */
export function logQueryOf(request: FastifyRequest): LogQuery {
  const correlation = queryOf(request, 'correlationId')
  const start = queryOf(request, 'startTime')
  const end = queryOf(request, 'endTime')
  const terms = { transactionId: queryOf(request, 'transactionId'), entityId: queryOf(request, 'entityId'), relationshipId: queryOf(request, 'relationshipId') }
  if ([correlation, start, end, ...Object.values(terms)].every(term => term === null)) throw badRequest(WORDS.noParameter)
  const token = queryOf(request, 'continuationToken')
  return {
    ...terms,
    correlationId: correlation === null ? null : correlationIdIn(correlation),
    since: start === null ? null : timeIn(start, 'startTime'),
    until: end === null ? null : timeIn(end, 'endTime'),
    limit: limitIn(queryOf(request, 'limit')),
    after: token === null ? null : decodePosition(token),
  }
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/i

/** ISO 8601 with an offset. A plus that was not percent-encoded arrives as a blank, and can have meant nothing else. */
export function timeIn(text: string, name: string): number {
  const written = text.replace(' ', '+')
  const time = TIME.test(written) && isInCalendar(written) ? Date.parse(written.replace(/([+-]\d{2})(\d{2})$/, '$1:$2')) : NaN
  if (Number.isNaN(time)) throw badRequest(`${name} must be an ISO 8601 time with an offset, such as 2026-11-22T20:41:07+00:00`)
  return time
}

function limitIn(text: string | null): number {
  if (text === null) return USUAL_LIMIT
  if (!/^[1-9]\d{0,8}$/.test(text)) throw badRequest('limit must be a whole number of 1 or more')
  return Math.min(Number(text), MOST_LIMIT)
}

/** The continuation token that leads to what comes after a position: opaque to clients. */
export function encodePosition(position: LogPosition): string {
  const { number, seq, total, cursor } = position
  return Buffer.from(JSON.stringify([number, seq, total, cursor])).toString('base64url')
}

/** The position that a continuation token names. Throws `invalid_cursor` for one that this server never gave out. */
export function decodePosition(token: string): LogPosition {
  const parts = jsonOrNull(Buffer.from(token, 'base64url').toString())
  if (!Array.isArray(parts) || parts.length !== 4) throw badToken()
  const [number, seq, total, cursor] = parts as unknown[]
  if (!isCount(number) || !isCount(seq) || !isCount(total) || !(cursor === null || typeof cursor === 'string')) throw badToken()
  return { number, seq, total, cursor }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function badToken(): WaybillError {
  return new WaybillError('invalid_cursor', 'continuationToken is not one that this server gave out; take it from the answer of the page before')
}
