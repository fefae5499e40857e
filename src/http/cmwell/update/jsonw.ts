import { Buffer, isUtf8 } from 'node:buffer'
import { WaybillError } from '../../../model/errors.ts'
import { jsonDepthFault } from '../../../model/json-depth.ts'
import type { FieldValue, FieldValues } from '../../../model/field-values.ts'
import { base64, kindOf, linkTarget, mimeTypeOf } from './draft.ts'
import { RDF_LIMITS, iriFault } from '../rdf/limits.ts'
import type { RdfLimits } from '../rdf/limits.ts'
import type { Prefixes } from '../rdf/prefixes.ts'
import { isName } from '../rdf/prefixes.ts'
import { XSD, isLanguage } from '../rdf/terms.ts'
import { checkedPath } from '../subjects.ts'
import type { FileContent, InfotonKind, LinkContent, SubjectUpdate } from './update.ts'
import { MOST_SUBJECTS, refuseMany } from './update.ts'

type Json = Readonly<Record<string, unknown>>

/** JSON is read as a whole, so less of it than of a document that streams. */
export const JSONW_BYTES = 16 * 1024 * 1024
const LAST_INT = 2 ** 31

/**
 * Reads the protocol's own JSON: an infoton, or a BagOfInfotons, as `format=json` and `format=jsonl` print values. Each infoton replaces what its path has;
 * there are no conditions in this form (contract, section 3). Fields are `name` or `local.prefix`, of a prefix that `prefixes` knows.
 * Throws `invalid_json`, `invalid_request` for what is no infoton, `body_too_large`, `too_many_items`.
 */
export async function readJsonw(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  prefixes: Prefixes,
  limits: Partial<RdfLimits> = {},
): Promise<SubjectUpdate[]> {
  const all = { ...RDF_LIMITS, documentBytes: JSONW_BYTES, ...limits }
  const document = parsed(await gathered(source, all.documentBytes))
  const infotons = document['type'] === 'BagOfInfotons' ? arrayOf(document['infotons'], 'infotons') : [document]
  refuseMany(infotons.length, MOST_SUBJECTS)
  return infotons.map((infoton, index) => updateOf(objectOf(infoton, `infoton ${index + 1}`), prefixes, all))
}

/** Reads fields from a flat JSON object, as `X-CM-WELL-TYPE: OBJ` and `FILE_MD` send them: values alone or in arrays. Throws as `readJsonw` does. */
export async function readFlatFields(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, prefixes: Prefixes): Promise<FieldValues> {
  const limits = { ...RDF_LIMITS, documentBytes: JSONW_BYTES }
  const flat = parsed(await gathered(source, limits.documentBytes))
  return fieldsOf(Object.fromEntries(Object.entries(flat).map(([name, value]) => [name, Array.isArray(value) ? value : [value]])), prefixes, limits)
}

