import type { QuadSink } from './limits.ts'
import { LineCursor } from './line-cursor.ts'
import type { SyntaxParser } from './syntax-parser.ts'
import type { Quad, Resource, Term } from './terms.ts'
import { blank, inLanguage, iri, literal } from './terms.ts'

const IRI = String.raw`<([^\u0000-\u0020\u007f-\u009f<>"{}|\\^\x60]*)>`
const LABEL = String.raw`_:([A-Za-z0-9_][A-Za-z0-9_-]*)`
const TEXT = String.raw`"([^"\\\n\r]*)"(?:\^\^${IRI}|@([A-Za-z]+(?:-[A-Za-z0-9]+)*))?`
const GAP = '[ \\t]*'

/** A whole statement as writers make it, without escapes and comments: some million a second. Whatever does not match goes to the careful LineCursor. */
const PLAIN = new RegExp(`${GAP}(?:${IRI}|${LABEL})${GAP}${IRI}${GAP}(?:${IRI}|${LABEL}|${TEXT})${GAP}(?:(?:${IRI}|${LABEL})${GAP})?\\.${GAP}\\r?\\n`, 'y')

/**
 * N-Triples and N-Quads (W3C, RDF 1.1). Relative IRIs pass as they are: the protocol writes `<>` for the document and `<*>` for anything.
 * A graph is taken in N-Quads only.
 */
export class LineParser implements SyntaxParser {
  readonly #sink: QuadSink
  readonly #quads: boolean
  #torn: string[] = []
  #line = 1

  constructor(sink: QuadSink, quads: boolean) {
    this.#sink = sink
    this.#quads = quads
  }

  write(text: string): void {
    const end = text.lastIndexOf('\n') + 1
    if (end > 0) {
      this.#read(this.#torn.join('') + text.slice(0, end))
      this.#torn = []
    }
    if (end < text.length) this.#torn.push(text.slice(end))
  }

  end(): void {
    // a last line may lack its line break
    if (this.#torn.length > 0) this.#read(`${this.#torn.join('')}\n`)
  }

  #read(text: string): void {
    for (let at = 0; at < text.length; this.#line += 1) {
      PLAIN.lastIndex = at
      const match = PLAIN.exec(text)
      const quad = match === null ? null : this.#plain(match)
      if (match === null || quad === null) {
        at = this.#careful(text, at)
      } else {
        this.#sink.add(quad, () => ({ line: this.#line, column: 1 }))
        at += match[0].length
      }
    }
  }

  #plain(match: RegExpExecArray): Quad | null {
    const [whole, subject, subjectLabel, predicate = '', object, objectLabel, text, datatype, language, graph, graphLabel] = match
    if (!this.#quads && (graph !== undefined || graphLabel !== undefined)) return null
    // one that is too long is refused with its place by the careful way
    if (
      whole.length > this.#sink.limits.iriLength &&
      [subject, predicate, object, datatype, graph].some(one => (one?.length ?? 0) > this.#sink.limits.iriLength)
    )
      return null
    return {
      subject: resource(subject, subjectLabel),
      predicate,
      object: text === undefined ? resource(object, objectLabel) : literalOf(text, datatype, language),
      graph: graph === undefined && graphLabel === undefined ? null : resource(graph, graphLabel),
    }
  }

  /** Reads the statements of one line with care; returns where the next line begins. */
  #careful(text: string, at: number): number {
    const end = text.indexOf('\n', at)
    const cursor = new LineCursor(text.slice(at, end), this.#line, this.#sink)
    while (!cursor.atEnd()) {
      const { position } = cursor
      this.#sink.add(cursor.statement(this.#quads), () => position)
    }
    return end + 1
  }
}

function resource(value: string | undefined, label: string | undefined): Resource {
  return value === undefined ? blank(label ?? '') : iri(value)
}

function literalOf(text: string, datatype: string | undefined, language: string | undefined): Term {
  if (language !== undefined) return inLanguage(text, language)
  return datatype === undefined ? literal(text) : literal(text, datatype)
}
