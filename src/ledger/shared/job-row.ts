import { CONFLICTS, JOB_KINDS, VERIFY, type JobKind } from '../../model/job.ts'
import type { Lease } from '../../ports/ledger.ts'
import type { Row } from './row.ts'

const RENAME = CONFLICTS.indexOf('rename')

/** The kind of a job's row. */
export function kindOf(job: Row): JobKind {
  return JOB_KINDS[job['kind'] as number] as JobKind
}

/** True under the policy that gives an item another name when its own is taken. */
export function renames(job: Row): boolean {
  return job['conflict'] === RENAME
}

/** True for jobs of the kinds whose items go from one place to another. */
export function handsOn(job: Row): boolean {
  const kind = kindOf(job)
  return kind === 'copy' || kind === 'move'
}

/** True when the job's items hand bytes on: only some kinds have any to read, and only when something is done. */
export function handsOnBytes(job: Row): boolean {
  return handsOn(job) && job['dry_run'] === 0 && job['cancelling'] === 0
}

/** What a job that names attached collections, or does not, needs of places before its chunks are applied. One that is cancelled may have published files. */
export function placeWork(job: Row, namesPlaces: boolean): Lease['places'] {
  if (!namesPlaces) return 'none'
  return (handsOn(job) || kindOf(job) === 'delete') && job['dry_run'] === 0 ? 'move' : 'look'
}

/** True when the job changes what lies in places, as things are now. */
export function changesPlaces(job: Row): boolean {
  return handsOnBytes(job) || (kindOf(job) === 'delete' && job['dry_run'] === 0 && job['cancelling'] === 0)
}

/** True when the bytes of a job's items are to be read before they are handed on. */
export function mustVerify(job: Row): boolean {
  return job['verify'] === VERIFY.indexOf('digest') && handsOnBytes(job)
}
