import { Buffer } from 'node:buffer'
import { deflateSync, inflateSync } from 'node:zlib'
import { adler32 } from './adler32.ts'

/** What a tracking id says: who tracks, and when the request came, in epoch milliseconds. */
export interface TrackingId {
  readonly actorId: string
  readonly createdAt: number
}

/** Far above any id ever given out, and far below where unpacking could hurt. */
const LONGEST = 1000
const HEAD = 2

/**
 * Writes a tracking id (contract, section 2.1): base64url of a check byte, the length of what is packed (0 when it is not packed), and
 * `actorId|createdAt`. `actorId` has no `|`.
 */
export function encodeTrackingId({ actorId, createdAt }: TrackingId): string {
  const payload = Buffer.from(`${actorId}|${createdAt}`)
  const packed = deflateSync(payload)
  const shorter = packed.length < payload.length
  const length = shorter ? payload.length : 0
  const sized = Buffer.concat([Buffer.from([length >> 8, length & 0xff]), shorter ? packed : payload])
  return Buffer.concat([Buffer.from([adler32(sized) & 0xff]), sized]).toString('base64url')
}

/** Reads a tracking id; null for what never was one: no base64url, a wrong check byte, not exactly one `|`, a time that is no number. */
export function decodeTrackingId(id: string): TrackingId | null {
  if (id.length > LONGEST || !/^[A-Za-z0-9_-]+={0,2}$/.test(id)) return null
  const bytes = Buffer.from(id, 'base64url')
  const sized = bytes.subarray(1)
  if (sized.length < HEAD || (adler32(sized) & 0xff) !== bytes[0]) return null
  const payload = unpacked(sized.readUInt16BE(0), sized.subarray(HEAD))
  const match = payload === null ? null : /^([^|]*)\|([+-]?\d{1,18})$/.exec(payload)
  return match === null ? null : { actorId: match[1] ?? '', createdAt: Number(match[2]) }
}

function unpacked(length: number, data: Buffer): string | null {
  if (length === 0) return data.toString('utf8')
  try {
    const payload = inflateSync(data, { maxOutputLength: length })
    return payload.length === length ? payload.toString('utf8') : null
  } catch (error) {
    // what zlib can not read was never one of ours; anything else is a fault
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}
