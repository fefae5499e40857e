import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../../src/access/authenticator.ts'
import { createJwtVerifier, type JwtVerifier } from '../../../src/access/jwt.ts'
import { hashToken, mintToken } from '../../../src/access/tokens.ts'
import type { TokenRecord } from '../../../src/model/access.ts'
import { WaybillError } from '../../../src/model/errors.ts'
import { AUDIENCE, ISSUER, NOW, claims, clock, issuerKey, sign, type IssuerKey } from './issuer.ts'

const GOOD: TokenRecord = { id: 'token-1', subject: 'ada', scopes: ['read'], label: null, createdAt: NOW - 1000, expiresAt: NOW + 1, revokedAt: null }
const REFUSED = { code: 'unauthenticated', message: 'a valid token is needed; send it as "Authorization: Bearer <token>"' }
const EXPIRED = { code: 'unauthenticated', message: 'the token has expired; get a new one' }

let key: IssuerKey
let jwt: JwtVerifier
const stored = new Map<string, TokenRecord>()
const ledger = { token: (hash: string) => Promise.resolve(stored.get(hash) ?? null) }

function remember(record: Partial<TokenRecord> = {}): string {
  const token = mintToken()
  stored.set(hashToken(token), { ...GOOD, ...record })
  return token
}

beforeAll(async () => {
  key = await issuerKey('ec-1', 'ES256')
  jwt = await createJwtVerifier({ issuer: ISSUER, audience: AUDIENCE, key: JSON.stringify(key.jwk) }, clock)
})
beforeEach(() => stored.clear())

describe('opaque tokens', () => {
  const authenticator = createAuthenticator({ ledger, clock, jwt: null })

  it('name their subject, scopes and id', async () => {
    expect(await authenticator.authenticate(remember())).toEqual({ subject: 'ada', scopes: new Set(['read']), tokenId: 'token-1', expiresAt: NOW + 1 })
  })

  it('may have no end', async () => {
    expect(await authenticator.authenticate(remember({ expiresAt: null }))).toEqual({ subject: 'ada', scopes: new Set(['read']), tokenId: 'token-1' })
  })

  it('with admin may read and write, but nothing of Apollo', async () => {
    const { scopes } = await authenticator.authenticate(remember({ scopes: ['admin'] }))
    expect(scopes).toEqual(new Set(['admin', 'read', 'write', 'metrics']))
  })

  it.each([
    ['unknown', () => mintToken()],
    ['revoked', () => remember({ revokedAt: NOW - 1 })],
    ['revoked and expired', () => remember({ revokedAt: NOW - 1, expiresAt: NOW - 1 })],
    ['empty', () => ''],
    ['a hash instead of a token', () => hashToken(remember())],
    ['a JWT where none are taken', () => 'a.b.c'],
  ])('are refused with one wording when %s', async (_what, token) => {
    await expect(authenticator.authenticate(token())).rejects.toMatchObject(REFUSED)
  })

  it('are said to have expired from their end on', async () => {
    await expect(authenticator.authenticate(remember({ expiresAt: NOW }))).rejects.toMatchObject(EXPIRED)
  })

  it('do not hide that the ledger is out of order', async () => {
    const broken = createAuthenticator({ ledger: { token: () => Promise.reject(new WaybillError('unavailable', 'down')) }, clock, jwt: null })
    await expect(broken.authenticate('x')).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('JWTs beside opaque tokens', () => {
  it('are told apart by their three parts', async () => {
    const authenticator = createAuthenticator({ ledger, clock, jwt })
    expect(await authenticator.authenticate(remember())).toMatchObject({ tokenId: 'token-1' })
    const caller = await authenticator.authenticate(await sign(key, claims({ scope: 'admin', exp: NOW / 1000 + 60.5 })))
    expect(caller).toEqual({
      ...{ subject: 'ada', scopes: new Set(['admin', 'read', 'write', 'metrics']) },
      ...{ tokenId: expect.stringMatching(/^jwt-[0-9a-f]{16}$/), expiresAt: NOW + 60_500 },
    })
    await expect(authenticator.authenticate('a.b.c')).rejects.toMatchObject(REFUSED)
    await expect(authenticator.authenticate('a.b.c.d')).rejects.toMatchObject(REFUSED)
    await expect(authenticator.authenticate(await sign(key, claims({ exp: NOW / 1000 - 60 })))).rejects.toMatchObject(EXPIRED)
  })

  it('count as one token a subject', async () => {
    const authenticator = createAuthenticator({ ledger, clock, jwt })
    const idOf = async (changes: Record<string, unknown>): Promise<string> => (await authenticator.authenticate(await sign(key, claims(changes)))).tokenId
    expect(await idOf({ exp: NOW / 1000 + 60 })).toBe(await idOf({ exp: NOW / 1000 + 90 }))
    expect(await idOf({})).not.toBe(await idOf({ sub: 'bob' }))
  })
})
