import type { Ids } from '../../src/ports/clock.ts'
import type { Random } from '../support/random.ts'

/** Ids that a seed gives again. */
export function simulatedIds(random: Random): Ids {
  let number = 0
  return {
    uuid: () =>
      random
        .bytes(16)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    number: () => ++number,
  }
}
