import type { Quad as LibraryQuad } from '@rdfjs/types'
import { JsonLdParser as LibraryParser } from 'jsonld-streaming-parser'
import { isWaybillError } from '../../../model/errors.ts'
import { documentFactory } from './blank-labels.ts'
import { invalidRdf, quoted } from './invalid.ts'
import { JsonScan } from './json-scan.ts'
import type { QuadSink } from './limits.ts'
import type { SyntaxParser } from './syntax-parser.ts'
import { DOCUMENT_BASE, fromLibrary } from './terms.ts'

/** Nothing is ever fetched for a document (server-side request forgery, and answers that depend on other machines). */
const NO_LOADER = {
  load: (url: string): never => {
    throw invalidRdf(null, `the remote context ${quoted(url)} is not fetched; put the context's content into the document`)
  },
}

/** JSON-LD 1.1 through jsonld-streaming-parser. A context that comes first lets statements stream; without one they come at the end of their top node. */
export class JsonLdParser implements SyntaxParser {
  readonly #sink: QuadSink
  readonly #scan: JsonScan
  readonly #library: LibraryParser
  #failed: unknown = null

  constructor(sink: QuadSink) {
    this.#sink = sink
    this.#scan = new JsonScan(sink.limits.depth)
    this.#library = new LibraryParser({ baseIRI: DOCUMENT_BASE, documentLoader: NO_LOADER, dataFactory: documentFactory() })
    this.#library.on('data', (quad: LibraryQuad) => this.#take(quad))
    this.#library.on('error', (error: unknown) => this.#fail(error))
  }

  async write(text: string): Promise<void> {
    this.#scan.write(text)
    await this.#step(done => this.#library.write(text, done))
  }

  async end(): Promise<void> {
    this.#scan.end()
    await this.#step(done => this.#library.on('end', done).end())
  }

  #step(push: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown): void => {
        this.#library.removeListener('error', settle)
        if (error != null) this.#fail(error)
        if (this.#failed === null) resolve()
        else reject(this.#failure())
      }
      this.#library.on('error', settle)
      try {
        push(settle)
      } catch (error) {
        // the tokenizer throws where the stream would report
        settle(error)
      }
    })
  }

  #take(quad: LibraryQuad): void {
    if (this.#failed !== null) return
    try {
      const ours = fromLibrary(quad)
      if (typeof ours === 'string') throw invalidRdf(null, ours)
      this.#sink.addUnchecked(ours, () => null)
    } catch (error) {
      // thrown into the library's stream it would end the process
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#failed ??= error
  }

  #failure(): Error {
    if (isWaybillError(this.#failed)) return this.#failed
    const message = this.#failed instanceof Error ? this.#failed.message : String(this.#failed)
    return invalidRdf(this.#scan.position, message, this.#failed)
  }
}
