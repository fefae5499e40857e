import { invalidRdf } from './invalid.ts'
import type { Position } from './invalid.ts'

const [QUOTE, BACKSLASH, LF] = [0x22, 0x5c, 0x0a]
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Follows JSON text as it streams by, without parsing it: refuses nesting that is too deep before any parser sees it, and a document that breaks off.
 * It knows the place where the text ends, for errors of parsers that do not.
 */
export class JsonScan {
  readonly #deepest: number
  #depth = 0
  #inText = false
  #escaped = false
  #empty = true
  #line = 1
  #column = 1

  constructor(deepest: number) {
    this.#deepest = deepest
  }

  get position(): Position {
    return { line: this.#line, column: this.#column }
  }

  write(text: string): void {
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      if (this.#inText) this.#within(code)
      else this.#between(code)
      if (code === LF) {
        this.#line += 1
        this.#column = 1
      } else this.#column += 1
    }
  }

  end(): void {
    if (this.#empty) throw invalidRdf(this.position, 'the document is empty; JSON begins with { or [')
    if (this.#inText || this.#depth > 0) throw invalidRdf(this.position, 'the document breaks off: a string, an object or an array is not closed')
  }

  #within(code: number): void {
    if (this.#escaped) this.#escaped = false
    else if (code === BACKSLASH) this.#escaped = true
    else if (code === QUOTE) this.#inText = false
  }

  #between(code: number): void {
    if (code > 0x20) this.#empty = false
    if (code === QUOTE) this.#inText = true
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) this.#depth += 1
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) this.#depth -= 1
    if (this.#depth > this.#deepest) throw invalidRdf(this.position, `objects and arrays are nested more than ${this.#deepest} deep`)
  }
}
