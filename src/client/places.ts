/** The part of a URL that names a collection: one segment, a slash percent-encoded. */
export function collectionPath(collection: string): string {
  return `/v1/collections/${segment(collection)}`
}

/**
 * An entry's path as the rest of a URL, each segment percent-encoded. Empty segments, `.` and `..` are refused here already: a URL
 * resolves them away, also percent-encoded, and the call would reach another resource.
 */
export function entryPath(path: string): string {
  return path.split('/').map(segment).join('/')
}

/** The part of a URL that names a job, by id or number. */
export function jobPath(id: string): string {
  return `/v1/jobs/${segment(id)}`
}

/** One percent-encoded segment of a URL. */
export function segment(name: string): string {
  if (name === '' || name === '.' || name === '..') throw new TypeError(`${JSON.stringify(name)} cannot be part of a path`)
  if (!name.isWellFormed()) throw new TypeError(`${JSON.stringify(name)} is not valid Unicode`)
  return encodeURIComponent(name)
}
