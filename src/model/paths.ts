import { WaybillError } from './errors.ts'

/** Longest entry path, in characters (Unicode code units). No setting: every ledger and every client may rely on it. */
export const MAX_PATH_LENGTH = 1024

/** A control character of ASCII or Latin-1: never part of a path or a glob. */
// eslint-disable-next-line no-control-regex -- finding control characters is the point
export const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/

/** Says in one sentence what is wrong with an entry path, or null when it is good. */
export function pathFault(path: string): string | null {
  if (path === '') return 'the path is empty; give at least one character'
  if (path.length > MAX_PATH_LENGTH) return `the path has ${path.length} characters; at most ${MAX_PATH_LENGTH} are allowed`
  if (CONTROL_CHARACTER.test(path)) return 'the path holds a control character; remove it'
  if (!path.isWellFormed()) return 'the path is not valid Unicode; send well-formed UTF-8'
  for (const segment of path.split('/')) {
    if (segment === '') return 'the path has an empty segment; it must not begin or end with "/" nor hold "//"'
    if (segment === '.' || segment === '..') return `the path has the segment "${segment}"; relative segments are not allowed`
  }
  return null
}

/** Returns the path when it is good; throws `invalid_path` otherwise. */
export function checkPath(path: string): string {
  const fault = pathFault(path)
  if (fault !== null) throw new WaybillError('invalid_path', fault)
  return path
}

/** Says what is wrong with a prefix of paths (it may be empty and may end with "/"), or null when it is good. */
export function prefixFault(prefix: string): string | null {
  if (prefix === '') return null
  return pathFault(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)
}

/**
 * The smallest string above every string that begins with `prefix`, in UTF-8 byte order (SQLite's BINARY collation), for half-open
 * key ranges; null when there is none (the empty prefix).
 */
export function prefixEnd(prefix: string): string | null {
  if (prefix === '') return null
  const points = Array.from(prefix)
  while (points.length > 0) {
    const last = points.pop() as string
    const next = nextCodePoint(last.codePointAt(0) as number)
    if (next !== null) return points.join('') + String.fromCodePoint(next)
  }
  return null
}

/** The later of two strings in UTF-8 byte order: where a listing of a prefix goes on after a cursor. JavaScript's own order is UTF-16's. */
export function laterOf(a: string, b: string): string {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) >= 0 ? a : b
}

function nextCodePoint(point: number): number | null {
  if (point === 0x10ffff) return null
  return point + 1 === 0xd800 ? 0xe000 : point + 1
}

/**
 * The n-th name to try when a destination is taken and the conflict policy is `rename`: a counter before the file's own name,
 * `a/file.ext` becomes `a/1_file.ext`, which is the form used.
 */
export function renamed(path: string, n: number): string {
  const slash = path.lastIndexOf('/') + 1
  return `${path.slice(0, slash)}${n}_${path.slice(slash)}`
}
