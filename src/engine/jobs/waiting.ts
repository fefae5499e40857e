import type { Job } from '../../model/job.ts'
import type { WaitingLedger } from '../../ports/waiting-ledger.ts'
import type { TurnLog } from '../turn-log.ts'

/** What tells why a job does not move. */
export interface WaitingParts {
  readonly ledger: WaitingLedger
  readonly turns: Pick<TurnLog, 'isMoving' | 'failureOf'>
  /** Jobs that this process has in hand. */
  readonly inHand: () => number
  /** A job whose turn failed has another one within so many milliseconds. */
  readonly againMs: number
}

/** Why nothing of a job moves, in one sentence; null while something does, and when it is finished. */
export async function waitingFor({ ledger, turns, inHand, againMs }: WaitingParts, job: Job): Promise<string | null> {
  if (job.state === 'finished') return null
  if (job.paused && !job.cancelling) return 'The job is paused; resume it to go on.'
  const failure = turns.failureOf(job.id)
  if (failure !== null) return `The last turn of the job failed: ${failure.reason}. It is tried again by ${new Date(failure.at + againMs).toISOString()}.`
  if (job.counts.running > 0 || turns.isMoving(job.id)) return null
  const before = job.ordered ? await ledger.heldUpBy(job.id) : null
  if (before !== null) {
    // another's job is not to be named to who may not see it (I9)
    const which = before.submittedBy === job.submittedBy ? `job ${before.number}` : 'a job of somebody else'
    return `The job waits for ${which}, which was acknowledged before it and changes the same collection.`
  }
  const others = Math.max(0, inHand() - 1)
  const beside = others === 0 ? '' : ` beside ${others === 1 ? 'one other job' : `${others} other jobs`} that this server has in hand`
  return `The job waits for its ${job.startedAt === null ? 'first' : 'next'} turn${beside}.`
}
