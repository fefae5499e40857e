/** What a place in a bucket keeps of its own, beneath its prefix. */
export const OWN_PREFIX = '.waybill/'

/** True for the place's own keys. */
export function isOwn(path: string): boolean {
  return path.startsWith(OWN_PREFIX)
}
