import type { FastifyRequest } from 'fastify'
import type { Entry } from '../../model/entry.ts'
import { WaybillError } from '../../model/errors.ts'
import type { Item } from '../../model/item.ts'
import { PRIORITY } from '../../model/job.ts'
import type { Conflict, EntitySelection, JobKind, JobOptions } from '../../model/job.ts'
import { callerOf } from '../auth.ts'
import type { Context } from './context.ts'
import { Refusal } from './errors.ts'
import { resultEnd } from './job-results.ts'
import { resultError } from './result-error.ts'

/** How long a call holds its answer for its job, in milliseconds: a small job takes some; one behind many others may take longer. */
const MOST_WAIT_MS = 60_000

/** What jobs of this dialect have in common. A name that is taken at the destination gets a counter before it: `1_file.ext`. */
export function jobOptions(kind: JobKind, dialect: string, retentionMs: number, conflict: Conflict = 'rename'): JobOptions {
  return { kind, conflict, verify: 'none', dryRun: false, priority: PRIORITY.usual, label: null, dialect, retentionMs }
}

/**
 * Does a job within one call: submits it and waits for its end. Such jobs are not among the asynchronous ones that the caller has started, so they
 * carry a dialect's name of their own. Returns the first items, as many as there are entities, in their order. Throws what the first one failed for,
 * unless `failures` are for the caller to look at.
 */
export async function runJob(
  context: Context,
  request: FastifyRequest,
  kind: JobKind,
  entities: readonly EntitySelection[],
  conflict?: Conflict,
  failures: 'throw' | 'return' = 'throw',
): Promise<readonly Item[]> {
  const { jobs } = context.engine
  const caller = callerOf(request)
  const { job } = await jobs.submit(caller, { options: jobOptions(kind, 'sevenbridges-sync', context.retentionMs, conflict), items: [], select: [], entities })
  const ended = await jobs.wait(caller, job.id, MOST_WAIT_MS, request.server.closing)
  if (ended.state !== 'finished')
    throw new WaybillError('unavailable', `the server is busy; the ${kind} goes on as job ${job.number}, look for its result later`)
  if (failures === 'throw' && ended.outcome !== 'succeeded') {
    const failed = await jobs.items(caller, job.id, { states: ['failed', 'evicted', 'cancelled'] }, { limit: 1 })
    for (const item of failed.items) throw refusalOf(item, kind)
  }
  return (await jobs.items(caller, job.id, {}, { limit: entities.length })).items
}

/** Copies or moves one file, and returns the entry that it is at its destination. */
export async function transferOne(context: Context, request: FastifyRequest, kind: 'copy' | 'move', entity: EntitySelection): Promise<Entry> {
  const [item] = await runJob(context, request, kind, [entity])
  const made = item === undefined ? null : resultEnd(item).entityId
  if (made === null) throw new Error(`a ${kind} of one file succeeded without telling what it made`)
  return context.engine.tree.byId(callerOf(request), made)
}

function refusalOf(item: Item, kind: JobKind): Refusal {
  const { line, message } = resultError(item, kind)
  return new Refusal(item.reason?.code ?? 'job_not_finished', line, message)
}
