import type { EntryChange } from '../../../model/entry-change.ts'
import { WaybillError } from '../../../model/errors.ts'
import type { FieldRemoval, FieldValues } from '../../../model/field-values.ts'
import { changedFields } from '../../../model/field-values.ts'
import type { Protocol } from '../subjects.ts'

export type InfotonKind = 'object' | 'file' | 'link' | 'deleted'

/** Bytes that lie in the store already. */
export type StoredBytes = NonNullable<EntryChange['content']>

/** A file's bytes within an update. `mimeType` null: as it is, or the default. */
export interface FileContent {
  readonly mimeType: string | null
  readonly data: { readonly encoding: 'text' | 'base64'; readonly content: string } | { readonly encoding: 'stored'; readonly content: StoredBytes } | null
}

/** `type`: 0 permanent, 1 temporary, 2 forward; null, as it is, or temporary. `to` a path or an address, null: as it is. */
export interface LinkContent {
  readonly to: string | null
  readonly type: number | null
}

/** Fields of the system that only a caller with the right to overwrite may set; times in epoch milliseconds. */
export interface SystemFields {
  readonly lastModified?: number
  readonly lastModifiedBy?: string
  readonly indexTime?: number
  readonly dataCenter?: string
  readonly protocol?: string
}

/** All that one document wants of one infoton. Values are removed first and added then; both are sets. */
export interface SubjectUpdate {
  readonly path: string
  /** The subject's scheme, null: unchanged, or `http` for a new infoton. */
  readonly protocol: Protocol | null
  readonly add: FieldValues
  readonly remove: readonly FieldRemoval[]
  readonly fullDelete: { readonly recursive: boolean } | null
  /** The revision that must be the present one; '' that there is none; null: any. */
  readonly prevUuid: string | null
  readonly kind: InfotonKind | null
  readonly file: FileContent | null
  readonly link: LinkContent | null
  readonly system: SystemFields
  /** An earlier part of this document's update of the path was handed out already: `mergeUpdates` makes one of them. */
  readonly continues: boolean
}

/** Infotons of one document, so that one request does not take the server's memory: of each its path is kept to the end. */
export const MOST_SUBJECTS = 500_000

/** Throws `too_many_items` when a document has more infotons than are taken at once. */
export function refuseMany(subjects: number, most: number): void {
  if (subjects > most) throw new WaybillError('too_many_items', `the document has more than ${most} subjects; send it in parts`)
}

/** True when anything would be done but checking prevUUID. */
export function hasEffect({ add, remove, fullDelete, kind, file, link, system }: SubjectUpdate): boolean {
  const fields = Object.keys(add).length > 0 || remove.length > 0
  return fields || fullDelete !== null || kind !== null || file !== null || link !== null || Object.keys(system).length > 0
}

/** Throws `invalid_request` when a conditional update both deletes the infoton and writes it (contract, section 1.4). */
export function refuseManyActions(update: SubjectUpdate): void {
  if (update.prevUuid === null || update.fullDelete === null || !hasEffect({ ...update, fullDelete: null })) return
  throw new WaybillError('invalid_request', 'requirement failed: atomic updates cannot operate on multiple actions in a single ingest.')
}

/** The refusal of a document that asks for nothing, in the protocol's words (contract, section 1.4). */
export function meaningless(logId = ''): WaybillError {
  return new WaybillError('meaningless_update', `ingested data was well formed, but is meaningless and has no affect. error logged with id [${logId}].`)
}

/** An update that asks for nothing. */
export function noUpdate(path: string): SubjectUpdate {
  return {
    path,
    protocol: null,
    add: {},
    remove: [],
    fullDelete: null,
    prevUuid: null,
    kind: null,
    file: null,
    link: null,
    system: {},
    continues: false,
  }
}

/** The deletion of one infoton, without what is beneath it. */
export function deletion(path: string): SubjectUpdate {
  return { ...noUpdate(path), fullDelete: { recursive: false } }
}

/** Two parts of one document's update of a path as one. Throws as a document does in which both stand together. */
export function mergeUpdates(first: SubjectUpdate, second: SubjectUpdate): SubjectUpdate {
  const { path } = first
  const merged = {
    path,
    protocol: second.protocol ?? first.protocol,
    add: union(first.add, second.add),
    remove: [...first.remove, ...second.remove],
    fullDelete: eitherDelete(first.fullDelete, second.fullDelete),
    prevUuid: onePrevUuid(path, first.prevUuid, second.prevUuid),
    kind: second.kind ?? first.kind,
    file:
      second.file === null
        ? first.file
        : { mimeType: second.file.mimeType ?? first.file?.mimeType ?? null, data: second.file.data ?? first.file?.data ?? null },
    link: second.link === null ? first.link : { to: second.link.to ?? first.link?.to ?? null, type: second.link.type ?? first.link?.type ?? null },
    system: { ...first.system, ...second.system },
    continues: first.continues,
  }
  refuseManyActions(merged)
  return merged
}

/** Throws `invalid_request` when a document has two different prevUUIDs for a path (contract, section 1.4). */
export function onePrevUuid(path: string, first: string | null, second: string | null): string | null {
  if (first === null || second === null || first === second) return second ?? first
  const detail = `Atomic versioning must be unique per path. Document contained multiple base uuids: [${second},${first}] for path [${path}]`
  throw new WaybillError('invalid_request', detail)
}

/** Both sets of values, equal ones once. */
function union(first: FieldValues, second: FieldValues): FieldValues {
  return (changedFields(first, [], second) ?? first) as FieldValues
}

function eitherDelete(first: SubjectUpdate['fullDelete'], second: SubjectUpdate['fullDelete']): SubjectUpdate['fullDelete'] {
  return first === null || second === null ? (second ?? first) : { recursive: first.recursive || second.recursive }
}
