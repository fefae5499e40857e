import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OpenEntry } from '../engine/api.ts'
import type { Entry } from '../model/entry.ts'
import { WaybillError } from '../model/errors.ts'
import { rangeHolds, readVerdict, tagOf } from './conditions.ts'
import { reprDigest } from './digest-header.ts'
import { attachment } from './disposition.ts'
import { rangeWish } from './range.ts'

/** The request headers that `sendEntryBytes` reads and what they mean, for the documentation. */
export const READ_HEADERS = {
  Range: 'one range of bytes',
  'If-Range': 'an ETag or date: without a match the whole is sent',
  'If-None-Match': 'ETags: 304 when one matches',
  'If-Match': 'ETags: 412 unless one matches',
}

/** Answers GET or HEAD with the bytes of an entry: conditions (RFC 9110 section 13) and one range (section 14). */
export async function sendEntryBytes(request: FastifyRequest, reply: FastifyReply, opened: OpenEntry): Promise<FastifyReply> {
  const { entry } = opened
  const tag = tagOf(entry.revision)
  setEntryHeaders(reply, entry, tag)
  const verdict = readVerdict(request.headers, tag, entry.modifiedAt)
  if (verdict === 'failed') throw new WaybillError('precondition_failed', 'the entry is at another revision than the request wants', { actual: entry.revision })
  if (verdict === 'unchanged') return reply.code(304).send()
  reply.header('content-type', entry.mediaType).header('content-disposition', attachment(entry.path))
  // RFC 9110 section 14.2: Range is defined for GET only
  const ranged = request.method === 'GET' && rangeHolds(one(request.headers['if-range']), tag, entry.modifiedAt)
  const wish = rangeWish(ranged ? request.headers.range : undefined, entry.size)
  if (wish.kind === 'outside') {
    reply.header('content-range', `bytes */${entry.size}`)
    throw new WaybillError('range_not_satisfiable', `the range lies outside the file, which has ${entry.size} bytes`)
  }
  if (wish.kind === 'part') {
    const { start, end } = wish.range
    reply
      .code(206)
      .header('content-range', `bytes ${start}-${end - 1}/${entry.size}`)
      .header('content-length', end - start)
    return reply.send(await opened.read(wish.range))
  }
  reply.header('content-length', entry.size)
  return request.method === 'HEAD' ? reply.send() : reply.send(await opened.read())
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}

/** Validators and digest; and nothing of a stored file may run in a browser, whatever its media type claims. */
function setEntryHeaders(reply: FastifyReply, entry: Entry, tag: string): void {
  reply.headers({
    etag: tag,
    'last-modified': new Date(entry.modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-security-policy': "default-src 'none'; sandbox",
  })
  if (entry.digest !== null) reply.header('repr-digest', reprDigest(entry.digest))
}
