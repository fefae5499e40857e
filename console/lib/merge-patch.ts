export type Members = Readonly<Record<string, unknown>>

/** The merge patch (RFC 7396) that makes `after` of `before`: what is gone becomes null, objects are compared member by member. */
export function mergePatch(before: Members, after: Members): Members {
  const patch: Record<string, unknown> = {}
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) patch[name] = null
  for (const [name, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, name) ? before[name] : undefined
    if (JSON.stringify(old) === JSON.stringify(value)) continue
    patch[name] = isMembers(old) && isMembers(value) ? mergePatch(old, value) : value
  }
  return patch
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The members of a JSON object as it is typed; null while the text is none. */
export function membersOf(text: string): Members | null {
  try {
    const value: unknown = JSON.parse(text)
    return isMembers(value) ? value : null
  } catch (error) {
    if (error instanceof SyntaxError) return null // half typed
    throw error
  }
}
