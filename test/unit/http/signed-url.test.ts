import { describe, expect, it } from 'vitest'
import { UrlSigner } from '../../../src/http/signed-url.ts'
import { isWaybillError } from '../../../src/model/errors.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const START = Date.UTC(2026, 0, 1)
const clock = new VirtualClock(START + 400)
const signer = new UrlSigner({ key: 'a key', clock, lifeMs: 60_000 })

function verdict(method: string, url: string, by = signer): string {
  try {
    by.verify(method, url)
    return 'good'
  } catch (error) {
    if (isWaybillError(error, 'invalid_signature')) return error.message
    throw error
  }
}

describe('a signed URL', () => {
  const { path, expiresAt } = signer.sign('GET', '/download/abc')

  it('says when it ends, in whole seconds, and is the same for every server with the key', () => {
    expect(expiresAt).toBe(START + 60_000)
    expect(path).toMatch(/^\/download\/abc\?expires=1767225660&signature=[\w-]{43}$/)
    expect(verdict('GET', path, new UrlSigner({ key: Buffer.from('a key'), clock, lifeMs: 1 }))).toBe('good')
  })

  it('holds for its method and path, and no others', () => {
    expect(verdict('GET', path)).toBe('good')
    expect(verdict('HEAD', path)).toBe('good')
    for (const method of ['PUT', 'POST', 'DELETE', 'get']) expect(verdict(method, path), method).toContain('was not signed')
    const put = signer.sign('PUT', '/download/abc').path
    expect(verdict('PUT', put)).toBe('good')
    expect(verdict('GET', put)).toContain('was not signed')
    expect(verdict('HEAD', put)).toContain('was not signed')
  })

  it('is refused with anything else in it', () => {
    const [, expires = '', signature = ''] = /expires=(\d+)&signature=(.*)$/.exec(path) ?? []
    const others = [
      path.replace('abc', 'abd'),
      path.replace('abc', 'abc/'),
      path.replace(expires, String(Number(expires) + 1)),
      path.replace(expires, `0${expires}`),
      `/download/abc?signature=${signature}`,
      `/download/abc?expires=${expires}`,
      `/download/abc?expires=${expires}&signature=`,
      '/download/abc',
      path.slice(0, -1),
      `${path}A`,
      path.replace(signature, signature.toLowerCase()),
      `/download/abc?expires=never&signature=${signature}`,
    ]
    for (const other of others) expect(verdict('GET', other), other).toContain('was not signed')
    // the last character of base64 holds two bits that mean nothing: they count all the same
    for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      if (!path.endsWith(last)) expect(verdict('GET', path.slice(0, -1) + last)).toContain('was not signed')
    }
    expect(verdict('GET', path, new UrlSigner({ key: 'another key', clock, lifeMs: 60_000 }))).toContain('was not signed')
  })

  it('ends', () => {
    clock.advance(59_599)
    expect(verdict('GET', path)).toBe('good')
    clock.advance(1)
    expect(verdict('GET', path)).toBe('this URL expired at 2026-01-01T00:01:00.000Z; ask for a new one')
  })
})
