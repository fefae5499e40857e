/** Deepest nesting of JSON that is taken: far above any metadata, and far below where recursive readers (SQLite's is 1,000 levels) give up. */
const MOST_LEVELS = 64

/**
 * Says when a JSON value has objects or arrays within each other more than 64 levels deep, or null. Goes level by level and not by recursion,
 * so that no depth can exhaust the stack; call it before anything that recurses.
 */
export function jsonDepthFault(value: unknown): string | null {
  let level = [value].filter(isContainer)
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === MOST_LEVELS) return `is nested more than ${MOST_LEVELS} levels deep`
    const next: object[] = []
    for (const container of level) {
      for (const member of Object.values(container) as unknown[]) if (isContainer(member)) next.push(member)
    }
    level = next
  }
  return null
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
