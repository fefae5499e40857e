/** Above every path that begins with a folder, whatever follows: where a listing goes on after a rolled-up prefix. */
export const LAST_CHARACTER = '\u{10FFFF}'

/** The prefix that a path is rolled up into: up to the next "/" after the listing's own prefix; null without one. */
export function folderOf(path: string, prefix: string): string | null {
  const slash = path.indexOf('/', prefix.length)
  return slash === -1 ? null : path.slice(0, slash + 1)
}
