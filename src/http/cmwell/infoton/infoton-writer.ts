import { WaybillError } from '../../../model/errors.ts'
import type { FieldValue } from '../../../model/field-values.ts'
import { graphOf } from '../../../model/field-values.ts'
import { valueTerm } from '../fields.ts'
import type { Infoton } from './infoton.ts'
import { jsonScalar, subjectOf, systemTerms } from './infoton.ts'
import type { OwnOutput } from '../rdf/formats.ts'
import type { Prefixes } from '../rdf/prefixes.ts'
import { splitIri } from '../rdf/prefixes.ts'
import { XSD_STRING } from '../rdf/terms.ts'
import type { Term } from '../rdf/terms.ts'
import { parentPath } from '../subjects.ts'
import { yaml } from './yaml.ts'

/** How infotons are printed. `bag`: many, as one BagOfInfotons where the format has that; else exactly one. */
export interface InfotonView {
  readonly host: string
  readonly prefixes: Prefixes
  readonly bag: boolean
  readonly pretty: boolean
}

type Json = Record<string, unknown>

/** Writes infotons in the protocol's own formats (contract, section 2.3), piece by piece. One that is asked for and absent is an error of the caller. */
export async function* writeInfotons(format: OwnOutput, infotons: AsyncIterable<Infoton> | Iterable<Infoton>, view: InfotonView): AsyncGenerator<string> {
  let count = 0
  yield opening(format, view)
  for await (const infoton of infotons) {
    count += 1
    yield (count > 1 ? between(format) : '') + record(format, infoton, view)
  }
  if (!view.bag && count !== 1) throw new WaybillError('internal', `one infoton was to be written and ${count} came`)
  yield closing(format, view)
}

function opening(format: OwnOutput, { bag }: InfotonView): string {
  if (format === 'json' && bag) return '{"type":"BagOfInfotons","infotons":['
  if (format === 'yaml' && bag) return 'type: BagOfInfotons\ninfotons:\n'
  return ''
}

function closing(format: OwnOutput, { bag }: InfotonView): string {
  return format === 'json' ? (bag ? ']}\n' : '\n') : ''
}

function between(format: OwnOutput): string {
  return format === 'json' ? ',' : ''
}

function record(format: OwnOutput, infoton: Infoton, view: InfotonView): string {
  switch (format) {
    case 'json':
      return JSON.stringify(infotonJson(infoton, view.prefixes), null, view.pretty ? 2 : 0)
    case 'jsonl':
      return `${JSON.stringify(lineJson(infoton, view))}\n`
    case 'yaml':
      return yaml(infotonJson(infoton, view.prefixes), view.bag)
    case 'csv':
      return `${rowOf(infoton).map(csvField).join(',')}\r\n`
    case 'tsv':
      return `${rowOf(infoton).map(tsvField).join('\t')}\n`
    case 'text':
      return `${infoton.path}\n`
  }
}

/** An infoton as `format=json` prints it: namespaced fields as `local.prefix`, values in arrays. */
export function infotonJson(infoton: Infoton, prefixes: Prefixes): Json {
  const { type, path, uuid, lastModified, lastModifiedBy, dataCenter, protocol, indexTime, file, link, children } = infoton
  const parent = parentPath(path)
  const times = { lastModified: new Date(lastModified).toISOString(), lastModifiedBy }
  const system = { uuid, ...times, path, dataCenter, ...(indexTime === null ? {} : { indexTime }), protocol, ...(parent === null ? {} : { parent }) }
  const fields = Object.entries(infoton.fields).map(([key, values]) => [fieldName(key, prefixes), values.map(value => jsonScalar(valueTerm(value).object))])
  return {
    type,
    system,
    // an infoton without any has no `fields` (contract, section 4)
    ...(fields.length === 0 ? {} : { fields: Object.fromEntries(fields) as Json }),
    ...(file === undefined ? {} : { content: contentJson(file) }),
    ...(link === undefined ? {} : { linkTo: link.to, linkType: link.type }),
    ...(children === undefined ? {} : { children: children.map(child => infotonJson(child, prefixes)) }),
  }
}

function contentJson({ mimeType, length, data }: NonNullable<Infoton['file']>): Json {
  const content = data === null ? {} : { [data.encoding === 'text' ? 'data' : 'base64-data']: data.content }
  return { mimeType, length, ...content }
}

/** One line of `format=jsonl`: every value an object with its type and graph, system fields beside the others. */
function lineJson(infoton: Infoton, { host, prefixes }: InfotonView): Json {
  const id = subjectOf(infoton, host)
  const system = systemTerms(infoton).map(([name, term]) => [`${name}.sys`, [lineValue(term, null)]])
  const fields = Object.entries(infoton.fields).map(([key, values]) => [fieldName(key, prefixes), values.map(lineStored)])
  return Object.fromEntries([['@id.sys', [lineValue(id, null)]], ...system, ...fields]) as Json
}

function lineStored(value: FieldValue): Json {
  return lineValue(valueTerm(value).object, graphOf(value))
}

function lineValue(term: Term, graph: string | null): Json {
  const place = graph === null ? {} : { quad: graph }
  if (term.kind !== 'literal') return { value: jsonScalar(term), type: 'anyURI', ...place }
  if (term.language !== '') return { value: term.value, lang: term.language, ...place }
  return { value: term.value, ...(term.datatype === XSD_STRING ? {} : { type: term.datatype }), ...place }
}

/** `FN.vcard` for `http://www.w3.org/2006/vcard/ns#FN`; plain names stay. */
function fieldName(key: string, prefixes: Prefixes): string {
  if (!key.includes(':')) return key
  const { namespace, local } = splitIri(key)
  return `${local}.${prefixes.prefixOf(namespace)}`
}

/** The uuid stands third (contract, section 3). */
function rowOf({ path, lastModified, uuid, indexTime }: Infoton): string[] {
  return [path, new Date(lastModified).toISOString(), uuid, indexTime === null ? '' : String(indexTime)]
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A path has neither tabs nor line breaks; should one have come in, it must not make a row of two. */
function tsvField(text: string): string {
  return text.replace(/[\t\r\n]/g, ' ')
}
