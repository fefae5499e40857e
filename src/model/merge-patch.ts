/** Deeper values than this are not merged: no protocol sends them, and the embedded ledger's JSON knows no deeper ones. */
const MOST_DEPTH = 1_000

/** Applies a merge patch (RFC 7396) to a JSON object: members that are null go, objects are merged, all else takes the place of what was there. */
export function mergePatch(target: Readonly<Record<string, unknown>>, patch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return merged(target, patch, 1) as Record<string, unknown>
}

function merged(target: unknown, patch: unknown, depth: number): unknown {
  if (depth > MOST_DEPTH) throw new Error(`the value is nested more than ${MOST_DEPTH} levels deep`)
  if (!isObject(patch)) return patch
  // a map, and from entries: "__proto__" is a name like any other
  const members = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name)
    else members.set(name, merged(members.get(name), value, depth + 1))
  }
  return Object.fromEntries(members)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
