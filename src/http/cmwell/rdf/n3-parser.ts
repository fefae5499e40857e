import { Parser } from 'n3'
import type { Quad as N3Quad } from 'n3'
import { WaybillError } from '../../../model/errors.ts'
import { documentFactory } from './blank-labels.ts'
import { invalidRdf } from './invalid.ts'
import type { Position } from './invalid.ts'
import type { QuadSink } from './limits.ts'
import type { SyntaxParser } from './syntax-parser.ts'
import { DOCUMENT_BASE, fromLibrary } from './terms.ts'

/** What N3.js gives and its type declarations lack. */
interface Token {
  readonly type: string
  readonly line: number
  readonly start: number
}
interface Hooks {
  readonly onQuad: (error: (Error & { context?: { line?: number; token?: Token } }) | null, quad: N3Quad | null) => void
  readonly onToken: (token: Token) => void
}
interface Source {
  on(event: string, listener: (text: string) => void): void
}

const OPENING = new Set(['[', '(', '{', '<<', '<<(', '{|'])
const CLOSING = new Set([']', ')', '}', '>>', ')>>', '|}'])
/** Escapes such as \\U0001F600 take up to ten characters for one. */
const LONGEST_ESCAPE = 10

/** Turtle, TriG and Notation3 through N3.js, fed synchronously; formulas and variables of Notation3 are refused, they are no data. */
export class N3Parser implements SyntaxParser {
  readonly #sink: QuadSink
  readonly #formulas: boolean
  #feed: (text: string) => void = () => undefined
  #finish: () => void = () => undefined
  #position: Position = { line: 1, column: 1 }
  #depth = 0
  #pending = 0
  #ended = false

  constructor(sink: QuadSink, format: 'Turtle' | 'TriG' | 'N3') {
    this.#sink = sink
    this.#formulas = format === 'N3'
    const options = { format, baseIRI: DOCUMENT_BASE, blankNodePrefix: '_:e', factory: documentFactory(), formulaScopedBlankNodes: true }
    const source: Source = { on: (event, listener) => this.#listen(event, listener) }
    const hooks: Hooks = { onQuad: (error, quad) => this.#onQuad(error, quad), onToken: token => this.#onToken(token) }
    const parser = new Parser(options) as unknown as { parse(source: Source, hooks: Hooks): void }
    parser.parse(source, hooks)
  }

  write(text: string): void {
    this.#pending += text.length
    // one token that never ends is the only thing the parser keeps
    if (this.#pending > this.#sink.limits.fileDataBytes * LONGEST_ESCAPE)
      throw new WaybillError('body_too_large', 'one literal or comment of the document is too long')
    this.#feed(text)
  }

  end(): void {
    // an empty document must be fed, too, to be found complete
    this.#feed('\n')
    this.#finish()
    if (!this.#ended) throw invalidRdf(this.#position, 'the document ends within a statement')
  }

  #listen(event: string, listener: (text: string) => void): void {
    if (event === 'data') this.#feed = listener
    if (event === 'end') this.#finish = () => listener('')
  }

  #onQuad(error: Parameters<Hooks['onQuad']>[0], quad: N3Quad | null): void {
    if (error !== null) throw this.#failure(error)
    if (quad === null) {
      this.#ended = true
      return
    }
    const ours = fromLibrary(quad)
    if (typeof ours === 'string') throw invalidRdf(this.#position, ours)
    if (this.#formulas && ours.graph !== null)
      throw invalidRdf(this.#position, 'formulas are not supported; send the statements themselves, or TriG for graphs')
    this.#sink.addUnchecked(ours, () => this.#position)
  }

  #onToken({ type, line, start }: Token): void {
    this.#position = { line, column: start + 1 }
    this.#pending = 0
    if (OPENING.has(type)) this.#depth += 1
    else if (CLOSING.has(type)) this.#depth -= 1
    if (this.#depth > this.#sink.limits.depth) throw invalidRdf(this.#position, `nodes and lists are nested more than ${this.#sink.limits.depth} deep`)
  }

  #failure(error: Error & { context?: { line?: number; token?: Token } }): Error {
    const { line, token } = error.context ?? {}
    const position =
      token === undefined
        ? { line: line ?? this.#position.line, column: line === this.#position.line ? this.#position.column : 1 }
        : { line: token.line, column: token.start + 1 }
    return invalidRdf(position, error.message.replace(/ on line \d+\.$/, ''), error)
  }
}
