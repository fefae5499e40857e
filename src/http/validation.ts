import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { WaybillError } from '../model/errors.ts'
import type { ErrorPlace } from '../model/errors.ts'

interface Fault {
  readonly keyword: string
  readonly schemaPath: string
  readonly instancePath: string
  readonly params: object
  readonly message: string
}

/** The part of JSON Schema that is read here. */
interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
}

/** What the places of a request's parts are called. */
const PART_NAMES: Readonly<Record<string, string>> = { body: 'the body', querystring: 'the query', params: 'the path', headers: 'the header' }

/**
 * Compiles the routes' schemas. Unknown query parameters and body members, and wrong types, throw `invalid_request` with every place (a bounded
 * number of them): JSON pointers in bodies, names in queries. Only queries and paths are converted from text; JSON has types of its own.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart, ...route }) => {
  const part = httpPart ?? 'body'
  // streams pass unread; their schemas are for the documentation
  if ('contentType' in route && !/[/+]json$/.test(String(route.contentType))) return value => ({ value: value as unknown })
  const node = schema as SchemaNode
  const fromText = converter(node)
  const check = Compile(schema)
  return value => {
    const candidate: unknown = part === 'body' ? value : fromText(value as Record<string, unknown> | null)
    if (check.Check(candidate)) return { value: candidate }
    const beginning = beginningOf(candidate)
    if (check.Check(beginning)) return { error: faultError([BEHIND], node, part) }
    return { error: faultError(check.Errors(beginning), node, part) }
  }
}

/** To say what is wrong costs a thousand times what it costs to see that something is: so much of a list, and of an object, is looked at for it. */
const MOST_ELEMENTS = 10_000
const MOST_MEMBERS = 200
/** How deep our schemas go into a value: body, list, item, end, member. */
const LEVELS = 5

/** What is wrong with a value whose beginning is good. */
const BEHIND: Fault = {
  keyword: 'size',
  schemaPath: '',
  instancePath: '',
  params: {},
  message: `is wrong behind the first ${MOST_ELEMENTS} of a list; send less at once`,
}

/** A value with the beginnings of its lists and objects: a body of some megabytes can hold ten million elements, each wrong in its own way. */
function beginningOf(value: unknown, levels = LEVELS): unknown {
  if (levels === 0 || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.slice(0, MOST_ELEMENTS).map(element => beginningOf(element, levels - 1))
  const members: [string, unknown][] = []
  for (const name in value) {
    if (members.length === MOST_MEMBERS) break
    if (Object.hasOwn(value, name)) members.push([name, beginningOf((value as Record<string, unknown>)[name], levels - 1)])
  }
  return Object.fromEntries(members)
}

/** Makes integers and booleans out of the text of a query; what does not look like one is left for the check to refuse. */
function converter(schema: SchemaNode): (value: Record<string, unknown> | null) => Record<string, unknown> {
  const typed = Object.entries(schema.properties ?? {}).filter(([, { type }]) => type === 'integer' || type === 'boolean')
  if (typed.length === 0) return value => value ?? {}
  return value => {
    const converted = { ...value }
    for (const [name, { type }] of typed) {
      const text = converted[name]
      if (type === 'integer' && typeof text === 'string' && /^-?\d{1,15}$/.test(text)) converted[name] = Number(text)
      else if (type === 'boolean' && (text === 'true' || text === 'false')) converted[name] = text === 'true'
    }
    return converted
  }
}

/** The faults of a value as one `invalid_request`; `part` is `body`, `querystring`, `params` or `headers`. */
export function faultError(faults: readonly Fault[], schema: object, part: string): WaybillError {
  const places = placesOf(faults, schema, part)
  const first = places[0]
  const more = places.length > 1 ? ` (and ${places.length - 1} more)` : ''
  const where = first === undefined || first.pointer === '' ? (PART_NAMES[part] ?? part) : first.pointer
  return new WaybillError('invalid_request', `${where}: ${first?.detail ?? 'is invalid'}${more}`, { errors: places })
}

/** Each fault with its place and what would be right. */
export function placesOf(faults: readonly Fault[], schema: object, part = 'body'): ErrorPlace[] {
  // `additionalProperties: false` is told twice, by the member (keyword "boolean") and by its object: the object knows which names are right
  const told = faults.filter(fault => fault.keyword !== 'boolean')
  // of so many unknown members that the object itself is not told any more, the members are
  return (told.length === 0 ? faults : told).flatMap(fault => placeOf(fault, schema as SchemaNode, part))
}

function placeOf(fault: Fault, schema: SchemaNode, part: string): ErrorPlace[] {
  const params = fault.params as { additionalProperties?: string[]; requiredProperties?: string[]; allowedValues?: unknown[] }
  const at = (name?: string): string => placeName(name === undefined ? fault.instancePath : `${fault.instancePath}/${escapePointer(name)}`, part)
  if (fault.keyword === 'additionalProperties') {
    const known = Object.keys(nodeAt(schema, fault.schemaPath)?.properties ?? {}).join(', ')
    return (params.additionalProperties ?? []).map(name => ({
      pointer: at(name),
      detail: known === '' ? 'is unknown; none is known here' : `is unknown; known are ${known}`,
    }))
  }
  if (fault.keyword === 'required') return (params.requiredProperties ?? []).map(name => ({ pointer: at(name), detail: 'is missing' }))
  if (fault.keyword === 'enum') return [{ pointer: at(), detail: `must be one of ${(params.allowedValues ?? []).map(String).join(', ')}` }]
  return [{ pointer: at(), detail: fault.keyword === 'boolean' ? 'is unknown' : fault.message }]
}

/** Bodies have JSON pointers; a query parameter or header is told by its name (docs/reference/v1.md, Errors). */
function placeName(pointer: string, part: string): string {
  return part === 'body' ? pointer : pointer.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
}

function nodeAt(schema: SchemaNode, path: string): SchemaNode | undefined {
  let node: unknown = schema
  for (const segment of path.split('/').slice(1)) {
    node = (node as Record<string, unknown> | undefined)?.[segment.replaceAll('~1', '/').replaceAll('~0', '~')]
  }
  return node as SchemaNode | undefined
}

/** A member's name as a segment of a JSON pointer (RFC 6901 section 3). */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
