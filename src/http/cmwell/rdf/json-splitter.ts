import type { Position } from './invalid.ts'
import { invalidRdf } from './invalid.ts'

/** A JSON value's text and where it begins. */
export interface JsonPiece {
  readonly text: string
  readonly position: Position
}

/** `frame`: what stands around the nodes, its `@graph` empty; of a plain array null. */
export interface SplitNodes {
  readonly frame: string | null
  readonly nodes: readonly JsonPiece[]
}

type Mode = 'start' | 'nodes' | 'frame' | 'whole' | 'tail'

const GRAPH_BEGINS = /"@graph"\s*:\s*\[$/
/** How far back the key of a list is looked for. */
const NEAR = 64
const SPACE = /\s/

/**
 * Cuts a JSON-LD document into nodes that mean the same each by itself, while it streams: the members of a top array, and those of the `@graph` of a top object
 * in which `@context`, and `@id` if any, stand before it. Any other top value comes as one piece at the end, if it is no longer than `longest`.
 */
export class JsonSplitter {
  readonly #longest: number
  #mode: Mode = 'start'
  #frame: string | null = null
  #triedFrame = false
  #nodeDepth = 0
  #depth = 0
  #inText = false
  #escaped = false
  #parts: string[] = []
  #length = 0
  #begin: Position | null = null
  #line = 1
  #column = 1
  #ready: JsonPiece[] = []

  constructor(longest: number) {
    this.#longest = longest
  }

  /** The nodes that the text completes. */
  write(text: string): SplitNodes {
    let from = 0
    for (let at = 0; at < text.length; at += 1) {
      const char = text[at] ?? ''
      if (this.#inText) this.#within(char)
      else from = this.#between(char, text, at, from)
      this.#column += 1
      if (char === '\n') [this.#line, this.#column] = [this.#line + 1, 1]
    }
    this.#keep(text.slice(from))
    return this.#take()
  }

  /** What is left when the document has ended. */
  end(): SplitNodes {
    if (this.#mode === 'whole' || this.#mode === 'frame') this.#complete()
    return this.#take()
  }

  #take(): SplitNodes {
    const nodes = this.#ready
    this.#ready = []
    return { frame: this.#frame, nodes }
  }

  #within(char: string): void {
    if (this.#escaped) this.#escaped = false
    else if (char === '\\') this.#escaped = true
    else if (char === '"') this.#inText = false
  }

  /** Returns from where on the text belongs to the piece that is open. */
  #between(char: string, text: string, at: number, from: number): number {
    if (SPACE.test(char)) return from
    if (this.#mode === 'start') return this.#start(char, at)
    if (this.#mode === 'tail') return this.#tail(char, at)
    if (this.#mode === 'nodes' && this.#depth === this.#nodeDepth && (char === ',' || char === ']')) {
      this.#keep(text.slice(from, at))
      this.#complete()
      if (char === ']') this.#close()
      return at + 1
    }
    const begins = this.#begin === null
    if (begins) this.#open()
    if (char === '"') this.#inText = true
    else if (char === '{' || char === '[') this.#depth += 1
    else if (char === '}' || char === ']') this.#depth -= 1
    return char === '[' && this.#mode === 'frame' && this.#depth === 2 ? this.#graph(text, at, from) : begins ? at : from
  }

  #start(char: string, at: number): number {
    this.#depth = 1
    this.#nodeDepth = 1
    this.#begin = { line: this.#line, column: this.#column }
    this.#mode = char === '[' ? 'nodes' : char === '{' ? 'frame' : 'whole'
    if (this.#mode === 'nodes') this.#begin = null
    return this.#mode === 'nodes' ? at + 1 : at
  }

  /** A list begins within the top object: the nodes of its `@graph`, where nothing stands before it that the nodes could change the meaning of. */
  #graph(text: string, at: number, from: number): number {
    if (this.#triedFrame) return from
    // looked at from its end only: there may be many lists before it
    const near = (this.#parts.at(-1) ?? '').slice(-NEAR) + text.slice(Math.max(from, at + 1 - NEAR), at + 1)
    if (!GRAPH_BEGINS.test(near)) return from
    this.#triedFrame = true
    const frame = `${this.#parts.join('')}${text.slice(from, at + 1)}]}`
    if (!isFrame(frame)) return from
    this.#frame = frame
    this.#mode = 'nodes'
    this.#nodeDepth = 2
    this.#forget()
    return at + 1
  }

  #tail(char: string, at: number): number {
    if (this.#depth === 0 || char !== '}') {
      const why =
        this.#depth === 0 ? 'text follows after the end of the document' : 'in a long document all other members of the top object stand before @graph'
      throw invalidRdf({ line: this.#line, column: this.#column }, why)
    }
    this.#depth = 0
    return at + 1
  }

  /** White space before a piece is none of it. */
  #open(): void {
    this.#forget()
    this.#begin = { line: this.#line, column: this.#column }
  }

  #close(): void {
    this.#mode = 'tail'
    this.#depth = this.#nodeDepth - 1
  }

  #keep(text: string): void {
    if (text === '' || this.#mode === 'tail' || this.#mode === 'start') return
    this.#parts.push(text)
    this.#length += text.length
    if (this.#length > this.#longest)
      throw invalidRdf(
        this.#begin,
        `one node of the document is longer than ${this.#longest} characters; put nodes side by side in an array or in @graph, with @context before it`,
      )
  }

  #complete(): void {
    if (this.#begin !== null) this.#ready.push({ text: this.#parts.join(''), position: this.#begin })
    this.#forget()
  }

  #forget(): void {
    this.#parts = []
    this.#length = 0
    this.#begin = null
  }
}

function isFrame(text: string): boolean {
  try {
    const keys = Object.keys(JSON.parse(text) as object)
    // without a context there one might follow
    return keys.includes('@context') && keys.every(key => key === '@context' || key === '@id' || key === '@graph')
  } catch (error) {
    // what is no JSON is found out, with its place, when it is read as a whole
    if (error instanceof SyntaxError) return false
    throw error
  }
}
