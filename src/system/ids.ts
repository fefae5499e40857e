import { randomInt } from 'node:crypto'
import { v7 } from 'uuid'
import type { Clock, Ids } from '../ports/clock.ts'

/** Numbers count from here: with 8,192 of them a millisecond they stay below 2^53, what a JavaScript number holds exactly, until 2059. */
const EPOCH = Date.UTC(2025, 0, 1)
const PER_MS = 8_192

/** UUIDs v7 and job numbers: milliseconds since 2025 times 8,192 and a count, growing within the process, also when the clock goes back. */
export function systemIds(clock: Clock): Ids {
  let last = 0
  return {
    uuid: () => v7(),
    number: () => {
      const first = (clock.now() - EPOCH) * PER_MS
      // two processes that make numbers in the same millisecond begin at different ones
      last = last < first ? first + randomInt(PER_MS / 2) : last + 1
      return last
    },
  }
}
