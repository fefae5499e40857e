/** The base of this dialect's absolute links: clients fetch `href` as it is given. */
export const PREFIX = '/v2'

/** A time as the documents write it: ISO 8601 in UTC, whole seconds. Older clients take no fraction. */
export function timeWords(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** The last segment of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The path of the folder that a path lies in; '' is the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** A sentence of the engine with its nouns as this dialect has them: a collection is a project, an entry a file or folder. Names in quotes stay. */
export function inTheirNouns(sentence: string): string {
  return sentence.replace(/^(there is no|the) collection\b/i, '$1 project').replace(/^(there is no) entry\b/i, '$1 file or folder')
}
