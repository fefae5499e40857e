import type { Fields } from './entry.ts'

/** A path into the fields, and the values of which what is there must be, or contain, one. */
interface FieldCondition {
  readonly field: readonly string[]
  readonly values: readonly string[]
}

/** True when every condition holds: a member, or an element of a member that is a list, is one of its values. Objects are no values. */
export function fieldsMatch(fields: Fields, conditions: readonly FieldCondition[]): boolean {
  return conditions.every(({ field, values }) => {
    const member = memberAt(fields, field)
    const candidates = Array.isArray(member) ? (member as unknown[]) : [member]
    return candidates.some(candidate => {
      const text = asText(candidate)
      return text !== null && values.includes(text)
    })
  })
}

function memberAt(fields: Fields, path: readonly string[]): unknown {
  let member: unknown = fields
  for (const name of path) {
    if (typeof member !== 'object' || member === null || Array.isArray(member) || !Object.hasOwn(member, name)) return undefined
    member = (member as Fields)[name]
  }
  return member
}

/** As filters name values: numbers as they are written, true and false by their names. */
function asText(value: unknown): string | null {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}
