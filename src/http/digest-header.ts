import { WaybillError } from '../model/errors.ts'

/** One member of the dictionary of RFC 9530: an algorithm and a byte sequence (RFC 8941 section 3.3.5). */
const MEMBER = /^\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):\s*$/
const SHA256_BYTES = 32

/**
 * The SHA-256 in hex that `Repr-Digest` announces; null without the header or when it only has algorithms we do not know (RFC 9530 section 3:
 * a recipient ignores those). Throws `invalid_request` for one that is not well formed.
 */
export function announcedSha256(header: string | readonly string[] | undefined): string | null {
  if (header === undefined) return null
  let sha256: string | null = null
  for (const part of [header].flat().join(',').split(',')) {
    const member = MEMBER.exec(part)
    if (member === null) throw malformed()
    if (member[1] === 'sha-256') sha256 = hexOf(member[2] ?? '')
  }
  return sha256
}

/** The header's value for a SHA-256 in hex. */
export function reprDigest(sha256: string): string {
  return `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`
}

function hexOf(base64: string): string {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length !== SHA256_BYTES) throw malformed()
  return bytes.toString('hex')
}

function malformed(): WaybillError {
  const detail = 'Repr-Digest must be like sha-256=:<44 characters of base64>:'
  return new WaybillError('invalid_request', detail, { errors: [{ pointer: 'Repr-Digest', detail }] })
}
