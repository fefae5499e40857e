import type { IncomingHttpHeaders } from 'node:http'
import type { Conditions } from '../model/entry.ts'
import { WaybillError } from '../model/errors.ts'

/** An entity tag (RFC 9110 section 8.8.3); the first group tells a weak one. */
const TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/

/** The conditions of writes, for the documentation. */
export const WRITE_HEADERS = { 'If-Match': 'an ETag: 412 unless it is the present one', 'If-None-Match': '`*`: 412 when something is there' }

/** The entity tag of a revision. */
export function tagOf(revision: string): string {
  return `"${revision}"`
}

/**
 * The conditions of a write, from If-Match and If-None-Match. Throws `invalid_request` for forms that a write here cannot hold to, and
 * `precondition_failed` for a weak tag, which never matches (RFC 9110 section 13.1.1: strong comparison).
 */
export function writeConditions(headers: IncomingHttpHeaders): Conditions {
  const ifMatch = headers['if-match']?.trim()
  const ifNoneMatch = headers['if-none-match']?.trim()
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw malformed('If-None-Match', 'If-None-Match takes only * here: write only when nothing is there')
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: strongTag(ifMatch) }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: '*' as const }),
  }
}

function strongTag(header: string): string {
  const tag = TAG.exec(header)
  if (tag === null) throw malformed('If-Match', 'If-Match takes one entity tag here, the revision in double quotes as ETag gives it')
  if (tag[1] !== undefined)
    throw new WaybillError('precondition_failed', 'a weak entity tag never matches; send the ETag as it was given', { expected: header })
  return tag[2] ?? ''
}

function malformed(pointer: string, detail: string): WaybillError {
  return new WaybillError('invalid_request', detail, { errors: [{ pointer, detail }] })
}

/** True when one of a header's entity tags, or *, matches by weak comparison (RFC 9110 section 13.1.2). */
export function anyTagMatches(header: string, tag: string): boolean {
  const opaque = tag.replace(/^W\//, '')
  return header.trim() === '*' || header.split(',').some(one => one.trim().replace(/^W\//, '') === opaque)
}

/** What the conditions of a read come to: send it, 304 or 412. */
export type ReadVerdict = 'send' | 'unchanged' | 'failed'

/** Evaluates the conditions of a GET or HEAD in the order of RFC 9110 section 13.2.2. `modifiedAt` in epoch milliseconds. */
export function readVerdict(headers: IncomingHttpHeaders, tag: string, modifiedAt: number): ReadVerdict {
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  if (ifMatch !== undefined) {
    if (!strongMatches(ifMatch, tag)) return 'failed'
  } else if (isAfter(modifiedAt, headers['if-unmodified-since'])) return 'failed'
  if (ifNoneMatch !== undefined) return anyTagMatches(ifNoneMatch, tag) ? 'unchanged' : 'send'
  return isAfter(modifiedAt, headers['if-modified-since']) === false ? 'unchanged' : 'send'
}

function strongMatches(header: string, tag: string): boolean {
  return header.trim() === '*' || header.split(',').some(one => one.trim() === tag)
}

/** HTTP dates have whole seconds. Undefined without a valid date: such a condition is ignored (RFC 9110 sections 13.1.3 and 13.1.4). */
function isAfter(modifiedAt: number, date: string | undefined): boolean | undefined {
  const limit = Date.parse(date ?? '')
  return Number.isNaN(limit) ? undefined : Math.floor(modifiedAt / 1000) * 1000 > limit
}

/** True when If-Range lets the range be served: no header, the strong tag, or exactly the date of the last change (RFC 9110 section 13.1.5). */
export function rangeHolds(header: string | undefined, tag: string, modifiedAt: number): boolean {
  if (header === undefined) return true
  const given = header.trim()
  if (given.startsWith('"') || given.startsWith('W/')) return given === tag
  return Date.parse(given) === Math.floor(modifiedAt / 1000) * 1000
}
