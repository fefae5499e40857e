import { WaybillError } from './errors.ts'

/** What an entry is. A `file` has bytes; a `folder`, an `object` (metadata only) and a `link` have none. */
export const ENTRY_KINDS = ['file', 'folder', 'object', 'link'] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

/** RDF-shaped metadata of an entry: any JSON object; changed by merge patches (RFC 7396). */
export type Fields = Readonly<Record<string, unknown>>

/**
 * The fields of one entry, or the attributes of one collection, have at most this many bytes as JSON: each version keeps all of them, and a page of a list or
 * a chunk of a job has those of a thousand or two at once in memory. No setting, like the length of a path.
 */
export const MAX_FIELDS_BYTES = 64 * 1024

/** Fields that are sets of values, which changes add to, may grow further: metadata is all that such an entry is. */
export const MAX_VALUES_BYTES = 256 * 1024

/** Throws `fields_too_large` for fields as JSON that have grown too large; what was so before may stay so, and shrink. */
export function refuseLargeFields(json: string, before: string | null = null): void {
  const bytes = Buffer.byteLength(json)
  if (bytes <= MAX_FIELDS_BYTES || (before !== null && bytes <= Buffer.byteLength(before))) return
  throw new WaybillError('fields_too_large', `the fields would have ${bytes} bytes as JSON; at most ${MAX_FIELDS_BYTES} are kept: store more as a file`)
}

/**
 * One version of what has a path in a collection. `entityId` is a UUID and stays through versions and moves; `revision` is 32 hex digits,
 * new for every version; `digest` is the SHA-256 in hex, null without bytes; `deleted` marks a tombstone. Times are epoch milliseconds.
 * Of a file in a place `stamp` tells these bytes from others (ports/place.ts), and the digest is null until somebody has read them; of all else it is null.
 */
export interface Entry {
  readonly entityId: string
  readonly collection: string
  readonly path: string
  readonly kind: EntryKind
  readonly version: number
  readonly revision: string
  readonly size: number
  readonly mediaType: string
  readonly digest: string | null
  readonly stamp: string | null
  readonly fields: Fields
  readonly deleted: boolean
  readonly createdAt: number
  readonly modifiedAt: number
  readonly modifiedBy: string
}

/**
 * Conditions on the present version of an entry, for one write. `ifMatch` a revision, `ifVersion` a version number, `ifNoneMatch` "*":
 * only when nothing (or a tombstone) is there. Several given: all must hold. A failed one throws `precondition_failed` with expected and actual.
 */
export interface Conditions {
  readonly ifMatch?: string
  readonly ifVersion?: number
  readonly ifNoneMatch?: '*'
}

const REVISION = /^[0-9a-f]{32}$/

/** True of what may be a revision. */
export function isRevision(text: string): boolean {
  return REVISION.test(text)
}

/** The media type of bytes nobody described. */
export const DEFAULT_MEDIA_TYPE = 'application/octet-stream'

/** Throws `precondition_failed`, with expected and actual, unless the conditions hold for the live version of the path (null: there is none). */
export function refuseUnmet(conditions: Conditions | undefined, path: string, live: { readonly revision: string; readonly version: number } | null): void {
  if (conditions === undefined) return
  const { ifMatch, ifVersion, ifNoneMatch } = conditions
  const revision = live?.revision ?? null
  if (ifNoneMatch === '*' && live !== null) throw unmet(path, null, revision)
  if (ifMatch !== undefined && ifMatch !== revision) throw unmet(path, ifMatch, revision)
  if (ifVersion !== undefined && ifVersion !== live?.version) throw unmet(path, `version ${ifVersion}`, live === null ? null : `version ${live.version}`)
}

function unmet(path: string, expected: string | null, actual: string | null): WaybillError {
  const detail = `${JSON.stringify(path)}: expected ${expected ?? 'nothing there'}, found ${actual ?? 'nothing'}; nothing was changed`
  return new WaybillError('precondition_failed', detail, { expected, actual })
}
