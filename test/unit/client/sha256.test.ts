import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newSha256, reprDigest, sha256In, sha256Of } from '../../../src/client/sha256.ts'
import { sha256 } from '../../support/sha256.ts'

describe('the SHA-256 of the client', () => {
  it('is the same where the host has one and where it has none', () => {
    const pieces = [0, 1, 63, 64, 65, 100_000].map(length => randomBytes(length))
    for (const host of [undefined, {}]) {
      const hash = newSha256(host)
      for (const piece of pieces) hash.update(piece)
      expect(hash.digest()).toBe(sha256(Buffer.concat(pieces)))
    }
  })

  it('is that of text, bytes and Blobs', async () => {
    for (const body of ['Grüße', new TextEncoder().encode('Grüße'), new Blob(['Grü', 'ße'])]) expect(await sha256Of(body)).toBe(sha256('Grüße'))
  })

  it('is written and read as a Repr-Digest', () => {
    const hex = sha256('x')
    expect(reprDigest(hex)).toBe(`sha-256=:${Buffer.from(hex, 'hex').toString('base64')}:`)
    expect(sha256In(reprDigest(hex))).toBe(hex)
    expect(sha256In(`sha-512=:AAAA:, ${reprDigest(hex)}`)).toBe(hex)
    expect(sha256In('sha-512=:AAAA:')).toBeNull()
    expect(sha256In(null)).toBeNull()
  })
})
