import type { JobInsert, PgBoss } from 'pg-boss'
import type { Wake } from '../../ports/queue.ts'

/** The line of wake-ups: one of a job waits at a time, and one is worked on. Its group is the tenant. */
export const TURNS = 'turns'
/** The line of invitations to work on a big job that another node has in hand. Their group is the job: no node takes two of one job. */
export const SHARES = 'shares'
export type LineName = typeof TURNS | typeof SHARES

/** What a wake-up says. `share`: 0 for the job's own; an invitation counts from 1. */
export interface WakeData extends Wake {
  readonly share: number
}

/** Nodes that work on one job at most. */
const MOST_SHARES = 64
/** A node that says nothing for so long has lost what it has in hand: pg-boss gives it to another. At least 10. */
const HEARTBEAT_SECONDS = 10
/** What is taken from a dead node is given out again without an end: the ledger says when a job is over. */
const RETRIES_WITHOUT_END = 2_000_000_000
const DAY_SECONDS = 24 * 3600
/** Rows of wake-ups that are done say nothing to anybody. */
const KEPT_SECONDS = 30

/** Makes both lines where they are missing; any number of nodes may at once. `stately`: one row of a key waits and one is active. */
export async function makeLines(boss: PgBoss): Promise<void> {
  for (const name of [TURNS, SHARES]) {
    await boss.createQueue(name, {
      policy: 'stately',
      heartbeatSeconds: HEARTBEAT_SECONDS,
      expireInSeconds: DAY_SECONDS - 1,
      retryLimit: RETRIES_WITHOUT_END,
      retryDelay: 0,
      deleteAfterSeconds: KEPT_SECONDS,
      retentionSeconds: 30 * DAY_SECONDS,
    })
  }
}

/** The row of a job's wake-up; `delaySeconds`: not before. */
export function turnRow({ job, tenant, priority }: Wake, delaySeconds = 0): JobInsert<WakeData> {
  const data = { job, tenant, priority, share: 0 }
  return { data, singletonKey: job, group: { id: tenant }, ...(delaySeconds > 0 ? { startAfter: delaySeconds } : {}) }
}

/**
 * The row of the invitation that follows `after`; null when so many nodes were invited that there is none. Who is invited takes one turn at a time: the others'
 * turns fill the gaps between its own.
 */
export function nextShareRow(after: WakeData): JobInsert<WakeData> | null {
  const share = after.share + 1
  return share >= MOST_SHARES ? null : { data: { ...after, share, width: 1 }, singletonKey: `${after.job}#${share}`, group: { id: after.job } }
}

/** Rows as they are to be written together: whoever waits for the rows of others waits in the order of the keys, so that nobody waits in a circle. */
export function inOrder(rows: readonly JobInsert<WakeData>[]): JobInsert<WakeData>[] {
  return rows.toSorted(({ singletonKey: a = '' }, { singletonKey: b = '' }) => (a < b ? -1 : Number(a > b)))
}
