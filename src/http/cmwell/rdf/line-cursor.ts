import { invalidRdf, quoted } from './invalid.ts'
import type { Position } from './invalid.ts'
import type { QuadSink } from './limits.ts'
import type { Literal, Quad, Resource, Term } from './terms.ts'
import { blank, inLanguage, iri, literal } from './terms.ts'

const BLANK_LABEL = /_:([\p{L}\p{N}_](?:[\p{L}\p{N}\p{M}_\u00b7\u203f\u2040.-]*[\p{L}\p{N}\p{M}_\u00b7\u203f\u2040-])?)/uy
const LANGUAGE = /@([A-Za-z]+(?:-[A-Za-z0-9]+)*)/y
const SPACE = /[ \t\r]*/y
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', b: '\b', n: '\n', r: '\r', f: '\f', '"': '"', "'": "'", '\\': '\\' }
const ESCAPED = /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([^uU]|$)|)/gu

/** Reads one line of N-Triples or N-Quads, and tells the column of what is wrong in it. */
export class LineCursor {
  readonly #text: string
  readonly #line: number
  readonly #sink: QuadSink
  #at = 0

  constructor(text: string, line: number, sink: QuadSink) {
    this.#text = text
    this.#line = line
    this.#sink = sink
  }

  get position(): Position {
    return { line: this.#line, column: this.#at + 1 }
  }

  /** True when only white space and a comment are left. */
  atEnd(): boolean {
    this.#skipSpace()
    return this.#at >= this.#text.length || this.#text[this.#at] === '#'
  }

  statement(quads: boolean): Quad {
    const subject = this.#resource('a subject (<IRI> or _:label)')
    const predicate = this.#iri('a predicate (<IRI>)')
    const object = this.#object()
    this.#skipSpace()
    const graph = quads && this.#text[this.#at] !== '.' ? this.#resource('a graph (<IRI> or _:label) or "."') : null
    this.#skipSpace()
    if (this.#text[this.#at] !== '.') throw this.#expected('"." at the end of the statement')
    this.#at += 1
    return { subject, predicate, object, graph }
  }

  #object(): Term {
    this.#skipSpace()
    if (this.#text[this.#at] !== '"') return this.#resource('an object (<IRI>, _:label or "literal")')
    return this.#literal()
  }

  #resource(what: string): Resource {
    this.#skipSpace()
    if (!this.#text.startsWith('_:', this.#at)) return iri(this.#iri(what))
    const label = this.#match(BLANK_LABEL)?.[1]
    if (label === undefined) throw this.#expected('a label of letters, digits, "_", "-" and "." after "_:"')
    return blank(label)
  }

  #iri(what: string): string {
    this.#skipSpace()
    const { position } = this
    if (this.#text[this.#at] !== '<') throw this.#expected(what)
    const end = this.#text.indexOf('>', this.#at)
    if (end === -1) throw invalidRdf(position, 'Broken IRI: it has no ">" on its line')
    const value = unescaped(this.#text.slice(this.#at + 1, end), 'uU', position)
    this.#sink.refuseIri(value, () => position)
    this.#at = end + 1
    return value
  }

  #literal(): Literal {
    const { position } = this
    const text = unescaped(this.#quoted(), `uU${Object.keys(ESCAPES).join('')}`, position)
    const language = this.#match(LANGUAGE)?.[1]
    if (language !== undefined) return inLanguage(text, language)
    if (!this.#text.startsWith('^^', this.#at)) return literal(text)
    this.#at += 2
    return literal(text, this.#iri('the datatype (<IRI>) after "^^"'))
  }

  #quoted(): string {
    const from = this.#at + 1
    let end = this.#text.indexOf('"', from)
    while (end !== -1 && isEscaped(this.#text, end, from)) end = this.#text.indexOf('"', end + 1)
    if (end === -1) throw invalidRdf(this.position, 'Broken token: the literal has no closing quote on its line')
    const text = this.#text.slice(from, end)
    if (text.includes('\r')) throw invalidRdf(this.position, 'a literal holds a carriage return; write it as \\r')
    this.#at = end + 1
    return text
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match !== null) this.#at += match[0].length
    return match
  }

  #skipSpace(): void {
    this.#match(SPACE)
  }

  #expected(what: string): Error {
    const found = this.#text.slice(this.#at, this.#at + 20)
    return invalidRdf(this.position, `Expected ${what}, found ${found === '' ? 'the end of the line' : quoted(found)}`)
  }
}

/** True when the character at `at` has an odd number of backslashes right before it. */
function isEscaped(text: string, at: number, from: number): boolean {
  let backslashes = 0
  while (at - backslashes > from && text[at - backslashes - 1] === '\\') backslashes += 1
  return backslashes % 2 === 1
}

function unescaped(text: string, allowed: string, position: Position): string {
  if (!text.includes('\\')) return text
  return text.replace(ESCAPED, (escape: string, short?: string, long?: string, one?: string) => {
    const point = Number.parseInt(short ?? long ?? '', 16)
    const value = Number.isNaN(point) ? (allowed.includes(one ?? '') ? ESCAPES[one ?? ''] : undefined) : codePoint(point)
    if (value === undefined) throw invalidRdf(position, `Unknown escape sequence ${quoted(escape)}`)
    return value
  })
}

/** The character, or undefined for what no character is: beyond U+10FFFF, and lone surrogates. */
function codePoint(point: number): string | undefined {
  return point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? undefined : String.fromCodePoint(point)
}
