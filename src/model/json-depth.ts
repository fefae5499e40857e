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

/** Most values in one JSON body: ten thousand items of a hundred values each. To make objects of more takes seconds, in which nobody else is answered. */
const MOST_VALUES = 1_000_000

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const LIST = 0x5b
const OBJECT = 0x7b

/** Says when JSON text (UTF-8) holds too many values to be parsed, or null. Looks at its bytes alone, and only when there can be so many. */
export function jsonValuesFault(bytes: Uint8Array): string | null {
  if (bytes.length <= MOST_VALUES) return null
  let values = 0
  let quoted = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    if (byte === QUOTE) quoted = !quoted
    else if (quoted) at += byte === BACKSLASH ? 1 : 0
    // before each value but the first stands one of these
    else if (byte === COMMA || byte === LIST || byte === OBJECT) values += 1
  }
  return values > MOST_VALUES ? `holds more than ${MOST_VALUES} values; send less at once` : null
}
