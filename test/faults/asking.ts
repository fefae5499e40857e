import { isWaybillError } from '../../src/model/errors.ts'
import type { Caller } from '../../src/model/access.ts'
import { ALICE } from '../unit/engine/house.ts'

/** A request, and how it ended. */
export interface Try {
  readonly requestId: string
  /** How many audit records there are of it. */
  readonly records: number
}

/** Somebody who asks again for what could not be done just now, as a client does, and keeps in mind how each request ended. */
export class Asking {
  readonly tries: Try[] = []
  /** How many of them were refused. */
  refusals = 0
  #requests = 0

  /** What is acknowledged is recorded `records` times, what is refused not at all. Any answer but that it cannot be done just now is a fault. */
  async ask<T>(call: (caller: Caller) => Promise<T>, records: (result: T) => number): Promise<T> {
    for (;;) {
      const requestId = `request-${++this.#requests}`
      try {
        const result = await call({ ...ALICE, origin: { dialect: 'v1', requestId } })
        this.tries.push({ requestId, records: records(result) })
        return result
      } catch (error) {
        if (!isWaybillError(error, 'unavailable') && !isWaybillError(error, 'out_of_space')) throw error
        this.tries.push({ requestId, records: 0 })
        this.refusals += 1
      }
    }
  }
}
