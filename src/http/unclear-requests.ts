import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { WaybillError } from '../model/errors.ts'

/** Content codings that others undo (the registry of RFC 9110 section 18.6); names that are none of them, which some clients send, mean nothing. */
const CODINGS = /\b(?:x-)?(?:gzip|deflate|br|compress|zstd|dcb|dcz|exi|aes128gcm|pack200-gzip)\b/i

/** Connections on which it is not known any more where a request ends. */
const unclear = new WeakSet<Socket>()

/**
 * Refuses what a proxy before us could read in another way than we do:
 * - a transfer coding that we do not undo (`unsupported`): where its body ends is not known, so nothing behind it on its connection is taken for a request,
 *   and the connection closes (RFC 9112 section 6.3);
 * - more than one Host (`invalid_request`, RFC 9112 section 3.2);
 * - a content coding, which would be stored or parsed as if it were the content (`unsupported_media_type`, RFC 9110 section 8.4).
 */
export function refuseUnclear({ headers, raw }: FastifyRequest, reply: FastifyReply): void {
  const transfer = headers['transfer-encoding']
  if (unclear.has(raw.socket) || (transfer !== undefined && transfer.trim().toLowerCase() !== 'chunked')) {
    unclear.add(raw.socket)
    reply.header('connection', 'close')
    throw new WaybillError('unsupported', `Transfer-Encoding ${transfer ?? 'of the request before'} is not taken; use chunked alone`)
  }
  if (hostsIn(raw.rawHeaders) > 1) throw new WaybillError('invalid_request', 'there is more than one Host; send one')
  const coding = headers['content-encoding']
  if (coding !== undefined && CODINGS.test(coding)) {
    throw new WaybillError('unsupported_media_type', `Content-Encoding ${coding} is not taken; send the bytes as they are`)
  }
}

/** Node keeps the first Host and drops the others: only the header as it came tells. Names and values take turns in it. */
function hostsIn(rawHeaders: readonly string[]): number {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts
}
