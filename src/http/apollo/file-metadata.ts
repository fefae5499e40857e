import { DEFAULT_MEDIA_TYPE } from '../../model/entry.ts'
import type { Entry, Fields } from '../../model/entry.ts'
import { WaybillError } from '../../model/errors.ts'
import { jsonDepthFault } from '../../model/json-depth.ts'
import { isMediaType } from '../../model/media-type.ts'
import { badRequest } from './errors.ts'
import { WORDS } from './words.ts'

/** What the first part of an upload says of the file. Null: not said. `maxAge` in seconds. */
export interface FileMetadata {
  readonly name: string
  readonly description: string | null
  readonly size: number | null
  readonly type: string | null
  readonly rating: string | null
  readonly maxAge: number | null
}

/** A metadata answer, and the system data of an entity, in the documents' words. */
export interface MetadataWords {
  readonly file_name: string
  readonly file_description: string
  readonly file_size: number
  readonly file_type: string
  readonly file_rating: string
  readonly file_version: string
}

/**
 * Reads the metadata part. Only `file_name` must be there (the documents call all but max-age required, but nothing hangs on the others);
 * what is there must have its documented type. Faults are the documented 400 and what is wrong.
 */
export function decodeMetadata(value: unknown): FileMetadata {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw faulty('send a JSON object with file_name')
  const fields = value as Readonly<Record<string, unknown>>
  const name = text(fields, 'file_name')
  if (name === null || name === '') throw faulty('file_name is missing; give the name that the path has')
  return {
    name,
    description: text(fields, 'file_description'),
    size: wholeNumber(fields, 'file_size'),
    type: text(fields, 'file_type'),
    rating: text(fields, 'file_rating'),
    maxAge: wholeNumber(fields, 'max-age'),
  }
}

/** The metadata part's bytes: JSON in UTF-8. */
export function parseMetadata(bytes: Buffer): FileMetadata {
  if (bytes.length === 0) throw faulty('it is empty; send a JSON object')
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    const fault = jsonDepthFault(value)
    if (fault !== null) throw faulty(`It ${fault}`)
    return decodeMetadata(value)
  } catch (error) {
    if (error instanceof WaybillError) throw error
    throw new WaybillError('invalid_request', `${WORDS.badMetadata} It is not JSON in UTF-8`, {}, { cause: error })
  }
}

/**
 * The entry's fields for uploaded metadata, under plain keys: `file_description`, `file_rating`, `max_age`, and `file_type` where it is not a
 * media type that could stand in a Content-Type (else it is the entry's own media type).
 */
export function fieldsOf(metadata: FileMetadata): Fields {
  return {
    ...(metadata.description === null ? {} : { file_description: metadata.description }),
    ...(metadata.rating === null ? {} : { file_rating: metadata.rating }),
    ...(metadata.maxAge === null ? {} : { max_age: metadata.maxAge }),
    ...(metadata.type === null || isMediaType(metadata.type) ? {} : { file_type: metadata.type }),
  }
}

/** The entry's media type: `file_type`, else the Content-Type of the media part, else that of bytes nobody described. */
export function mediaTypeOf(metadata: FileMetadata, partType: string | null): string {
  const named = [metadata.type, partType].find(type => type !== null && isMediaType(type))
  return named ?? DEFAULT_MEDIA_TYPE
}

/** How the dialect describes an entry. What other dialects stored without words for it is an empty string. */
export function metadataOf(entry: Entry): MetadataWords {
  return {
    file_name: entry.path,
    file_description: stringField(entry, 'file_description') ?? '',
    file_size: entry.size,
    file_type: fileTypeOf(entry),
    file_rating: stringField(entry, 'file_rating') ?? '',
    file_version: String(entry.version),
  }
}

/** The `file_type` of an entry. */
export function fileTypeOf(entry: Entry): string {
  return stringField(entry, 'file_type') ?? entry.mediaType
}

/** The seconds that the metadata's max-age allows a cache, or null. */
export function maxAgeOf(entry: Entry): number | null {
  const seconds = entry.fields.max_age
  return typeof seconds === 'number' && Number.isSafeInteger(seconds) && seconds >= 0 ? seconds : null
}

function stringField(entry: Entry, key: string): string | null {
  const value = entry.fields[key]
  return typeof value === 'string' ? value : null
}

function text(fields: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = fields[name] ?? null
  if (value !== null && typeof value !== 'string') throw faulty(`${name} is not a string`)
  return value
}

function wholeNumber(fields: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = fields[name] ?? null
  if (value === null) return null
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw faulty(`${name} is not a whole number of 0 or more`)
  return value
}

function faulty(fault: string): WaybillError {
  return badRequest(`${WORDS.badMetadata} ${fault}`)
}
