import type { Queue } from '../../ports/queue.ts'
import { TurnDealer } from '../turn-dealer.ts'

/** Wake-ups in memory, for one process that is alone. */
export class LocalQueue extends TurnDealer implements Queue {
  /** `onError` hears of turns that threw: such a job rests until it is woken again. */
  constructor(onError: (error: unknown, job: string) => void) {
    super({ onError })
  }

  /** Does nothing: no ledger of one process sends wake-ups by itself. */
  look(): void {}
}
