import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { WebhookRequest } from '../../ports/webhook-sender.ts'

/** Standard Webhooks 1.0, Signature scheme: a symmetric secret has 24 to 64 bytes and is written as whsec_ and its base64. */
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/
const SECRET_BYTES = { least: 24, most: 64 } as const

/** The bytes of a secret, or null when the text is none. */
export function secretBytes(secret: string): Uint8Array | null {
  const base64 = SECRET.exec(secret)?.[1]
  if (base64 === undefined) return null
  const bytes = Buffer.from(base64, 'base64')
  return bytes.length >= SECRET_BYTES.least && bytes.length <= SECRET_BYTES.most && bytes.toString('base64') === base64 ? bytes : null
}

/** A new secret, at random. */
export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES.least).toString('base64')}`
}

/** The headers that prove where a body comes from and when it was sent. `at` is epoch milliseconds; the timestamp has whole seconds. */
export function signedHeaders(secret: Uint8Array, id: string, at: number, body: string): WebhookRequest['headers'] {
  const timestamp = String(Math.floor(at / 1000))
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
/** NIST SP 800-38D: 96 bits at random are safe for 2^32 secrets under one key. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Keeps secrets of hooks: encrypted (AES-256-GCM) with a key that is derived (HKDF-SHA-256, RFC 5869) from the one that signs URLs. Whoever has the ledger alone, a copy
 * of its file or of the database, cannot sign in our name; as the signing key of several servers lies in the database unless it is set, set it there. Each secret
 * is bound to the id of its hook.
 */
export class SecretBox {
  readonly #key: Buffer

  constructor(signingKey: string | Uint8Array) {
    this.#key = Buffer.from(hkdfSync('sha256', signingKey, '', 'waybill webhook secrets', KEY_BYTES))
  }

  seal(id: string, secret: Uint8Array): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(Buffer.from(id))
    return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()])
  }

  /** Null when it was sealed with another key. */
  open(id: string, sealed: Uint8Array): Uint8Array | null {
    const decipher = createDecipheriv(CIPHER, this.#key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(id)).setAuthTag(sealed.subarray(-TAG_BYTES))
    const secret = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES))
    try {
      return Buffer.concat([secret, decipher.final()])
    } catch {
      return null // the tag does not fit: another key
    }
  }
}
