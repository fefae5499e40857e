import { WaybillError } from '../../../model/errors.ts'

/** What `_in` reads, beside `jsonw`, the protocol's own JSON (contract, section 1.2). */
export const RDF_INPUTS = ['ntriples', 'nquads', 'turtle', 'n3', 'trig', 'rdfxml', 'jsonld'] as const
export type RdfInput = (typeof RDF_INPUTS)[number]
export type InputFormat = RdfInput | 'jsonw'

/** What is written as RDF, and what as the protocol's own forms (contract, section 2.3). */
export const RDF_OUTPUTS = ['ntriples', 'nquads', 'turtle', 'n3', 'trig', 'rdfxml', 'jsonld', 'jsonldq'] as const
export type RdfOutput = (typeof RDF_OUTPUTS)[number]
export const OWN_OUTPUTS = ['json', 'jsonl', 'yaml', 'csv', 'tsv', 'text'] as const
export type OwnOutput = (typeof OWN_OUTPUTS)[number]
export type OutputFormat = RdfOutput | OwnOutput

const INPUTS: Readonly<Record<string, InputFormat>> = { ...sameName(RDF_INPUTS), nq: 'nquads', ttl: 'turtle', jsonw: 'jsonw' }

const INPUT_TYPES: Readonly<Record<string, RdfInput>> = {
  'text/plain': 'ntriples',
  'application/n-triples': 'ntriples',
  'application/n-quads': 'nquads',
  'text/x-nquads': 'nquads',
  'text/turtle': 'turtle',
  'text/n3': 'n3',
  'application/trig': 'trig',
  'application/rdf+xml': 'rdfxml',
  'application/ld+json': 'jsonld',
  'application/json': 'jsonld',
}

const OUTPUTS: Readonly<Record<string, OutputFormat>> = {
  ...sameName(RDF_OUTPUTS),
  ...sameName(OWN_OUTPUTS),
  nt: 'ntriples',
  ttl: 'turtle',
  xmlrdf: 'rdfxml',
  'rdf-xml': 'rdfxml',
  'json-ld': 'jsonld',
  nq: 'nquads',
  yml: 'yaml',
  tab: 'tsv',
  path: 'text',
}

/** Formats of the protocol that are not written here. */
const LEFT_OUT = new Set(['trix', 'atom'])

const ACCEPTED: Readonly<Record<string, OutputFormat>> = {
  'text/plain': 'ntriples',
  'text/turtle': 'turtle',
  'application/json': 'jsonl',
  'application/ld+json': 'jsonld',
  'application/rdf+xml': 'rdfxml',
  'text/n3': 'n3',
  'text/yaml': 'yaml',
  'text/json': 'json',
}

/** The media type that each output is sent with. */
export const OUTPUT_TYPES: Readonly<Record<OutputFormat, string>> = {
  ntriples: 'text/plain;charset=UTF8',
  nquads: 'text/plain;charset=UTF8',
  turtle: 'text/turtle;charset=UTF8',
  n3: 'text/n3;charset=UTF8',
  trig: 'text/plain;charset=UTF8',
  rdfxml: 'application/rdf+xml;charset=UTF8',
  jsonld: 'application/ld+json;charset=UTF8',
  jsonldq: 'application/ld+json;charset=UTF8',
  json: 'application/json;charset=UTF8',
  jsonl: 'application/json;charset=UTF8',
  yaml: 'text/yaml;charset=UTF8',
  csv: 'text/csv;charset=UTF8',
  tsv: 'text/plain;charset=UTF8',
  text: 'text/plain;charset=UTF8',
}

/**
 * The format of a request's body: by `format`, whatever its case; else by Content-Type, and N-Triples without one (contract, 1.2 and decision 5).
 * Throws `invalid_request` when neither says.
 */
export function inputFormatOf(format: string | undefined, contentType: string | undefined): InputFormat {
  const named = own(INPUTS, format?.toLowerCase())
  if (named !== undefined) return named
  const typed = own(INPUT_TYPES, mediaType(contentType || 'text/plain'))
  if (typed !== undefined) return typed
  // begins with the protocol's words, contract section 1.4
  const start = `Your request should contains either format param (${[...RDF_INPUTS, 'jsonw'].join(', ')}) or a Content-Type of one of them`
  throw new WaybillError('invalid_request', `${start}; got format ${JSON.stringify(format ?? '')} and Content-Type ${JSON.stringify(contentType ?? '')}`)
}

/** The format of an answer: by `format`, else the first type of Accept that names one, else `byDefault`. Throws `invalid_request` for one that is not known. */
export function outputFormatOf(format: string | undefined, accept: string | undefined, byDefault: OutputFormat): OutputFormat {
  if (format === undefined) return acceptedFormat(accept) ?? byDefault
  const name = format.toLowerCase()
  const known = own(OUTPUTS, name)
  if (known !== undefined) return known
  const reason = LEFT_OUT.has(name) ? 'is not supported' : 'is not known'
  throw new WaybillError('invalid_request', `the format ${JSON.stringify(format)} ${reason}; there are ${Object.keys(OUTPUTS).join(', ')}`)
}

/** True for formats that are RDF, and no form of the protocol's own. */
export function isRdfOutput(format: OutputFormat): format is RdfOutput {
  return (RDF_OUTPUTS as readonly string[]).includes(format)
}

/** True for formats that have a graph beside each statement. */
export function hasGraphs(format: InputFormat | OutputFormat): boolean {
  return format === 'nquads' || format === 'trig' || format === 'jsonld' || format === 'jsonldq'
}

function acceptedFormat(accept: string | undefined): OutputFormat | undefined {
  const types = (accept ?? '').split(',').map(mediaType)
  return types.map(type => own(ACCEPTED, type)).find(format => format !== undefined)
}

function mediaType(header: string): string {
  return (header.split(';')[0] ?? '').trim().toLowerCase()
}

/** A member of its own: `constructor` and the like are no formats. */
function own<Value>(table: Readonly<Record<string, Value>>, name: string | undefined): Value | undefined {
  return name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined
}

function sameName<Name extends string>(names: readonly Name[]): Record<string, Name> {
  return Object.fromEntries(names.map(name => [name, name]))
}
