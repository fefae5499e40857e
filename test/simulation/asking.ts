import type { Engine } from '../../src/engine/api.ts'
import { isWaybillError, WaybillError, type ErrorCode } from '../../src/model/errors.ts'
import type { Random } from '../support/random.ts'
import type { SimulatedProcess } from './schedule.ts'

/** What became of something that was asked of a server: its answer, its refusal, or nobody knows. */
export type Outcome<T> = { readonly is: 'done'; readonly value: T } | { readonly is: 'refused'; readonly code: ErrorCode } | { readonly is: 'unknown' }

/** Asks servers as clients do: any of those there are, and who dies meanwhile answers nothing. */
export class Asking {
  readonly random: Random
  readonly #nodes: () => readonly { readonly process: SimulatedProcess; readonly engine: Engine }[]

  constructor(parts: { random: Random; nodes: () => readonly { readonly process: SimulatedProcess; readonly engine: Engine }[] }) {
    this.random = parts.random
    this.#nodes = parts.nodes
  }

  async ask<T>(call: (engine: Engine) => Promise<T>): Promise<Outcome<T>> {
    const { engine, process } = this.random.pick(this.#nodes())
    const died = process.died.then((): never => {
      throw new WaybillError('unavailable', 'simulated: the server is gone')
    })
    try {
      return { is: 'done', value: await Promise.race([call(engine), died]) }
    } catch (error) {
      if (!isWaybillError(error)) throw error
      return error.code === 'unavailable' ? { is: 'unknown' } : { is: 'refused', code: error.code }
    }
  }

  /** Asks again while nobody knows, a few times. */
  async insist<T>(call: (engine: Engine) => Promise<T>): Promise<Outcome<T>> {
    let outcome = await this.ask(call)
    for (let left = 4; left > 0 && outcome.is === 'unknown'; left--) outcome = await this.ask(call)
    return outcome
  }
}
