import { CONFLICTS, JOB_KINDS, VERIFY, type JobKind } from '../../model/job.ts'
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

/** True when the job's items hand bytes on: only some kinds have any to read, and only when something is done. */
export function handsOnBytes(job: Row): boolean {
  const kind = kindOf(job)
  return (kind === 'copy' || kind === 'move') && job['dry_run'] === 0 && job['cancelling'] === 0
}

/** True when the bytes of a job's items are to be read before they are handed on. */
export function mustVerify(job: Row): boolean {
  return job['verify'] === VERIFY.indexOf('digest') && handsOnBytes(job)
}
