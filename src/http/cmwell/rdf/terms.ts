import type { Term as LibraryTerm, Quad as LibraryQuad } from '@rdfjs/types'

/** An IRI; a relative one stands as it was written (`''`, `*`). */
export interface Iri {
  readonly kind: 'iri'
  readonly value: string
}

/** A blank node; its label means something within one document only. */
export interface Blank {
  readonly kind: 'blank'
  readonly value: string
}

/** A literal: its lexical form, the IRI of its datatype, and its language tag, '' unless the datatype is rdf:langString. */
export interface Literal {
  readonly kind: 'literal'
  readonly value: string
  readonly datatype: string
  readonly language: string
}

export type Resource = Iri | Blank
export type Term = Resource | Literal

/** A statement; `predicate` is an IRI, `graph` null in the default graph. */
export interface Quad {
  readonly subject: Resource
  readonly predicate: string
  readonly object: Term
  readonly graph: Resource | null
}

export const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'
export const XSD = 'http://www.w3.org/2001/XMLSchema#'
export const XSD_STRING = `${XSD}string`
export const RDF_LANG_STRING = `${RDF}langString`

/**
 * What relative IRIs are resolved against by parsers that must have a base; `relativeAgain` takes it off, so that `<>` and `<*>` come out as written.
 */
export const DOCUMENT_BASE = 'document://here/'

export function relativeAgain(value: string): string {
  return value.startsWith(DOCUMENT_BASE) ? value.slice(DOCUMENT_BASE.length) : value
}

export function iri(value: string): Iri {
  return { kind: 'iri', value }
}

export function blank(value: string): Blank {
  return { kind: 'blank', value }
}

/** A literal with a datatype, xsd:string unless given. */
export function literal(value: string, datatype: string = XSD_STRING): Literal {
  return { kind: 'literal', value, datatype, language: '' }
}

/** A literal in a language. */
export function inLanguage(value: string, language: string): Literal {
  return { kind: 'literal', value, datatype: RDF_LANG_STRING, language }
}

/** A statement of a library's parser as ours, or a sentence that says what in it is not supported. */
export function fromLibrary({ subject, predicate, object, graph }: LibraryQuad): Quad | string {
  const ours = { subject: termFrom(subject), predicate: termFrom(predicate), object: termFrom(object), graph: termFrom(graph) }
  for (const term of Object.values(ours)) if (typeof term === 'string') return term
  if (!isResource(ours.subject)) return 'a literal stands as the subject; a subject is an IRI or a blank node'
  if (!isIri(ours.predicate)) return 'the predicate is not an IRI'
  if (!isResource(ours.graph) && ours.graph !== null) return 'the graph is not an IRI'
  if (ours.object === null || typeof ours.object === 'string') return 'the object is no term'
  return { subject: ours.subject, predicate: ours.predicate.value, object: ours.object, graph: ours.graph }
}

function termFrom(term: LibraryTerm): Term | null | string {
  switch (term.termType) {
    case 'NamedNode':
      return iri(relativeAgain(term.value))
    case 'BlankNode':
      return blank(term.value)
    case 'Literal':
      if (term.direction !== undefined && term.direction !== '' && term.direction !== null) return 'texts with a base direction are not supported'
      return term.language === '' ? literal(term.value, relativeAgain(term.datatype.value)) : inLanguage(term.value, term.language)
    case 'DefaultGraph':
      return null
    case 'Variable':
      return 'variables are not supported'
    case 'Quad':
      return 'statements about statements (triple terms) are not supported'
  }
}

function isResource(term: Term | null | string): term is Resource {
  return typeof term === 'object' && term !== null && term.kind !== 'literal'
}

function isIri(term: Term | null | string): term is Iri {
  return typeof term === 'object' && term?.kind === 'iri'
}

/** A language tag as every format writes it (Turtle, section 6.5, LANGTAG; BCP 47 asks for more). */
const LANGUAGE = /^[A-Za-z]+(?:-[A-Za-z0-9]+)*$/

/** True of what may be a language tag; anything else would be read as something else where it is printed. */
export function isLanguage(text: string): boolean {
  return LANGUAGE.test(text)
}
