import { z } from 'zod'

/** What a kind of value is called in a sentence. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object with members',
  record: 'an object with a member for each name',
  null: 'null',
  undefined: 'nothing',
}

/**
 * What is wrong with a value, in words that need no knowledge of the library: what would be right, and what was there instead. Values themselves are not told: they may
 * be secrets. Where a setting says it in words of its own, these are taken.
 */
export function plainFault(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; it must be ${kindName(issue.expected)}`
        : `must be ${kindName(issue.expected)}, not ${kindOf(issue.input)}`
    case 'invalid_value':
      return `must be ${choice(issue.values.map(value => JSON.stringify(value)))}`
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : `must be ${String(issue.minimum)} or more`
    case 'too_big':
      return issue.origin === 'string' ? `may have ${String(issue.maximum)} characters at most` : `must be ${String(issue.maximum)} at most`
    case 'invalid_format':
      return issue.format === 'url' ? 'must be a URL, such as https://example.org/path' : undefined
    default:
      return undefined
  }
}

/** A sentence on members that are no settings, each with the nearest that there is. */
export function unknownMembers(schema: z.core.$ZodType, value: unknown, issue: z.core.$ZodIssueUnrecognizedKeys): string {
  const known = membersAt(schema, value, issue.path)
  return issue.keys
    .map(key => `there is no setting ${JSON.stringify(key)}${known.length === 0 ? '' : `; the nearest is ${JSON.stringify(nearest(key, known))}`}`)
    .join(', and ')
}

/** The one of `known` that takes the fewest changes of letters. */
export function nearest(name: string, known: readonly string[]): string {
  return known.reduce((best, one) => (distance(name, one) < distance(name, best) ? one : best))
}

/** How many letters must be added, removed or changed to make `a` into `b` (Levenshtein), a row of the usual table at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1]
    for (const [at, other] of [...b].entries()) {
      next.push(Math.min((row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1, (row[at] ?? 0) + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

/** The names of the settings of the object at `path`. */
function membersAt(schema: z.core.$ZodType, value: unknown, path: readonly PropertyKey[]): string[] {
  let [at, there] = [schema, value]
  for (const step of path) {
    const bare = optionFor(at, there)
    if (bare instanceof z.ZodObject) at = (bare.shape as Record<PropertyKey, z.core.$ZodType | undefined>)[step] ?? z.never()
    else if (bare instanceof z.ZodRecord) at = bare.valueType
    there = (there as Record<PropertyKey, unknown>)[step]
  }
  const bare = optionFor(at, there)
  return bare instanceof z.ZodObject ? Object.keys(bare.shape) : []
}

/** A schema without what is around it; of several kinds the one that the value says it is. */
function optionFor(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodNullable || schema instanceof z.ZodOptional) {
    return optionFor(schema.unwrap(), value)
  }
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema
  const { kind } = value as { readonly kind?: unknown }
  const option = schema.options.find(each => each instanceof z.ZodObject && each.shape['kind']?.safeParse(kind).success === true)
  return option ?? schema
}

function kindName(expected: string): string {
  return KINDS[expected] ?? expected
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : kindName(typeof value)
}

function choice(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
}
