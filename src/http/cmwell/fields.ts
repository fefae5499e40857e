import type { Literal, Quad, Resource, Term } from './rdf/terms.ts'
import { XSD_STRING, blank, inLanguage, iri, literal } from './rdf/terms.ts'
import { plainLabel } from './rdf/blank-labels.ts'
import { BLANK_IRI } from './subjects.ts'
import { metaIri, metaName } from './vocabulary.ts'

/**
 * A value of a field as it is stored in an entry's fields: a plain xsd:string in no graph is a JSON string, everything else an object
 * in the manner of JSON-LD's values.
 */
export type StoredValue =
  | string
  | { readonly '@value': string; readonly '@type'?: string; readonly '@language'?: string; readonly '@graph'?: string }
  | { readonly '@id': string; readonly '@graph'?: string }

/** Fields as stored: by the predicate's IRI, those of `/meta/nn#` by their plain name. */
export type StoredFields = Readonly<Record<string, readonly StoredValue[]>>

/** Names blank nodes across documents. */
export type BlankName = (label: string) => string

/** The name that blank nodes of a document get: `document` is a word that no other document has. */
export function blankNames(document: string): BlankName {
  return label => `A${document}${plainLabel(label)}`
}

/** The key under which a predicate's values are stored. */
export function fieldKey(predicate: string): string {
  const meta = metaName(predicate)
  return meta?.space === 'nn' ? meta.name : predicate
}

/** The predicate of a key; `base` is `cmwell://` or `http://{Host}/`. */
export function fieldPredicate(key: string, base: string): string {
  return key.includes(':') ? key : metaIri(base, 'nn', key)
}

/** A statement's object as a stored value, in the statement's graph. */
export function storedValue(object: Term, graph: Resource | null, names: BlankName): StoredValue {
  const place = graph === null ? {} : { '@graph': storedIri(graph, names) }
  if (object.kind !== 'literal') return { '@id': storedIri(object, names), ...place }
  return graph === null && object.datatype === XSD_STRING ? object.value : { '@value': object.value, ...literalKind(object), ...place }
}

function literalKind({ datatype, language }: Literal): { '@type'?: string; '@language'?: string } {
  if (language !== '') return { '@language': language }
  return datatype === XSD_STRING ? {} : { '@type': datatype }
}

/** The IRI under which a resource is stored. */
export function storedIri({ kind, value }: Resource, names: BlankName): string {
  return kind === 'blank' ? BLANK_IRI + names(value) : value
}

/** A stored value as a term and its graph. */
export function valueTerm(value: StoredValue): { readonly object: Term; readonly graph: Resource | null } {
  if (typeof value === 'string') return { object: literal(value), graph: null }
  const graph = value['@graph'] === undefined ? null : termOfIri(value['@graph'])
  if ('@id' in value) return { object: termOfIri(value['@id']), graph }
  const { '@value': text, '@type': datatype, '@language': language } = value
  return { object: language === undefined ? literal(text, datatype) : inLanguage(text, language), graph }
}

/** An IRI as a term: what was a blank node is one again. */
export function termOfIri(value: string): Resource {
  return value.startsWith(BLANK_IRI) ? blank(value.slice(BLANK_IRI.length)) : iri(value)
}

/** Stored fields as statements about `subject`. */
export function fieldQuads(subject: Resource, fields: StoredFields, base: string): Quad[] {
  return Object.entries(fields).flatMap(([key, values]) => {
    const predicate = fieldPredicate(key, base)
    return values.map(value => ({ subject, predicate, ...valueTerm(value) }))
  })
}

/** The same text for the same value in the same graph: language tags in whatever case (RDF 1.1 Concepts, section 3.3). */
export function valueKey(value: StoredValue): string {
  if (typeof value === 'string') return JSON.stringify([null, value, null, null])
  const { '@graph': graph = null } = value
  if ('@id' in value) return JSON.stringify([graph, 'id', value['@id']])
  return JSON.stringify([graph, value['@value'], value['@type'] ?? null, value['@language']?.toLowerCase() ?? null])
}

/** The graph of a value, null in the default graph. */
export function graphOf(value: StoredValue): string | null {
  return typeof value === 'string' ? null : (value['@graph'] ?? null)
}

/** The value without its graph. */
export function withoutGraph(value: StoredValue): StoredValue {
  if (typeof value === 'string' || value['@graph'] === undefined) return value
  const { '@graph': _graph, ...rest } = value
  return '@value' in rest && rest['@type'] === undefined && rest['@language'] === undefined ? rest['@value'] : rest
}
