import type { Quad as LibraryQuad } from '@rdfjs/types'
import { RdfXmlParser } from 'rdfxml-streaming-parser'
import { WaybillError, isWaybillError } from '../../../model/errors.ts'
import { documentFactory } from './blank-labels.ts'
import { invalidRdf } from './invalid.ts'
import type { Position } from './invalid.ts'
import type { QuadSink } from './limits.ts'
import type { SyntaxParser } from './syntax-parser.ts'
import { DOCUMENT_BASE, fromLibrary } from './terms.ts'

/** The library's own parts that its type declarations hide. */
interface Inside {
  readonly saxParser: {
    readonly line: number
    readonly column: number
    readonly ENTITIES: Record<string, string>
    write(text: string): void
    close(): void
    on(event: 'error', listener: (error: Error) => void): void
    on(event: 'doctype', listener: () => void): void
  }
  readonly activeTagStack: { text?: string }[]
}
type Tag = Parameters<RdfXmlParser['onTag']>[0]

/** Characters that one step may bring beyond what is told of it. */
const LONGEST_STEP = 1024 * 1024

/** RDF/XML through rdfxml-streaming-parser, fed synchronously. A document type is refused: nothing of the protocol needs one, and entities are how XML explodes. */
export class XmlParser implements SyntaxParser {
  readonly #sink: QuadSink
  readonly #library: StrictXml
  readonly #inside: Inside

  constructor(sink: QuadSink) {
    this.#sink = sink
    this.#library = new StrictXml(quad => this.#take(quad), sink.limits.depth)
    this.#inside = this.#library.inside
  }

  write(text: string): void {
    this.#library.pending += text.length
    // one tag, text or comment that never ends is the only thing the parser keeps; the longest that may be is a file's bytes
    if (this.#library.pending > this.#sink.limits.fileDataBytes + LONGEST_STEP)
      throw new WaybillError('body_too_large', 'one tag, text or comment of the document is too long')
    this.#guarded(() => this.#inside.saxParser.write(text))
  }

  end(): void {
    this.#guarded(() => this.#inside.saxParser.close())
    if (!this.#library.sawTag) throw invalidRdf(this.#position(), 'the document has no element; RDF/XML begins with rdf:RDF')
  }

  #position(): Position {
    return { line: this.#inside.saxParser.line, column: this.#inside.saxParser.column + 1 }
  }

  #take(quad: LibraryQuad): void {
    const ours = fromLibrary(quad)
    if (typeof ours === 'string') throw invalidRdf(this.#position(), ours)
    this.#sink.addUnchecked(ours, () => this.#position())
  }

  #guarded(step: () => void): void {
    try {
      step()
    } catch (error) {
      if (isWaybillError(error)) throw error
      const message = error instanceof Error ? error.message : String(error)
      throw invalidRdf(this.#position(), message.replace(/^(?:\d+:\d+: |Line \d+ column \d+: )/, ''), error)
    }
  }
}

class StrictXml extends RdfXmlParser {
  readonly #give: (quad: LibraryQuad) => void
  readonly #depth: number
  sawTag = false
  /** Characters that came since the last tag or text was complete. */
  pending = 0

  constructor(give: (quad: LibraryQuad) => void, depth: number) {
    super({ dataFactory: documentFactory(), baseIRI: DOCUMENT_BASE, trackPosition: true })
    this.#give = give
    this.#depth = depth
    // left to itself it reports an error as an event and reads on
    this.inside.saxParser.on('error', error => {
      throw error
    })
    this.inside.saxParser.on('doctype', () => {
      throw new Error('a document type (<!DOCTYPE>) and entities are not allowed; write characters as themselves or as &#...;')
    })
  }

  get inside(): Inside {
    return this as unknown as Inside
  }

  /** The stream's own queue is passed by. */
  override push(quad: LibraryQuad | null): boolean {
    if (quad !== null) this.#give(quad)
    return true
  }

  override onTag(tag: Tag): void {
    this.sawTag = true
    this.pending = 0
    if (this.inside.activeTagStack.length >= this.#depth) throw new Error(`elements are nested more than ${this.#depth} deep`)
    super.onTag(tag)
  }

  /** A comment, a CDATA section or an instruction cuts a text in parts; the library would keep the last. */
  override onText(text: string): void {
    const before = this.inside.activeTagStack.at(-1)?.text ?? ''
    super.onText(before + text)
    this.pending = 0
  }
}
