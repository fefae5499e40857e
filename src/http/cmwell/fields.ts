import type { FieldValue, FieldValues } from '../../model/field-values.ts'
import type { Literal, Quad, Resource, Term } from './rdf/terms.ts'
import { XSD, XSD_STRING, blank, inLanguage, iri, isLanguage, literal } from './rdf/terms.ts'
import { isName } from './rdf/prefixes.ts'
import { plainLabel } from './rdf/blank-labels.ts'
import { BLANK_IRI } from './subjects.ts'
import { metaIri, metaName } from './update/vocabulary.ts'

/** Names blank nodes across documents. */
export type BlankName = (label: string) => string

/** The name that blank nodes of a document get: `document` is a word that no other document has. */
export function blankNames(document: string): BlankName {
  return label => `A${document}${plainLabel(label)}`
}

/** The name of the field of an entry in which a predicate's values are: its IRI, or of `/meta/nn#` the plain name. */
export function fieldKey(predicate: string): string {
  const meta = metaName(predicate)
  return meta?.space === 'nn' ? meta.name : predicate
}

/** The predicate of a key; `base` is `cmwell://` or `http://{Host}/`. */
export function fieldPredicate(key: string, base: string): string {
  // names that others gave may be no names of an IRI
  return key.includes(':') ? key : metaIri(base, 'nn', isName(key) ? key : encodeURIComponent(key))
}

/** A statement's object as a stored value, in the statement's graph. */
export function storedValue(object: Term, graph: Resource | null, names: BlankName): FieldValue {
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
export function valueTerm(value: FieldValue): { readonly object: Term; readonly graph: Resource | null } {
  if (typeof value === 'string') return { object: literal(value), graph: null }
  const graph = value['@graph'] === undefined ? null : termOfIri(value['@graph'])
  if ('@id' in value) return { object: termOfIri(value['@id']), graph }
  const { '@value': text, '@type': datatype, '@language': language } = value
  return { object: language === undefined ? literal(text, datatype) : inLanguage(text, language), graph }
}

/** The text of a value, without its type, language and graph. */
export function lexicalForm(value: FieldValue): string {
  return valueTerm(value).object.value
}

/** An IRI as a term: what was a blank node is one again. */
export function termOfIri(value: string): Resource {
  return value.startsWith(BLANK_IRI) ? blank(value.slice(BLANK_IRI.length)) : iri(value)
}

/** An entry's fields, whoever wrote them, as sets of values: what is no list is a set of one, numbers and booleans have their datatype, other JSON is its text. */
export function fieldValuesOf(fields: Readonly<Record<string, unknown>>): FieldValues {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, (Array.isArray(value) ? (value as unknown[]) : [value]).map(fieldValueOf)]))
}

function fieldValueOf(value: unknown): FieldValue {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return { '@value': String(value), '@type': `${XSD}boolean` }
  if (typeof value === 'number') return { '@value': String(value), '@type': XSD + (Number.isInteger(value) ? 'integer' : 'double') }
  return isFieldValue(value) ? value : JSON.stringify(value)
}

/** True of what a change of values could have written. Whoever may write a collection may give its entries any fields, and they must not become statements. */
function isFieldValue(value: unknown): value is FieldValue {
  if (typeof value !== 'object' || value === null) return false
  const { '@id': id, '@value': text, '@type': type, '@language': language, '@graph': graph } = value as Readonly<Record<string, unknown>>
  if (typeof (id ?? text) !== 'string' || ![type, graph, language].every(member => member === undefined || typeof member === 'string')) return false
  return language === undefined || isLanguage(language as string)
}

/** Stored fields as statements about `subject`. */
export function fieldQuads(subject: Resource, fields: FieldValues, base: string): Quad[] {
  return Object.entries(fields).flatMap(([key, values]) => {
    const predicate = fieldPredicate(key, base)
    return values.map(value => ({ subject, predicate, ...valueTerm(value) }))
  })
}
