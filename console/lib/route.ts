// The console's addresses live in the fragment, `#/jobs?state=running`: the server has one page, and no path of it is in the way of a collection's.

/** Where the console is: the decoded segments of the path, and the parameters. */
export interface Route {
  readonly path: readonly string[]
  readonly query: Readonly<Record<string, string>>
}

/** Parameters to set; undefined and empty ones are left out of an address. */
export type Query = Readonly<Record<string, string | number | undefined>>

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s)
  return { path: path.split('/').filter(Boolean).map(decode), query: Object.fromEntries(new URLSearchParams(query)) }
}

/** The address of a place, for `href`. */
export function link(path: readonly string[], query: Query = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') parameters.set(name, String(value))
  const words = parameters.toString()
  return `#/${path.map(encodeURIComponent).join('/')}${words === '' ? '' : `?${words}`}`
}

/** A segment that somebody typed may be no good escape: then it is taken as it stands. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    if (error instanceof URIError) return segment
    throw error
  }
}
