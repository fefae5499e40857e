import type { TokenInfo } from '../../../src/client/index.ts'

export type Scope = TokenInfo['scopes'][number]

/** What a token with each scope may do; grants say on which collections. */
export const SCOPE_MEANINGS: Readonly<Record<Scope, string>> = {
  read: 'read files, collections and jobs',
  write: 'change files and collections, start and steer jobs',
  admin: 'run the server: tokens of all, its state, the whole audit; includes read and write',
  apollo_read: 'read through the Apollo routes',
  apollo_write: 'write through the Apollo routes',
  metrics: 'read what the server counts, at /metrics',
}

/** What the holder of a token with some scopes may give to another: with `admin` all. */
export function givableScopes(own: readonly string[]): readonly Scope[] {
  const all = Object.keys(SCOPE_MEANINGS) as Scope[]
  return own.includes('admin') ? all : all.filter(scope => own.includes(scope))
}
