import { checkCollectionId } from '../model/collection.ts'
import { WaybillError } from '../model/errors.ts'
import { globFault } from '../model/glob.ts'
import { checkPath, prefixFault } from '../model/paths.ts'

/** Files named on the command line: one, all beneath a prefix (perhaps those that match a glob), or a list of items in a file. */
export type Source =
  | { readonly kind: 'file'; readonly collection: string; readonly path: string }
  | { readonly kind: 'selection'; readonly collection: string; readonly prefix: string; readonly glob: string | null }
  | { readonly kind: 'manifest'; readonly file: string; readonly format: 'ndjson' | 'csv' }

/** Files in a collection. */
export type StoredSource = Exclude<Source, { readonly kind: 'manifest' }>

/**
 * Where files go. `path` null (`archive`, no colon): under the paths they have. A directory (`archive:` or `archive:2026/`): beneath it.
 * Otherwise the exact path of one file.
 */
export interface Destination {
  readonly collection: string
  readonly path: string | null
}

/** The name that stands for standard input or output. */
export const STANDARD_STREAM = '-'

const MANIFEST_ENDINGS: Readonly<Record<string, 'ndjson' | 'csv'>> = { '.csv': 'csv', '.ndjson': 'ndjson', '.jsonl': 'ndjson' }
const GLOB_SIGN = /[*?[{]/
/** How names of files begin, and no collection's id does. */
const LOCAL_SIGN = /^[./~]/
const FORMS = 'write collection:path for one file, collection:prefix/ or collection: for all beneath, collection:2026/**/*.png for a pattern'

/** What `cp`, `mv` and `rm` work on. `format` says what a manifest is when its name does not; `literal` takes `*`, `?`, `[` and `{` as they are. */
export function parseSource(text: string, options: { readonly literal?: boolean; readonly format?: 'ndjson' | 'csv' } = {}): Source {
  const stored = splitPlace(text)
  if (stored !== null) return storedSource(stored, options.literal ?? false)
  const format = options.format ?? MANIFEST_ENDINGS[/\.[a-z]+$/.exec(text.toLowerCase())?.[0] ?? ''] ?? (text === STANDARD_STREAM ? 'ndjson' : null)
  if (format !== null) return { kind: 'manifest', file: text, format }
  throw new WaybillError(
    'invalid_request',
    `${JSON.stringify(text)} is neither a place nor a manifest (.csv, .ndjson, .jsonl or -): ${FORMS}; files of this machine go in with put`,
  )
}

/** Files in a collection, as `get` and `ls` take them; a collection alone means all of it. */
export function parseStored(text: string, options: { readonly literal?: boolean } = {}): StoredSource {
  return storedSource(splitPlace(text) ?? { collection: checkCollectionId(text), path: '' }, options.literal ?? false)
}

/** Where `cp`, `mv` and `put` bring files. */
export function parseDestination(text: string): Destination {
  if (LOCAL_SIGN.test(text)) {
    throw new WaybillError(
      'invalid_request',
      `${JSON.stringify(text)} is a name on this machine where a place such as archive:2026/ is needed; get downloads files`,
    )
  }
  const place = splitPlace(text)
  if (place === null) return { collection: checkCollectionId(text), path: null }
  checkPrefix(place.path)
  return place
}

/** True for a destination that many files can go beneath. */
export function isDirectory(destination: Destination): boolean {
  return destination.path === null || destination.path === '' || destination.path.endsWith('/')
}

/** The path of one file at a destination: its own, its name beneath a directory, or the exact one that was given. */
export function pathAt(destination: Destination, source: string): string {
  if (destination.path === null) return source
  return isDirectory(destination) ? destination.path + source.slice(source.lastIndexOf('/') + 1) : destination.path
}

/** The collection and the rest after the first colon; null when what is before it cannot be a collection (a file's name). */
function splitPlace(text: string): { readonly collection: string; readonly path: string } | null {
  const colon = text.indexOf(':')
  if (colon <= 0) return null
  const collection = text.slice(0, colon)
  if (LOCAL_SIGN.test(collection)) return null
  return { collection: checkCollectionId(collection), path: text.slice(colon + 1) }
}

function storedSource({ collection, path }: { readonly collection: string; readonly path: string }, literal: boolean): StoredSource {
  const sign = literal ? -1 : path.search(GLOB_SIGN)
  const slash = sign < 0 ? path.length : path.lastIndexOf('/', sign) + 1
  const [prefix, glob] = [path.slice(0, slash), path.slice(slash)]
  checkPrefix(prefix)
  const fault = glob === '' ? null : globFault(glob)
  if (fault !== null) throw new WaybillError('invalid_request', fault)
  if (glob !== '') return { kind: 'selection', collection, prefix, glob }
  if (prefix === '' || prefix.endsWith('/')) return { kind: 'selection', collection, prefix, glob: null }
  return { kind: 'file', collection, path: checkPath(prefix) }
}

function checkPrefix(prefix: string): void {
  const fault = prefixFault(prefix)
  if (fault !== null) throw new WaybillError('invalid_path', `${JSON.stringify(prefix)}: ${fault}`)
}
