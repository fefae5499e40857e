import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { WaybillError } from '../model/errors.ts'

/**
 * What signatures are checked with when the key is public, in the explicit list that RFC 8725 section 3.1 asks for: no "none", and no HS*,
 * so that nobody can sign with the public key as if it were a shared secret (key confusion).
 */
export const PUBLIC_KEY_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const

/** Least bytes of a shared secret: as many as the hash has (RFC 7518 section 3.2). */
const SECRET_BYTES: ReadonlyMap<string, number> = new Map([
  ['HS256', 32],
  ['HS384', 48],
  ['HS512', 64],
])

/** How to find the key that a token must be signed with, and the algorithms that go with it. */
export interface JwtKey {
  readonly getKey: JWTVerifyGetKey
  readonly algorithms: readonly string[]
}

/**
 * A local key: the text of a PEM (public key or certificate), a JWK or a JWK set, or the path of a file with one.
 * Only a JWK of type `oct` is a shared secret. Throws `invalid_request` with what is wrong.
 */
export async function loadJwtKey(textOrPath: string): Promise<JwtKey> {
  const text = (/^\s*(\{|-----BEGIN)/.test(textOrPath) ? textOrPath : await readKeyFile(textOrPath)).trim()
  if (!text.startsWith('{')) return single(publicKey(text), PUBLIC_KEY_ALGORITHMS)
  const jwk = parseJson(text)
  if (Array.isArray(jwk['keys'])) return { getKey: keySet(jwk as unknown as JSONWebKeySet), algorithms: PUBLIC_KEY_ALGORITHMS }
  if (jwk['kty'] === 'oct') return secretKey(jwk)
  return single(publicKey(jwk), algorithmsOf(jwk))
}

/** One key for every token: a `kid` in the token is a hint only (RFC 7515 section 4.1.4). */
function single(key: KeyObject | Uint8Array, algorithms: readonly string[]): JwtKey {
  return { getKey: () => key, algorithms }
}

function publicKey(key: string | Record<string, unknown>): KeyObject {
  const isPrivate = typeof key === 'string' ? key.includes('PRIVATE KEY') : 'd' in key || 'priv' in key
  if (isPrivate) throw keyFault('it is a private key; give the public one, the private one belongs to the issuer alone')
  try {
    return createPublicKey(typeof key === 'string' ? key : { key, format: 'jwk' })
  } catch (error) {
    throw keyFault('it is no public key in PEM or JWK form', error)
  }
}

function keySet(keys: JSONWebKeySet): JWTVerifyGetKey {
  try {
    const getKey = createLocalJWKSet(keys)
    if (!keys.keys.some(key => key.kty === 'oct' || 'd' in key || 'priv' in key)) return getKey
  } catch (error) {
    throw keyFault('it is no valid JWK set', error)
  }
  throw keyFault('a JWK set may hold public keys only')
}

function algorithmsOf(jwk: Record<string, unknown>): readonly string[] {
  const algorithm = jwk['alg']
  if (algorithm === undefined) return PUBLIC_KEY_ALGORITHMS
  if ((PUBLIC_KEY_ALGORITHMS as readonly unknown[]).includes(algorithm)) return [algorithm as string]
  throw keyFault(`its "alg" goes with no public key here; one of ${PUBLIC_KEY_ALGORITHMS.join(', ')} does`)
}

function secretKey(jwk: Record<string, unknown>): JwtKey {
  const { alg: algorithm = 'HS256', k } = jwk
  const least = typeof algorithm === 'string' ? SECRET_BYTES.get(algorithm) : undefined
  if (typeof algorithm !== 'string' || least === undefined) throw keyFault('the "alg" of a shared secret is HS256, HS384 or HS512')
  if (typeof k !== 'string') throw keyFault('a shared secret has its bytes in "k", in base64url')
  const secret = Buffer.from(k, 'base64url')
  if (secret.length < least) throw keyFault(`a shared secret for ${algorithm} has at least ${least} bytes, this one has ${secret.length}`)
  return single(secret, [algorithm])
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw keyFault(`the file ${JSON.stringify(path)} cannot be read`, error)
  }
}

function parseJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw keyFault('it begins like JSON but is not', error)
  }
}

function keyFault(fault: string, cause?: unknown): WaybillError {
  return new WaybillError('invalid_request', `the key for JWTs cannot be used: ${fault}`, {}, { cause })
}
