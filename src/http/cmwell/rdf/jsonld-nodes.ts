import type { Position } from './invalid.ts'
import { invalidRdf, quoted } from './invalid.ts'
import { jsonFault } from './json-fault.ts'
import type { JsonPiece } from './json-splitter.ts'

type Json = Record<string, unknown>

/** Parses a piece; throws `invalid_rdf` with the place of what is no JSON. */
export function parsePiece({ text, position }: JsonPiece): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const at = jsonFault(text)
    throw invalidRdf(moved(position, text.slice(0, at)), `not valid JSON at ${at < text.length ? quoted(text.slice(at, at + 20)) : 'its end'}`, error)
  }
}

/** Names by which contexts of the document call `@type`. */
export function typeNames(value: unknown, names: Set<string> = new Set(['@type'])): Set<string> {
  if (Array.isArray(value)) for (const member of value) typeNames(member, names)
  else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (member === '@type' || (isObject(member) && member['@id'] === '@type')) names.add(key)
      typeNames(member, names)
    }
  }
  return names
}

/**
 * The same with `@context` first in each object, then its types and `@id`: the order in which JSON-LD streams (Streaming JSON-LD, section 3). The parser,
 * not knowing it, would keep every value of a document and search all types for each.
 */
export function inStreamingOrder(value: unknown, types: ReadonlySet<string>, blankId: () => string): unknown {
  if (Array.isArray(value)) return value.map(member => inStreamingOrder(member, types, blankId))
  if (!isObject(value)) return value
  // the parser takes what follows a node without members for a part of it
  if (Object.keys(value).length === 0) return { '@id': blankId() }
  const rank = (key: string): number => (key === '@context' ? 0 : types.has(key) ? 1 : key === '@id' ? 2 : 3)
  // contexts and JSON literals stay as they are
  const members = Object.entries(value).map(
    ([key, member]) => [key, key === '@context' || key === '@value' ? member : inStreamingOrder(member, types, blankId)] as const,
  )
  return Object.fromEntries(members.toSorted(([one], [other]) => rank(one) - rank(other)))
}

/** How many members and elements are in a value, all levels together. */
export function sizeOf(value: unknown): number {
  if (!isObject(value) && !Array.isArray(value)) return 1
  return Object.values(value).reduce<number>((sum, member) => sum + sizeOf(member), 1)
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function moved({ line, column }: Position, text: string): Position {
  const breaks = text.split('\n')
  return { line: line + breaks.length - 1, column: breaks.length === 1 ? column + text.length : (breaks.at(-1)?.length ?? 0) + 1 }
}