async function gathered(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, most: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of source) {
    bytes += part.length
    if (bytes > most) throw new WaybillError('body_too_large', `the document has more than ${most} bytes; send it in parts`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function parsed(bytes: Buffer): Json {
  if (!isUtf8(bytes)) throw new WaybillError('invalid_json', 'the bytes are not valid UTF-8; send the document in UTF-8')
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    const fault = jsonDepthFault(value)
    if (fault !== null) throw new WaybillError('invalid_json', `the document ${fault}`)
    return objectOf(value, 'the document')
  } catch (error) {
    if (error instanceof SyntaxError) throw new WaybillError('invalid_json', `the document is not valid JSON: ${error.message}`, {}, { cause: error })
    throw error
  }
}

function updateOf(infoton: Json, prefixes: Prefixes, limits: RdfLimits): SubjectUpdate {
  const system = objectOf(infoton['system'] ?? {}, 'system')
  const path = checkedPath(textOf(system['path'], 'system.path'))
  const kind = kindOf(textOf(infoton['type'], 'type'))
  return {
    path,
    protocol: system['protocol'] === 'https' || system['protocol'] === 'http' ? system['protocol'] : null,
    add: fieldsOf(objectOf(infoton['fields'] ?? {}, 'fields'), prefixes, limits),
    remove: [{ what: 'field', field: '*', graph: '*' }],
    fullDelete: kind === 'deleted' ? { recursive: false } : null,
    prevUuid: null,
    kind,
    file: fileOf(kind, infoton, path),
    link: linkOf(kind, infoton),
    system: {},
    continues: false,
  }
}

function fieldsOf(fields: Json, prefixes: Prefixes, limits: RdfLimits): FieldValues {
  return Object.fromEntries(
    Object.entries(fields).map(([name, values]) => [
      fieldKeyOf(name, prefixes),
      arrayOf(values, `fields.${name}`).map(value => checked(valueOf(value, name), limits)),
    ]),
  )
}

/** The key of a field that is told as `name` or `local.prefix`. Throws `invalid_request` for a prefix that is not known. */
export function fieldKeyOf(name: string, prefixes: Prefixes): string {
  const [local = '', prefix, more] = name.split('.')
  if (!isName(local)) throw refusal(`requirement failed: illegal predicate localName: ${local}, in the field ${JSON.stringify(name)}`)
  if (prefix === undefined) return local
  const namespace = more === undefined ? prefixes.namespaceOf(prefix) : undefined
  if (namespace === undefined) throw refusal(`the field ${JSON.stringify(name)} has no known prefix; fields are "name" or "local.prefix"`)
  return namespace + local
}

function valueOf(value: unknown, name: string): FieldValue {
  switch (typeof value) {
    case 'string':
      return value
    case 'boolean':
      return { '@value': String(value), '@type': `${XSD}boolean` }
    case 'number':
      return { '@value': String(value), '@type': XSD + numberType(value) }
    default:
      return wideValue(objectOf(value, `a value of ${name}`), name)
  }
}

function numberType(value: number): string {
  if (!Number.isInteger(value)) return 'double'
  return Math.abs(value) < LAST_INT ? 'int' : 'long'
}

/** A value with its type, language or graph, as `format=jsonl` prints it. */
function wideValue(value: Json, name: string): FieldValue {
  const text = textOf(value['value'], `the value of ${name}`)
  const [type, language, quad] = ['type', 'lang', 'quad'].map(member =>
    value[member] === undefined ? undefined : textOf(value[member], `${member} of ${name}`),
  )
  const place = quad === undefined ? {} : { '@graph': quad }
  if (type === 'anyURI') return { '@id': text, ...place }
  const kind = language === undefined ? (type === undefined || type === `${XSD}string` ? {} : { '@type': type }) : { '@language': language }
  return Object.keys({ ...kind, ...place }).length === 0 ? text : { '@value': text, ...kind, ...place }
}

/** Checks what a parser of RDF checks. */
function checked(value: FieldValue, limits: RdfLimits): FieldValue {
  const text = typeof value === 'string' ? value : '@id' in value ? value['@id'] : value['@value']
  if (Buffer.byteLength(text) > limits.literalBytes) throw refusal('uploaded infoton, contains a value heavier than 16K.')
  if (!text.isWellFormed()) throw refusal('a value is not well-formed Unicode')
  if (typeof value === 'string') return value
  const { '@id': id, '@type': type, '@language': language, '@graph': graph } = value as Readonly<Record<string, string | undefined>>
  for (const iri of [id, type, graph]) {
    const fault = iri === undefined ? null : iriFault(iri, limits)
    if (fault !== null) throw refusal(fault)
  }
  if (language !== undefined && !isLanguage(language)) throw refusal(`${JSON.stringify(language.slice(0, 100))} is no language tag`)
  return value
}

function fileOf(kind: InfotonKind, infoton: Json, path: string): FileContent | null {
  if (kind !== 'file') return null
  const content = objectOf(infoton['content'] ?? {}, 'content')
  const mimeType = content['mimeType'] === undefined ? null : mimeTypeOf(textOf(content['mimeType'], 'content.mimeType'))
  if (content['data'] !== undefined) return { mimeType, data: { encoding: 'text', content: textOf(content['data'], 'content.data') } }
  const packed = content['base64-data']
  return { mimeType, data: packed === undefined ? null : { encoding: 'base64', content: base64(textOf(packed, 'content.base64-data'), path) } }
}

function linkOf(kind: InfotonKind, infoton: Json): LinkContent | null {
  if (kind !== 'link') return null
  const type = infoton['linkType'] ?? 1
  if (type !== 0 && type !== 1 && type !== 2) throw refusal('linkType is 0 (permanent), 1 (temporary) or 2 (forward)')
  return { to: linkTarget(textOf(infoton['linkTo'], 'linkTo')), type }
}

function objectOf(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal(`${what} is not an object`)
  return value as Json
}

function arrayOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refusal(`${what} is not an array`)
  return value as readonly unknown[]
}

function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw refusal(`${what} is not a string`)
  return value
}

function refusal(message: string): WaybillError {
  return new WaybillError('invalid_request', message)
}
