import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT, exportJWK, generateKeyPair, type CryptoKey, type JWK, type JWTPayload } from 'jose'
import type { Clock } from '../../../src/ports/clock.ts'

export const ISSUER = 'https://issuer.example'
export const AUDIENCE = 'waybill'
export const NOW = Date.UTC(2026, 4, 1, 12)
export const clock: Clock = { now: () => NOW, steady: () => NOW, sleep: () => Promise.resolve() }

/** A pair of keys and the JWK of the public one. */
export interface IssuerKey {
  readonly kid: string
  readonly algorithm: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly jwk: JWK
}

export async function issuerKey(kid: string, algorithm: string): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  return { kid, algorithm, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' } }
}

/** Claims of a good token; `undefined` takes one away. */
export function claims(changes: Record<string, unknown> = {}): JWTPayload {
  const all = { iss: ISSUER, aud: AUDIENCE, sub: 'ada', exp: NOW / 1000 + 600, scope: 'read write', ...changes }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

export async function sign(key: IssuerKey, payload: JWTPayload, header: { kid?: string } = { kid: key.kid }): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: key.algorithm, ...header }).sign(key.privateKey)
}

/** An unsigned or otherwise hand-made token. */
export function handMade(header: unknown, payload: unknown, signature = ''): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode(header)}.${encode(payload)}.${signature}`
}

/** A server that publishes a JWK set; `answer` may be changed while it runs. */
export interface JwksServer {
  readonly url: string
  answer: { status: number; body: string }
  requests: number
  close(): Promise<void>
}

export async function serveJwks(keys: readonly JWK[]): Promise<JwksServer> {
  const server = createServer((_request, response) => {
    jwks.requests += 1
    response.writeHead(jwks.answer.status, { 'content-type': 'application/json' }).end(jwks.answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const jwks: JwksServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    answer: { status: 200, body: JSON.stringify({ keys }) },
    requests: 0,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return jwks
}
