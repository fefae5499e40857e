import type { Clock } from '../../src/ports/clock.ts'
import { systemClock } from '../../src/system/clock.ts'

/** The system's time, which a test may set forward. */
export class ShiftableClock implements Clock {
  shift = 0

  now(): number {
    return systemClock.now() + this.shift
  }

  steady(): number {
    return systemClock.steady() + this.shift
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal)
  }
}
