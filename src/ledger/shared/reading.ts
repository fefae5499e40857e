import type { BytesRead } from '../../ports/lease.ts'

/**
 * What is known of bytes when items are decided. `step`, of items with an end in a place: whether they are planned to learn which bytes must be moved (`ask`), to
 * write down what will be published (`intend`), or to be settled: then those that go to a place are not done, unless their intents were.
 */
export interface Reading extends BytesRead {
  readonly step?: 'ask' | 'intend' | 'settle'
}

/** Of items that no bytes had to be read for. */
export const NOTHING_READ: Reading = { corrupt: [], copied: { arrived: [], failed: [] } }
