type Members = Readonly<Record<string, unknown>>

/** RFC 7396 section 2: `patch` applied to `target`. Both are JSON; null removes a member. Returns a new object. */
export function mergePatch(target: Members, patch: Members): Record<string, unknown> {
  const result = new Map(Object.entries(target))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name)
    else result.set(name, isMembers(value) ? mergePatch(asMembers(result.get(name)), value) : value)
  }
  return Object.fromEntries(result)
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asMembers(value: unknown): Members {
  return isMembers(value) ? value : {}
}
