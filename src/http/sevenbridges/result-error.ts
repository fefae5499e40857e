import { CATALOGUE } from '../../model/errors.ts'
import type { ErrorCode } from '../../model/errors.ts'
import type { Item, ItemState } from '../../model/item.ts'
import type { JobKind } from '../../model/job.ts'
import { CODES, codeOf } from './codes.ts'
import type { Code } from './codes.ts'
import { givenIdOf } from './ids.ts'
import { inTheirNouns } from './words.ts'

/** The states that count as completed. A skipped item does, as in the job's own outcome: its file is there. */
const WELL: ReadonlySet<ItemState> = new Set<ItemState>(['done', 'skipped'])

/** What a reason is that speaks of the destination, and what it is otherwise. */
const OF_DESTINATION: Partial<Record<ErrorCode, Code>> = {
  entry_not_found: CODES.noSuchDestinationFolder,
  collection_not_found: CODES.noSuchDestination,
  insufficient_role: CODES.destinationForbidden,
}
const OF_FILE: Partial<Record<ErrorCode, Code>> = {
  collection_not_found: CODES.noSuchFile,
  invalid_path: CODES.badFileName,
  destination_exists: CODES.fileExists,
  entry_exists: CODES.fileExists,
  same_path: CODES.fileExists,
  folder_into_itself: CODES.intoItself,
  destination_not_found: CODES.noSuchDestinationFolder,
  destination_not_folder: CODES.destinationIsNoFolder,
  digest_mismatch: CODES.unexpected,
}

/** True for an item that is done. */
export function isSettledWell(item: Item): boolean {
  return WELL.has(item.state)
}

/** Why an item of a job of this kind is not done: the line of the table, and a sentence. */
export function resultError(item: Item, kind: JobKind): { readonly line: Code; readonly message: string } {
  const { reason } = item
  if (reason === null) return { line: CODES.conflict, message: 'The job was cancelled before this file was reached.' }
  const ofDestination = reason.end === 'destination' ? OF_DESTINATION[reason.code] : undefined
  return { line: ofDestination ?? lineOf(reason.code, kind), message: inTheirNouns(withFileIds(reason.message)) }
}

/** The line for a reason that speaks of the file. Copying has one of its own for a source that may not be copied. */
export function lineOf(code: ErrorCode, kind: JobKind): Code {
  if (code === 'insufficient_role') return kind === 'copy' ? CODES.copyForbidden : CODES.fileForbidden
  return OF_FILE[code] ?? codeOf(code, CATALOGUE[code].status)
}

/** The engine's sentences name an entity by its UUID; clients know it by its file id. */
function withFileIds(message: string): string {
  return message.replaceAll(/\bthe id ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/g, (_, uuid: string) => `the id ${givenIdOf(uuid) ?? 'that was given'}`)
}
