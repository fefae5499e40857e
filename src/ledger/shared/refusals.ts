import { WaybillError } from '../../model/errors.ts'
import { MOST_NAMES, type NameKind } from '../../model/names.ts'
import type { Lease } from '../../ports/ledger.ts'
import type { Row } from './row.ts'

/*
 * What ledgers refuse, in one set of sentences.
 */

export function noCollection(id: string): WaybillError {
  return new WaybillError('collection_not_found', `there is no collection ${JSON.stringify(id)}`)
}

export function collectionsGone(): WaybillError {
  return new WaybillError('collection_not_found', 'a collection that the job names has just been deleted')
}

export function collectionTaken(id: string): WaybillError {
  return new WaybillError('collection_exists', `the collection id ${JSON.stringify(id)} is taken; choose another`)
}

/** The refusal of a second mirror of a place: each of two would take what the other did for changes from outside. */
export function placeTaken(store: string): WaybillError {
  return new WaybillError('collection_exists', `there is a collection at the store ${JSON.stringify(store)} already; a place has one at most`)
}

export function attachedAddressable(id: string): WaybillError {
  const detail = `${JSON.stringify(id)} would be addressable, and an attached collection cannot be; take an id without "/" and "."`
  return new WaybillError('unsupported', detail)
}

export function collectionNotEmpty(path: unknown): WaybillError {
  return new WaybillError('collection_not_empty', `the collection still holds ${JSON.stringify(path)}; delete its entries first, or use force=true`)
}

export function notAttached(id: string): WaybillError {
  return new WaybillError('collection_not_found', `there is no attached collection ${JSON.stringify(id)}`)
}

export function noGrant(subject: string): WaybillError {
  return new WaybillError('grant_not_found', `${JSON.stringify(subject)} has no grant on this collection`)
}

export function lastOwner(subject: string): WaybillError {
  return new WaybillError('last_owner', `${JSON.stringify(subject)} is the last owner; make somebody else owner first`)
}

export function noLock(path: string | null): WaybillError {
  return new WaybillError('lock_not_found', `there is no lock on ${path === null ? 'the collection' : JSON.stringify(path)}`)
}

export function noEntry(path: string): WaybillError {
  return new WaybillError('entry_not_found', `there is no entry ${JSON.stringify(path)}`)
}

/** The refusal of a write where something is that it cannot replace. */
export function pathTaken(path: string, why: string): WaybillError {
  return new WaybillError('entry_exists', `${JSON.stringify(path)} ${why}; choose another path`)
}

export function folderHolds(path: string, child: string): WaybillError {
  return new WaybillError('folder_not_empty', `the folder ${JSON.stringify(path)} holds ${JSON.stringify(child)}; delete what lies in it first`)
}

export function noJob(id: string): WaybillError {
  return new WaybillError('job_not_found', `there is no job ${id}`)
}

/** The refusal of a job whose time is over, from its row; null while it is kept. From that moment on its rows may be purged bit by bit: nothing may wake it again. */
export function jobExpired(row: Row, id: string, now: number): WaybillError | null {
  const expires = row['expires_at'] as number | null
  if (row['purged'] !== 1 && (expires === null || expires > now)) return null
  return new WaybillError('job_expired', `job ${id} was finished long ago and its record has expired`, { holder: row['submitted_by'] as string })
}

export function jobFinished(id: string): WaybillError {
  return new WaybillError('job_finished', `job ${id} is finished; retry its items, or submit a new job`)
}

export function jobCancelling(id: string): WaybillError {
  return new WaybillError('job_not_finished', `job ${id} is being cancelled; retry when it is finished`, { retryAfterSeconds: 1 })
}

export function staleLease(lease: Lease): WaybillError {
  return new WaybillError('stale_lease', `the lease of chunk ${lease.chunk} (token ${lease.token}) is over; its result was thrown away`)
}

export function noUpload(id: string): WaybillError {
  return new WaybillError('upload_not_found', `there is no upload ${id}; it may have ended`)
}

export function uploadCompleted(id: string): WaybillError {
  return new WaybillError('upload_not_found', `the upload ${id} is completed; start a new one`)
}

export function noToken(id: string): WaybillError {
  return new WaybillError('token_not_found', `there is no token with the id ${JSON.stringify(id)}`)
}

export function tokenRevoked(): WaybillError {
  return new WaybillError('unauthenticated', 'the token of this call was revoked while the call was under way; use another one')
}

export function tooManyNames(n: number, kind: NameKind): WaybillError {
  return new WaybillError('too_many_items', `you would have ${n} names of the kind ${kind}; at most ${MOST_NAMES} are kept`)
}
