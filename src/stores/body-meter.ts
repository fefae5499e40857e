import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { WaybillError, isWaybillError } from '../model/errors.ts'
import type { Blob, PutExpectations } from '../ports/blob-store.ts'

/** Hashes and counts a body on its way into a store and checks what the put expects of it. */
export class BodyMeter {
  readonly #expect: PutExpectations
  readonly #hash = createHash('sha256')
  #size = 0

  /** Throws `body_too_large` at once when the announced size alone is too much. */
  constructor(expect: PutExpectations) {
    this.#expect = expect
    if (expect.size !== undefined) this.#refuseTooLarge(expect.size)
  }

  /** Takes the next bytes. Throws `body_too_large` or `incomplete_body` as soon as there are too many. */
  add(chunk: Uint8Array): void {
    this.#size += chunk.byteLength
    this.#refuseTooLarge(this.#size)
    if (this.#expect.size !== undefined && this.#size > this.#expect.size) {
      throw new WaybillError('incomplete_body', `more than the announced ${this.#expect.size} bytes arrived; announce the exact size`)
    }
    this.#hash.update(chunk)
  }

  /** The blob that arrived. Throws `incomplete_body` when bytes are missing, `digest_mismatch` when they are others than expected. */
  finish(): Blob {
    const { size, sha256: expected } = this.#expect
    if (size !== undefined && this.#size !== size) {
      throw new WaybillError('incomplete_body', `${this.#size} bytes arrived, ${size} were announced; send all of them`)
    }
    const sha256 = this.#hash.digest('hex')
    if (expected !== undefined && sha256 !== expected.toLowerCase()) {
      throw new WaybillError('digest_mismatch', `the bytes have the SHA-256 ${sha256}, ${expected} was announced`, { expected, actual: sha256 })
    }
    return { sha256, size: this.#size }
  }

  #refuseTooLarge(size: number): void {
    const { maxSize } = this.#expect
    if (maxSize !== undefined && size > maxSize)
      throw new WaybillError('body_too_large', `the body has more than ${maxSize} bytes; at most that many are allowed`)
  }
}

/**
 * The chunks of a body. When the source breaks off: `incomplete_body` with the cause (coded errors of the source pass unchanged).
 * Never destroys the source when the reader stops early: an HTTP request's connection is still needed for the refusal.
 */
export async function* bodyChunks(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array)
  } catch (error) {
    if (isWaybillError(error)) throw error
    throw new WaybillError('incomplete_body', 'the body broke off before its end; send it again', {}, { cause: error })
  }
}
