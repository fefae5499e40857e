import { Transform, type Readable, type TransformCallback } from 'node:stream'
import type { Clock } from '../ports/clock.ts'

/** How far ahead of its rate a store may be: what timers and networks are late by, and no burst that anybody notices. */
const BURST_MS = 100
/** Bytes pass in runs no longer than they take this long at the rate, so that a slow store gets a steady trickle. */
const RUN_MS = 100

/** A limit of bytes a second, shared by all transfers of a store: a token bucket that may owe, so that whoever comes later waits for those before. */
export class Bandwidth {
  readonly #clock: Clock
  readonly #bytesPerMs: number
  /** When all bytes that were taken so far will have passed at the rate. */
  #paidUntil = 0

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#clock = clock
    this.#bytesPerMs = bytesPerSecond / 1000
  }

  /** The longest run that should be taken at once. */
  get run(): number {
    return Math.max(1, Math.floor(this.#bytesPerMs * RUN_MS))
  }

  /** Resolves when so many bytes may pass, or at once when the signal aborts. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.steady()
    this.#paidUntil = Math.max(this.#paidUntil, now - BURST_MS) + bytes / this.#bytesPerMs
    const early = this.#paidUntil - now
    if (early > 0) await this.#clock.sleep(early, signal)
  }
}

/** Lets a body through no faster than all of the limits; it ends with an error when the signal aborts. Destroying the result destroys the body. */
export function throttled(body: Readable, limits: readonly Bandwidth[], signal: AbortSignal): Readable {
  const run = Math.min(...limits.map(limit => limit.run))
  const pass = async (through: Transform, bytes: Buffer): Promise<void> => {
    for (let at = 0; at < bytes.byteLength; at += run) {
      const part = bytes.subarray(at, at + run)
      await Promise.all(limits.map(limit => limit.take(part.byteLength, signal)))
      signal.throwIfAborted() // the body may be read to its end by now, and what is left of it must not look as if it were
      through.push(part)
    }
  }
  const through = new Transform({
    transform(bytes: Buffer, _encoding, done: TransformCallback) {
      pass(this, bytes).then(() => done(), done)
    },
    destroy(error, done) {
      body.destroy()
      done(error)
    },
  })
  body.once('error', error => through.destroy(error))
  return body.pipe(through)
}
