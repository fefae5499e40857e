import { useEffect, useState } from 'preact/hooks'
import type { Query, Route } from '../lib/route.ts'
import { link, parseRoute } from '../lib/route.ts'

/** Where the console is; follows the address. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash))
  useEffect(() => {
    const follow = (): void => setRoute(parseRoute(location.hash))
    addEventListener('hashchange', follow)
    addEventListener('popstate', follow)
    return () => {
      removeEventListener('hashchange', follow)
      removeEventListener('popstate', follow)
    }
  }, [])
  return route
}

/** Goes to a place. `replace`: without a step of its own for the back button, as while a filter is typed. */
export function go(path: readonly string[], query: Query = {}, replace = false): void {
  const address = link(path, query)
  if (address === location.hash) return
  if (replace) {
    history.replaceState(null, '', address)
    dispatchEvent(new PopStateEvent('popstate'))
  } else location.hash = address
}

/** Changes some parameters of where the console is and keeps the others. */
export function goWith(change: Query, replace = false): void {
  const { path, query } = parseRoute(location.hash)
  go(path, { ...query, ...change }, replace)
}
