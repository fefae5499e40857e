import type { Caller } from '../../../model/access.ts'
import { WaybillError } from '../../../model/errors.ts'
import type { FieldRemoval } from '../../../model/field-values.ts'
import type { JobOptions } from '../../../model/job.ts'
import type { Context } from '../context.ts'
import type { Place } from '../place.ts'

/** Below the time that a request may be held (contract, section 1.4), in milliseconds. */
const LONGEST_WAIT_MS = 30_000
/** Nothing is in it: a namespace ends with "#" or "/". */
const NOTHING: FieldRemoval = { what: 'namespace', namespace: '@', graph: '*' }

/**
 * Waits until all updates of a collection that were answered before are done, by an update of nothing that stands in line behind them: what is looked up
 * for an update has to be what it will find. Throws `unavailable` when that takes too long.
 */
export async function settled({ engine }: Context, caller: Caller, place: Place, options: JobOptions): Promise<void> {
  const { job } = await engine.jobs.submit(caller, { options, items: [{ source: { ...place }, change: { remove: [NOTHING] } }], select: [] })
  const { state } = await engine.jobs.wait(caller, job.id, LONGEST_WAIT_MS)
  if (state === 'finished') return
  throw new WaybillError('unavailable', `earlier updates of ${place.collection} are still under way; nothing of this one was done, send it again later`)
}
