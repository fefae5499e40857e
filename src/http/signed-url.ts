import { createHmac, timingSafeEqual } from 'node:crypto'
import { WaybillError } from '../model/errors.ts'
import type { Clock } from '../ports/clock.ts'

/** What signed URLs are made with. `key`: any secret; `lifeMs`: how long a URL works. */
export interface UrlSignerParts {
  readonly key: string | Uint8Array
  readonly clock: Clock
  readonly lifeMs: number
}

/** A path with its signature, to be put behind the server's base URL, and when it ends (epoch milliseconds). */
export interface SignedPath {
  readonly path: string
  readonly expiresAt: number
}

/** The methods that are signed for; a URL signed for GET may be asked with HEAD, too. */
export type SignedMethod = 'GET' | 'PUT'

const MARK_BYTES = 16

/**
 * Signs paths and checks them again: HMAC-SHA-256 over method, path and expiry. Whoever holds such a URL may do with it exactly what it says, until it
 * expires; so the path must name one thing, and in whose name it is done (signed-transfers.ts).
 */
export class UrlSigner {
  readonly #parts: UrlSignerParts

  constructor(parts: UrlSignerParts) {
    this.#parts = parts
  }

  /** `path` without a query. */
  sign(method: SignedMethod, path: string): SignedPath {
    const expires = Math.floor((this.#parts.clock.now() + this.#parts.lifeMs) / 1000)
    return { path: `${path}?expires=${expires}&signature=${this.#signature(method, path, String(expires))}`, expiresAt: expires * 1000 }
  }

  /** Throws `invalid_signature` unless the path and query of this request were signed for its method and have not expired. */
  verify(method: string, url: string): void {
    const cut = url.indexOf('?')
    const path = cut === -1 ? url : url.slice(0, cut)
    const query = new URLSearchParams(cut === -1 ? '' : url.slice(cut))
    const expires = query.get('expires') ?? ''
    const wanted = this.#signature(method === 'HEAD' ? 'GET' : method, path, expires)
    if (!sameText(query.get('signature') ?? '', wanted))
      throw new WaybillError('invalid_signature', 'this URL was not signed by this server, or not for this; ask for a new one')
    const endedAt = Number(expires) * 1000
    if (endedAt <= this.#parts.clock.now()) {
      throw new WaybillError('invalid_signature', `this URL expired at ${new Date(endedAt).toISOString()}; ask for a new one`)
    }
  }

  /** A mark of 128 bits on a text, in base64url, that nobody else can make; one for each purpose. */
  mark(purpose: string, text: string): string {
    return this.#hmac(`${purpose}\n${text}`).subarray(0, MARK_BYTES).toString('base64url')
  }

  /** True when the mark is the text's own. */
  holds(mark: string, purpose: string, text: string): boolean {
    return sameText(mark, this.mark(purpose, text))
  }

  #signature(method: string, path: string, expires: string): string {
    return this.#hmac(`${method}\n${path}\n${expires}`).toString('base64url')
  }

  #hmac(text: string): Buffer {
    return createHmac('sha256', this.#parts.key).update(text).digest()
  }
}

/** Compares in a time that tells nothing of where two texts differ. */
function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
