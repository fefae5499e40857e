import type { FieldValues } from '../../../model/field-values.ts'
import { fieldQuads } from '../fields.ts'
import type { Quad, Resource, Term } from '../rdf/terms.ts'
import { XSD, blank, iri, literal } from '../rdf/terms.ts'
import type { Protocol } from '../subjects.ts'
import { blankName, parentPath, subjectIri } from '../subjects.ts'
import { metaIri } from '../update/vocabulary.ts'

export type InfotonType = 'ObjectInfoton' | 'CompoundInfoton' | 'FileInfoton' | 'LinkInfoton' | 'DeletedInfoton' | 'VirtualObjectInfoton'

/** An infoton as it is read (contract, sections 2.3 and 4). Times in epoch milliseconds; `indexTime` null until it is indexed. */
export interface Infoton {
  readonly type: InfotonType
  readonly path: string
  readonly uuid: string
  readonly lastModified: number
  readonly lastModifiedBy: string
  readonly dataCenter: string
  readonly protocol: Protocol
  readonly indexTime: number | null
  readonly fields: FieldValues
  /** Of a file: its bytes are left out (null) where only its description is asked for. */
  readonly file?: {
    readonly mimeType: string
    readonly length: number
    readonly data: { readonly encoding: 'text' | 'base64'; readonly content: string } | null
  }
  readonly link?: { readonly to: string; readonly type: number }
  /** Of a CompoundInfoton. */
  readonly children?: readonly Infoton[]
}

/** How infotons are told as RDF: `host` is of subjects that have none, `metaBase` (`cmwell://` or `http://{Host}/`) of `sys#` and `nn#`. */
export interface RdfView {
  readonly host: string
  readonly metaBase: string
  /** False: the fields alone, as the status document has it. */
  readonly system: boolean
}

/** An infoton that stands for no stored one, with the values the protocol prints for such (contract, section 2.3). */
export function virtualInfoton(path: string, fields: FieldValues): Infoton {
  const system = { uuid: '0', lastModified: 0, lastModifiedBy: 'VirtualInfoton', dataCenter: 'lh', protocol: 'http', indexTime: null } as const
  return { type: 'VirtualObjectInfoton', path, ...system, fields }
}

/** The statements about an infoton: those of the system (contract, section 4), then its fields. */
export function infotonQuads(infoton: Infoton, view: RdfView): Quad[] {
  const subject = subjectOf(infoton, view.host)
  const system = view.system
    ? systemTerms(infoton).map(([name, object]) => ({ subject, predicate: metaIri(view.metaBase, 'sys', name), object, graph: null }))
    : []
  return [...system, ...fieldQuads(subject, infoton.fields, view.metaBase)]
}

/** The subject of an infoton; what was a blank node is one again. */
export function subjectOf({ path, protocol }: Infoton, host: string): Resource {
  const name = blankName(path)
  return name === null ? iri(subjectIri(path, host, protocol)) : blank(name)
}

/** Of which names of `sys#` an infoton has values, in the order the protocol prints them; absent ones are left out. */
export function systemTerms(infoton: Infoton): [string, Term][] {
  const { type, path, uuid, lastModified, lastModifiedBy, dataCenter, protocol, indexTime, file, link } = infoton
  const parent = parentPath(path)
  const terms: [string, Term | null][] = [
    ['type', literal(type)],
    ['uuid', literal(uuid)],
    ['path', literal(path)],
    ['parent', parent === null ? null : literal(parent)],
    ['lastModified', literal(new Date(lastModified).toISOString(), `${XSD}dateTime`)],
    ['lastModifiedBy', literal(lastModifiedBy)],
    ['dataCenter', literal(dataCenter)],
    ['protocol', literal(protocol)],
    ['indexTime', indexTime === null ? null : literal(String(indexTime), `${XSD}long`)],
    ['mimeType', file === undefined ? null : literal(file.mimeType)],
    ['length', file === undefined ? null : literal(String(file.length), `${XSD}long`)],
    ['data', file?.data?.encoding === 'text' ? literal(file.data.content) : null],
    ['base64-data', file?.data?.encoding === 'base64' ? literal(file.data.content) : null],
    ['linkTo', link === undefined ? null : literal(link.to)],
    ['linkType', link === undefined ? null : literal(String(link.type), `${XSD}int`)],
  ]
  return terms.filter((entry): entry is [string, Term] => entry[1] !== null)
}

/** A term as JSON prints it: numbers and booleans of their kind, where their text is one; everything else its text. */
export function jsonScalar(term: Term): string | number | boolean {
  if (term.kind === 'blank') return `_:${term.value}`
  if (term.kind === 'iri' || !term.datatype.startsWith(XSD)) return term.value
  const type = term.datatype.slice(XSD.length)
  if (type === 'boolean' && /^(?:true|false|0|1)$/.test(term.value)) return term.value === 'true' || term.value === '1'
  if (/^(?:int|long|integer|float|double|decimal)$/.test(type) && isExact(term.value)) return Number(term.value)
  return term.value
}

/** Numbers that JSON's own keep digit for digit; others stay texts, so that nothing is rounded. */
function isExact(text: string): boolean {
  return /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,8})?$/.test(text) && text.length <= 16
}
