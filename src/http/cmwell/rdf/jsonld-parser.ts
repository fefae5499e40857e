import { setImmediate } from 'node:timers/promises'
import type { Quad as LibraryQuad } from '@rdfjs/types'
import { JsonLdParser as LibraryParser } from 'jsonld-streaming-parser'
import { WaybillError, isWaybillError } from '../../../model/errors.ts'
import { documentFactory } from './blank-labels.ts'
import type { Position } from './invalid.ts'
import { invalidRdf, quoted } from './invalid.ts'
import { JsonScan } from './json-scan.ts'
import type { JsonPiece, SplitNodes } from './json-splitter.ts'
import { JsonSplitter } from './json-splitter.ts'
import { inStreamingOrder, isObject, parsePiece, sizeOf, typeNames } from './jsonld-nodes.ts'
import type { QuadSink } from './limits.ts'
import type { SyntaxParser } from './syntax-parser.ts'
import { DOCUMENT_BASE, fromLibrary } from './terms.ts'

/** A document up to here is taken as a whole; a longer one is cut into nodes while it streams. In UTF-16 units, as the next. */
const WHOLE = 1024 * 1024
/** Longest single node; a file of some megabytes may be in it. */
const LONGEST_NODE = 16 * 1024 * 1024
/** Values that are given to the library at once: some hundredths of a second of work, between which others get their turn. */
const BATCH_SIZE = 2000
/** Values in one node: it can not be cut, and the library is not fast. */
const LARGEST_NODE = 50_000

/** Nothing is ever fetched for a document (server-side request forgery, and answers that depend on other machines). */
const NO_LOADER = {
  load: (url: string): never => {
    throw invalidRdf(null, `the remote context ${quoted(url)} is not fetched; put the context's content into the document`)
  },
}

/** JSON-LD 1.1 through jsonld-streaming-parser, which is given a few nodes at a time. */
export class JsonLdParser implements SyntaxParser {
  readonly #sink: QuadSink
  readonly #scan: JsonScan
  readonly #factory = documentFactory()
  readonly #splitter = new JsonSplitter(LONGEST_NODE)
  #whole: string[] | null = []
  #length = 0
  /** How many nodes without members there were; their labels begin with "-", as nobody else's do. */
  #empty = 0

  constructor(sink: QuadSink) {
    this.#sink = sink
    this.#scan = new JsonScan(sink.limits.depth)
  }

  async write(text: string): Promise<void> {
    this.#scan.write(text)
    this.#length += text.length
    if (this.#whole === null) return this.#nodes(this.#splitter.write(text))
    this.#whole.push(text)
    if (this.#length <= WHOLE) return
    const before = this.#whole.join('')
    this.#whole = null
    await this.#nodes(this.#splitter.write(before))
  }

  async end(): Promise<void> {
    this.#scan.end()
    if (this.#whole !== null) return this.#top({ text: this.#whole.join(''), position: { line: 1, column: 1 } })
    const { frame, nodes } = this.#splitter.end()
    if (frame !== null || nodes.length !== 1 || nodes[0] === undefined) await this.#nodes({ frame, nodes })
    else await this.#top(nodes[0])
  }

  /** A top value: its nodes are told apart where nothing beside them changes what they mean. */
  async #top(piece: JsonPiece): Promise<void> {
    const value = parsePiece(piece)
    const graph = isObject(value) ? value['@graph'] : null
    const cuttable = isObject(value) && Array.isArray(graph) && Object.keys(value).every(key => key === '@context' || key === '@id' || key === '@graph')
    if (cuttable) return this.#batches(value, graph as unknown[], piece.position)
    return this.#batches(null, Array.isArray(value) ? (value as unknown[]) : [value], piece.position)
  }

  async #nodes({ frame, nodes }: SplitNodes): Promise<void> {
    if (nodes.length === 0) return
    const around = frame === null ? null : (JSON.parse(frame) as Record<string, unknown>)
    await this.#batches(around, nodes.map(parsePiece), nodes[0]?.position ?? { line: 1, column: 1 })
  }

  async #batches(frame: Record<string, unknown> | null, nodes: readonly unknown[], position: Position): Promise<void> {
    // what stands around the nodes is read for each batch, so a long context is given many
    const least = Math.max(BATCH_SIZE, frame === null ? 0 : this.#refuseLarge({ ...frame, '@graph': [] }, position))
    let [batch, size]: [unknown[], number] = [[], 0]
    for (const [index, node] of nodes.entries()) {
      size += this.#refuseLarge(node, position)
      batch.push(node)
      if (size < least && index < nodes.length - 1) continue
      await this.#parse(frame === null ? batch : { ...frame, '@graph': batch }, position)
      ;[batch, size] = [[], 0]
    }
  }

  #refuseLarge(node: unknown, position: Position): number {
    const size = sizeOf(node)
    if (size <= LARGEST_NODE) return size
    throw new WaybillError(
      'too_many_items',
      `the node at line ${position.line} has more than ${LARGEST_NODE} values; put nodes side by side in an array or in @graph`,
    )
  }

  async #parse(document: unknown, position: Position): Promise<void> {
    const text = JSON.stringify(inStreamingOrder(document, typeNames(document), () => `_:-empty${(this.#empty += 1)}`))
    const options = {
      streamingProfile: true,
      streamingProfileAllowOutOfOrderPlainType: true,
      baseIRI: DOCUMENT_BASE,
      documentLoader: NO_LOADER,
      dataFactory: this.#factory,
    }
    const library = new LibraryParser(options)
    try {
      await new Promise<void>((resolve, reject) => {
        library.on('error', reject).on('end', resolve)
        // what is thrown into the library's stream would end the process
        library.on('data', (quad: LibraryQuad) => this.#take(quad, position, reject))
        library.end(text)
      })
    } catch (error) {
      if (isWaybillError(error)) throw error
      throw invalidRdf(position, error instanceof Error ? error.message : String(error), error)
    } finally {
      library.destroy()
    }
    // the library works in one go: others get their turn now
    await setImmediate()
  }

  #take(quad: LibraryQuad, position: Position, reject: (error: unknown) => void): void {
    try {
      const ours = fromLibrary(quad)
      if (typeof ours === 'string') throw invalidRdf(position, ours)
      this.#sink.addUnchecked(ours, () => position)
    } catch (error) {
      reject(error)
    }
  }
}
