import { laterOf, prefixEnd } from '../../model/paths.ts'

/** The prefix that a path is rolled up into: up to the next "/" after the listing's own prefix; null without one. */
export function folderOf(path: string, prefix: string): string | null {
  const slash = path.indexOf('/', prefix.length)
  return slash === -1 ? null : path.slice(0, slash + 1)
}

/** A path never ends with "/": a cursor that does is a rolled-up prefix, behind all of which the listing goes on. */
export function startOf(prefix: string, after: string): { from: string; after: string } {
  const end = after.endsWith('/') ? prefixEnd(after) : null
  return end === null ? { from: laterOf(prefix, after), after } : { from: laterOf(prefix, end), after: '' }
}
