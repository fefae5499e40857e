import { createHmac, randomBytes } from 'node:crypto'
import { SignJWT, exportJWK, exportSPKI, importJWK } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createJwtVerifier, type JwtConfig, type JwtVerifier } from '../../../src/access/jwt.ts'
import { AUDIENCE, ISSUER, NOW, claims, clock, handMade, issuerKey, serveJwks, sign, type IssuerKey, type JwksServer } from './issuer.ts'

const REFUSED = { code: 'unauthenticated', message: 'a valid token is needed; send it as "Authorization: Bearer <token>"' }
const EXPIRED = { code: 'unauthenticated', message: 'the token has expired; get a new one' }

let rsa: IssuerKey
let ec: IssuerKey
let ed: IssuerKey
let stranger: IssuerKey

beforeAll(async () => {
  ;[rsa, ec, ed, stranger] = await Promise.all([
    issuerKey('rsa-1', 'RS256'),
    issuerKey('ec-1', 'ES256'),
    issuerKey('ed-1', 'EdDSA'),
    issuerKey('rsa-1', 'RS256'),
  ])
})

describe('JWTs with the keys of a JWKS URL', () => {
  let jwks: JwksServer
  let jwt: JwtVerifier

  beforeEach(async () => {
    jwks = await serveJwks([rsa.jwk, ec.jwk, ed.jwk])
    jwt = await createJwtVerifier({ issuer: ISSUER, audience: AUDIENCE, jwksUrl: jwks.url }, clock)
  })
  afterEach(() => jwks.close())

  it('takes good tokens of each published key, and fetches the keys once', async () => {
    for (const key of [rsa, ec, ed]) {
      expect(await jwt.verify(await sign(key, claims()))).toEqual({
        issuer: ISSUER,
        subject: 'ada',
        scopes: new Set(['read', 'write']),
        expiresAt: NOW + 600_000,
      })
    }
    expect(jwks.requests).toBe(1)
  })

  it('takes one of several audiences on either side', async () => {
    const several = await createJwtVerifier({ issuer: ISSUER, audience: ['other', AUDIENCE], jwksUrl: jwks.url }, clock)
    expect(await several.verify(await sign(rsa, claims({ aud: [AUDIENCE, 'third'] })))).toMatchObject({ subject: 'ada' })
  })

  it.each([
    ['another issuer', { iss: 'https://evil.example' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'other' }],
    ['no audience', { aud: undefined }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is no number', { exp: '2099-01-01' }],
    ['a beginning that is more than 30 s ahead', { nbf: NOW / 1000 + 31 }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a subject that is no string', { sub: 7 }],
    ['a subject with a control character', { sub: 'ada\u0000' }],
    ['another issuer, and expired', { iss: 'https://evil.example', exp: NOW / 1000 - 600 }],
  ])('refuses a token with %s', async (_what, changes) => {
    await expect(jwt.verify(await sign(rsa, claims(changes)))).rejects.toMatchObject(REFUSED)
  })

  it('says of an expired token that it has expired, after 30 s of tolerance', async () => {
    await expect(jwt.verify(await sign(rsa, claims({ exp: NOW / 1000 - 30 })))).rejects.toMatchObject(EXPIRED)
    expect(await jwt.verify(await sign(rsa, claims({ exp: NOW / 1000 - 29 })))).toMatchObject({ subject: 'ada' })
  })

  it('allows the issuer to be 30 s ahead', async () => {
    expect(await jwt.verify(await sign(rsa, claims({ nbf: NOW / 1000 + 30 })))).toMatchObject({ subject: 'ada' })
  })

  it('refuses an unknown kid, and does not ask the issuer again for each of them', async () => {
    for (let n = 0; n < 5; n += 1) {
      await expect(jwt.verify(await sign(rsa, claims(), { kid: `unknown-${n}` }))).rejects.toMatchObject(REFUSED)
    }
    expect(jwks.requests).toBe(1)
  })

  it('refuses the right kid with another key, also when expired', async () => {
    await expect(jwt.verify(await sign(stranger, claims()))).rejects.toMatchObject(REFUSED)
    await expect(jwt.verify(await sign(stranger, claims({ exp: NOW / 1000 - 600 })))).rejects.toMatchObject(REFUSED)
  })

  it('refuses "none" in every spelling', async () => {
    for (const alg of ['none', 'None', 'NONE', '']) {
      await expect(jwt.verify(handMade({ alg, kid: rsa.kid }, claims()))).rejects.toMatchObject(REFUSED)
    }
  })

  it('refuses a shared secret made of the public key', async () => {
    const pem = await exportSPKI(rsa.publicKey)
    for (const secret of [pem, pem.trim(), JSON.stringify(rsa.jwk), String(rsa.jwk.n)]) {
      const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: rsa.kid }).sign(Buffer.from(secret))
      await expect(jwt.verify(token)).rejects.toMatchObject(REFUSED)
    }
  })

  it('refuses a key that the token brings along', async () => {
    const header = { alg: 'RS256', jwk: await exportJWK(stranger.publicKey), jku: 'http://127.0.0.1:9/jwks' }
    const token = await new SignJWT(claims()).setProtectedHeader(header).sign(stranger.privateKey)
    await expect(jwt.verify(token)).rejects.toMatchObject(REFUSED)
  })

  it('refuses a tampered payload, header and signature', async () => {
    const [header = '', payload = '', signature = ''] = (await sign(rsa, claims())).split('.')
    const [, othersPayload = ''] = handMade({}, claims({ sub: 'root' })).split('.')
    const [othersHeader = ''] = handMade({ alg: 'PS256', kid: rsa.kid }, {}).split('.')
    for (const token of [
      `${header}.${othersPayload}.${signature}`,
      `${othersHeader}.${payload}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${header}.${payload}.`,
    ]) {
      await expect(jwt.verify(token)).rejects.toMatchObject(REFUSED)
    }
  })

  it('refuses garbage', async () => {
    const garbage = [
      '',
      '..',
      'a.b.c',
      '{}.{}.{}',
      `${'A'.repeat(100_000)}.B.C`,
      handMade(null, null),
      handMade([], []),
      handMade({ alg: 'RS256', crit: ['x'], x: 1 }, claims()),
    ]
    for (const token of garbage) await expect(jwt.verify(token)).rejects.toMatchObject(REFUSED)
  })

  it.each([
    { status: 500, body: 'down' },
    { status: 200, body: 'no JSON' },
    { status: 200, body: '{"keys": 1}' },
  ])('is unavailable, not the token wrong, while the issuer answers $status $body', async answer => {
    jwks.answer = answer
    await expect(jwt.verify(await sign(rsa, claims()))).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('JWTs with a local key', () => {
  async function verifier(key: string, changes: Partial<JwtConfig> = {}): Promise<JwtVerifier> {
    return createJwtVerifier({ issuer: ISSUER, audience: AUDIENCE, key, ...changes }, clock)
  }

  it('takes a PEM, whatever kid the token names', async () => {
    const jwt = await verifier(await exportSPKI(rsa.publicKey))
    expect(await jwt.verify(await sign(rsa, claims(), { kid: 'whatever' }))).toMatchObject({ subject: 'ada' })
    await expect(jwt.verify(await sign(stranger, claims()))).rejects.toMatchObject(REFUSED)
    await expect(jwt.verify(await sign(ec, claims()))).rejects.toMatchObject(REFUSED)
  })

  it('refuses the PEM as a shared secret', async () => {
    const pem = await exportSPKI(rsa.publicKey)
    const jwt = await verifier(pem)
    const unsigned = handMade({ alg: 'HS256' }, claims()).slice(0, -1)
    for (const secret of [pem, pem.trim()]) {
      const signature = createHmac('sha256', secret).update(unsigned).digest('base64url')
      await expect(jwt.verify(`${unsigned}.${signature}`)).rejects.toMatchObject(REFUSED)
    }
  })

  it('takes a JWK, only with the algorithm it names', async () => {
    const jwt = await verifier(JSON.stringify(rsa.jwk))
    expect(await jwt.verify(await sign(rsa, claims()))).toMatchObject({ subject: 'ada' })
    const sameKey = await importJWK(await exportJWK(rsa.privateKey), 'RS512')
    const other = await new SignJWT(claims()).setProtectedHeader({ alg: 'RS512' }).sign(sameKey)
    await expect(jwt.verify(other)).rejects.toMatchObject(REFUSED)
  })

  it('takes a JWK set', async () => {
    const jwt = await verifier(JSON.stringify({ keys: [ec.jwk, ed.jwk] }))
    expect(await jwt.verify(await sign(ed, claims()))).toMatchObject({ subject: 'ada' })
    await expect(jwt.verify(await sign(rsa, claims()))).rejects.toMatchObject(REFUSED)
  })

  it('takes HS256 only with a JWK that is a shared secret', async () => {
    const secret = randomBytes(32)
    const jwt = await verifier(JSON.stringify({ kty: 'oct', k: secret.toString('base64url') }))
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256' }).sign(secret)
    expect(await jwt.verify(token)).toMatchObject({ subject: 'ada' })
    await expect(jwt.verify(await sign(rsa, claims()))).rejects.toMatchObject(REFUSED)
    await expect(jwt.verify(handMade({ alg: 'none' }, claims()))).rejects.toMatchObject(REFUSED)
  })

  it.each([
    ['nothing', ''],
    ['a missing file', '/no/such/file.pem'],
    ['broken JSON', '{"kty":'],
    ['a broken PEM', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'],
    ['a short secret', '{"kty":"oct","k":"c2hvcnQ"}'],
    ['a secret for a public algorithm', `{"kty":"oct","alg":"RS256","k":"${'A'.repeat(43)}"}`],
    ['a secret in a set', `{"keys":[{"kty":"oct","k":"${'A'.repeat(43)}"}]}`],
    ['an empty member of a set', '{"keys":[null]}'],
    ['a secret that is no base64url', '{"kty":"oct","k":"!!!"}'],
    ['an unknown kind of key', '{"kty":"XYZ"}'],
  ])('refuses to start with %s', async (_what, key) => {
    await expect(verifier(key)).rejects.toMatchObject({ code: 'invalid_request' })
  })

  it('refuses to start with a private key', async () => {
    await expect(verifier(JSON.stringify(await exportJWK(rsa.privateKey)))).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('private'),
    })
  })
})

describe('the configuration of JWTs', () => {
  it.each([
    ['neither key nor URL', {}],
    ['both key and URL', { key: '{}', jwksUrl: 'https://issuer.example/jwks' }],
    ['a URL that is none', { jwksUrl: 'issuer' }],
    ['a URL of a file', { jwksUrl: 'file:///etc/passwd' }],
    ['no audience', { jwksUrl: 'https://issuer.example/jwks', audience: [] }],
    ['no issuer', { jwksUrl: 'https://issuer.example/jwks', issuer: '' }],
    ['scopes that do not exist', { jwksUrl: 'https://issuer.example/jwks', scopes: { all: ['everything'] } }],
  ])('refuses %s', async (_what, changes) => {
    await expect(createJwtVerifier({ issuer: ISSUER, audience: AUDIENCE, ...changes }, clock)).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

describe('scopes of JWTs', () => {
  const mapping = { 'files.all': ['read', 'write'], write: ['read'], apollo: ['apollo_read', 'apollo_write'] }

  it.each([
    ['our own names', {}, { scope: 'read apollo_write' }, ['read', 'apollo_write']],
    ['nothing for unknown names', {}, { scope: 'openid profile constructor __proto__ toString' }, []],
    ['nothing without a claim', {}, { scope: undefined }, []],
    ['a list in scp', {}, { scope: undefined, scp: ['read', 7, 'admin'] }, ['read', 'admin']],
    ['a string in scp', {}, { scope: undefined, scp: 'write admin' }, ['write', 'admin']],
    ['nothing for other forms', {}, { scope: { read: true }, scp: 7 }, []],
    ['their names by the mapping', mapping, { scope: 'files.all apollo' }, ['read', 'write', 'apollo_read', 'apollo_write']],
    ['our names as the mapping has them', mapping, { scope: 'write' }, ['read']],
  ])('read %s', async (_what, scopes, changes, expected) => {
    const jwt = await createJwtVerifier({ issuer: ISSUER, audience: AUDIENCE, key: JSON.stringify(ec.jwk), scopes }, clock)
    const { scopes: found } = await jwt.verify(await sign(ec, claims(changes)))
    expect(found).toEqual(new Set(expected))
  })
})
