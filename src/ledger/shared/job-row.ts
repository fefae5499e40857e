import { CONFLICTS, JOB_KINDS, type JobKind } from '../../model/job.ts'
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

/** Kinds whose items hand bytes on: only of those is there anything to verify. */
export function handsOn(kind: JobKind): boolean {
  return kind === 'copy' || kind === 'move'
}
