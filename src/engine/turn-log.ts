import { isWaybillError } from '../model/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { TurnResult } from '../ports/queue.ts'

/** Between two turns of a job that gets on lie milliseconds; a pause of so long is worth a sentence. */
const STILL_MS = 2_000
/** Jobs that went on in another node are never heard of again: of so many the oldest is forgotten. */
const MOST_JOBS = 10_000

/** The turns of a job that is not at rest here: how many run, when the last one ended (by either clock), and why it failed, if it did. */
interface Turns {
  running: number
  endedAt: number | null
  steadyEnd: number
  failure: string | null
}

/** What this process knows of the turns of jobs. It is for people only: nothing is decided by it. */
export class TurnLog {
  readonly #clock: Clock
  readonly #jobs = new Map<string, Turns>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Does a turn of a job and remembers how it ended. */
  async watch(job: string, turn: () => Promise<TurnResult>): Promise<TurnResult> {
    const turns = this.#begin(job)
    try {
      const result = await turn()
      turns.failure = null
      // with nothing to do it is at rest, unless another turn of it is under way
      if (result === 'idle' && turns.running === 1) this.#jobs.delete(job)
      return result
    } catch (error) {
      turns.failure = isWaybillError(error) ? error.message : 'something unexpected, which the log of the server tells of'
      throw error
    } finally {
      turns.running -= 1
      turns.endedAt = this.#clock.now()
      turns.steadyEnd = this.#clock.steady()
    }
  }

  /** True while a turn of the job runs here, and when one has ended well just now: then it is between two turns and not waiting. */
  isMoving(job: string): boolean {
    const turns = this.#jobs.get(job)
    if (turns === undefined || turns.failure !== null) return false
    return turns.running > 0 || (turns.endedAt !== null && this.#clock.steady() - turns.steadyEnd < STILL_MS)
  }

  /** When (epoch milliseconds) and why the last turn of the job failed; null when it did not. */
  failureOf(job: string): { readonly at: number; readonly reason: string } | null {
    const turns = this.#jobs.get(job)
    if (turns === undefined || turns.failure === null || turns.endedAt === null) return null
    return { at: turns.endedAt, reason: turns.failure }
  }

  #begin(job: string): Turns {
    const turns = this.#jobs.get(job) ?? { running: 0, endedAt: null, steadyEnd: 0, failure: null }
    turns.running += 1
    this.#jobs.delete(job) // so that the map is in the order of the last beginnings
    this.#jobs.set(job, turns)
    const oldest = this.#jobs.keys().next()
    if (this.#jobs.size > MOST_JOBS && oldest.done !== true) this.#jobs.delete(oldest.value)
    return turns
  }
}
