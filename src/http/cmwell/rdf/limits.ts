import { Buffer } from 'node:buffer'
import { WaybillError } from '../../../model/errors.ts'
import { invalidRdf, quoted } from './invalid.ts'
import type { Position } from './invalid.ts'
import { isLanguage } from './terms.ts'
import type { Quad, Term } from './terms.ts'

/** What one document may have. */
export interface RdfLimits {
  readonly documentBytes: number
  readonly quads: number
  /** Of one literal, in UTF-8 (contract, section 1.4). */
  readonly literalBytes: number
  /** Of a literal that `RdfOptions.isFileData` says holds a file's bytes. */
  readonly fileDataBytes: number
  /** Nodes, lists, elements, objects within each other. */
  readonly depth: number
  /** Of one IRI, in UTF-16 units. */
  readonly iriLength: number
}

/** 16,384 bytes a value is the protocol's own limit; the others keep one request from taking the server's memory. */
export const RDF_LIMITS: RdfLimits = {
  documentBytes: 256 * 1024 * 1024,
  quads: 5_000_000,
  literalBytes: 16_384,
  fileDataBytes: 32 * 1024 * 1024,
  depth: 100,
  iriLength: 4096,
}

export interface RdfOptions {
  /** Which predicates' literals are a file's content, and may be long. */
  readonly isFileData?: (predicate: string) => boolean
}

const UTF8_PER_UNIT = 3
const ILLEGAL_IN_IRI = /[\p{Cc} <>"{}|\\^`]/u

/** Receives statements from a parser, refuses what is over the limits, and hands them out in batches. */
export class QuadSink {
  readonly limits: RdfLimits
  readonly #isFileData: (predicate: string) => boolean
  #batch: Quad[] = []
  #count = 0

  constructor(limits: RdfLimits, options: RdfOptions) {
    this.limits = limits
    this.#isFileData = options.isFileData ?? (() => false)
  }

  /** Takes a statement whose IRIs a parser of ours has checked. `position` is asked for only when it is refused. */
  add(quad: Quad, position: () => Position | null): void {
    this.#count += 1
    if (this.#count > this.limits.quads) {
      throw new WaybillError('too_many_items', `the document has more than ${this.limits.quads} statements; send it in parts`)
    }
    this.#refuseLong(quad, position)
    this.#batch.push(quad)
  }

  /** Takes a statement of a library, which lets IRIs and language tags with illegal characters through. */
  addUnchecked(quad: Quad, position: () => Position | null): void {
    for (const value of irisOf(quad)) this.refuseIri(value, position)
    const { object } = quad
    if (object.kind === 'literal' && object.language !== '' && !isLanguage(object.language))
      throw invalidRdf(position(), `${quoted(object.language)} is no language tag`)
    this.add(quad, position)
  }

  refuseIri(value: string, position: () => Position | null): void {
    const fault = iriFault(value, this.limits)
    if (fault !== null) throw invalidRdf(position(), fault)
  }

  /** What came since the last call. */
  take(): Quad[] {
    const batch = this.#batch
    this.#batch = []
    return batch
  }

  get waiting(): number {
    return this.#batch.length
  }

  #refuseLong({ predicate, object }: Quad, position: () => Position | null): void {
    if (object.kind !== 'literal') return
    if (!object.value.isWellFormed()) throw invalidRdf(position(), 'a literal is not well-formed Unicode')
    const { literalBytes, fileDataBytes } = this.limits
    if (object.value.length * UTF8_PER_UNIT <= literalBytes) return
    const bytes = Buffer.byteLength(object.value)
    if (bytes <= literalBytes) return
    // the words of the protocol, contract section 1.4
    if (!this.#isFileData(predicate)) throw new WaybillError('invalid_rdf', 'uploaded infoton, contains a value heavier than 16K.')
    if (bytes > fileDataBytes) throw new WaybillError('body_too_large', `a file within an update has at most ${fileDataBytes} bytes; upload it by itself`)
  }
}

/** Says what is wrong with an IRI, or null. */
export function iriFault(value: string, { iriLength }: Pick<RdfLimits, 'iriLength'>): string | null {
  if (value.length > iriLength) return `the IRI ${quoted(value)} is longer than ${iriLength} characters`
  if (ILLEGAL_IN_IRI.test(value)) return `Bad IRI ${quoted(value)}: it has a space or another character that must be percent-encoded`
  return value.isWellFormed() ? null : `Bad IRI ${quoted(value)}: it is not well-formed Unicode`
}

function irisOf({ subject, predicate, object, graph }: Quad): string[] {
  return [...[subject, object, graph].filter(isIri).map(({ value }) => value), predicate, ...(object.kind === 'literal' ? [object.datatype] : [])]
}

function isIri(term: Term | null): term is Term {
  return term?.kind === 'iri'
}
