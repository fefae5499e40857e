import { SCOPES, SCOPES_OF_ADMIN, type Scope } from '../model/access.ts'
import { WaybillError } from '../model/errors.ts'

/** Whose scopes mean which of ours: `{ "files.readwrite": ["read", "write"] }`. Our own names mean themselves unless they are given here. */
export type ScopeMapping = Readonly<Record<string, readonly string[]>>

/** Turns the scope names of a JWT into ours; names that mean nothing here are left out. */
export type MapScopes = (names: readonly string[]) => Set<Scope>

/** True for a name of one of our scopes. */
export function isScope(name: string): name is Scope {
  return (SCOPES as readonly string[]).includes(name)
}

/** A mapping ready for use. Throws `invalid_request` when it maps onto scopes that do not exist. */
export function scopeMapper(mapping: ScopeMapping): MapScopes {
  const ours = new Map<string, readonly Scope[]>(SCOPES.map(scope => [scope, [scope]]))
  for (const [theirs, scopes] of Object.entries(mapping)) ours.set(theirs, scopes.map(checkScope))
  return names => new Set(names.flatMap(name => ours.get(name) ?? []))
}

/** The scopes that hold when these were given: `admin` includes `read`, `write` and `metrics`. */
export function impliedScopes(scopes: Iterable<Scope>): Set<Scope> {
  const implied = new Set(scopes)
  if (implied.has('admin')) for (const scope of SCOPES_OF_ADMIN) implied.add(scope)
  return implied
}

function checkScope(name: string): Scope {
  if (isScope(name)) return name
  throw new WaybillError('invalid_request', `${JSON.stringify(name)} is no scope; the scopes are ${SCOPES.join(', ')}`)
}
