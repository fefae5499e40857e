import { Readable } from 'node:stream'
import { WaybillError, type ErrorCode } from '../../src/model/errors.ts'
import { Dice } from './dice.ts'

/**
 * What goes wrong in a store, in the words its adapters use of it:
 * - `io`: a read or write fails with EIO (`unavailable`), before or in the middle;
 * - `full`: the disk fills up while bytes are written (`out_of_space`);
 * - `short`: fewer bytes are read, or written, than there are, and nobody says so;
 * - `lost`: it was done, and its answer is lost;
 * - `busy`: a service answers 429 or 503 with Retry-After;
 * - `drip`: bytes come a few at a time, with long pauses;
 * - `listing`: a listing leaves some out, tells of what is gone, or breaks off;
 * - `stale`: what is there is said not to be, and what was is said to be still;
 * - `changed`: others write an object while it is read or copied.
 */
export const KINDS = ['io', 'full', 'short', 'lost', 'busy', 'drip', 'listing', 'stale', 'changed'] as const
export type FaultKind = (typeof KINDS)[number]

/** Decides, by a seed, which call of a store goes wrong and how. */
export class Injector extends Dice<FaultKind> {
  /** A call that is refused, or whose answer is lost. */
  async call<T>(what: string, run: () => Promise<T>): Promise<T> {
    this.refuse(what)
    const result = await run()
    if (this.befalls('lost')) throw faultOf('unavailable', `the answer to ${what} was lost`)
    return result
  }

  /** Throws when a call is not even begun. */
  refuse(what: string): void {
    if (this.befalls('io')) throw faultOf('unavailable', `EIO: ${what}`)
    if (this.befalls('busy')) throw faultOf('unavailable', `${what} was answered 503`, 1)
  }

  /** Some of a list. */
  some<T>(list: readonly T[]): T[] {
    return list.filter(() => this.random.chance(0.7))
  }

  /** A body on its way out of a store. */
  reading(body: Readable): Readable {
    return this.#passing(body, this.befalls('io') ? new Error('EIO: i/o error, read') : null, this.befalls('short'))
  }

  /** A body on its way into a store. Only where its digest is known can anybody notice a short write. */
  writing(body: Readable, isKnown: boolean): Readable {
    const full = this.befalls('full') ? faultOf('out_of_space', 'ENOSPC in the middle of a write') : null
    const broken = full ?? (this.befalls('io') ? faultOf('unavailable', 'EIO: i/o error, write') : null)
    return this.#passing(body, broken, isKnown && this.befalls('short'))
  }

  #passing(body: Readable, broken: Error | null, isShort: boolean): Readable {
    const isSlow = this.befalls('drip')
    if (broken === null && !isShort && !isSlow) return body
    const random = this.random
    const bytes = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        const step = isSlow ? Math.max(1, Math.ceil(chunk.length / 5)) : chunk.length
        const end = broken !== null || isShort ? random.between(0, chunk.length - 1) : chunk.length
        for (let at = 0; at < end; at += step) {
          yield chunk.subarray(at, Math.min(at + step, end))
          if (isSlow) await new Promise(resolve => setTimeout(resolve, 1))
        }
        if (broken !== null) throw broken
        if (isShort) return
      }
      if (broken !== null) throw broken
    }
    const passed = Readable.from(bytes(), { objectMode: false })
    passed.once('close', () => body.destroy())
    return passed
  }
}

/** A fault as the adapters of stores tell it. */
export function faultOf(code: Extract<ErrorCode, 'unavailable' | 'out_of_space'>, what: string, retryAfterSeconds?: number): WaybillError {
  return new WaybillError(code, `injected: ${what}`, retryAfterSeconds === undefined ? {} : { retryAfterSeconds }, { cause: new Error(what) })
}
