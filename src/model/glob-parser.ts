import { WaybillError } from './errors.ts'
import { CONTROL_CHARACTER, MAX_PATH_LENGTH } from './paths.ts'

/** One sign of a glob, its braces being written out. */
export type Character =
  | { readonly is: 'literal'; readonly text: string }
  | { readonly is: 'class'; readonly has: (codePoint: number) => boolean }
  | { readonly is: 'any-one' | 'any-run' | 'slash' }

type Sign = Character | Braces
interface Braces {
  readonly is: 'braces'
  readonly alternatives: readonly (readonly Sign[])[]
}

const SLASH = 0x2f
/** A glob with more alternatives, braces being written out, is refused: each of them is tried on every path. */
const MAX_ALTERNATIVES = 64
/** Most characters of all alternatives together, written out: bounds the time of one path as the alternatives do. */
const MAX_WRITTEN_OUT = 2048
/** Braces in braces, no deeper. */
const MAX_NESTING = 2

/** The alternatives of a glob. Throws `invalid_request` with what is wrong. */
export function parseGlob(glob: string): readonly (readonly Character[])[] {
  if (glob === '') throw fault('it is empty; leave it out, or write ** for everything')
  // No path is longer, and the time of a match grows with both.
  if (glob.length > MAX_PATH_LENGTH) throw fault(`it has ${glob.length} characters; at most ${MAX_PATH_LENGTH} are allowed`)
  if (CONTROL_CHARACTER.test(glob)) throw fault('it holds a control character; remove it')
  if (!glob.isWellFormed()) throw fault('it is not valid Unicode; send well-formed UTF-8')
  return writeOut(new GlobReader(glob).readAll())
}

class GlobReader {
  readonly #characters: readonly string[]
  #at = 0

  constructor(glob: string) {
    this.#characters = Array.from(glob)
  }

  readAll(): Sign[] {
    const signs = this.#readSigns(0)
    if (this.#at < this.#characters.length) throw fault('it has a "}" without a "{"; write \\} for the character itself')
    return signs
  }

  /** Reads up to the end; inside braces, up to the next "," or "}". */
  #readSigns(depth: number): Sign[] {
    const signs: Sign[] = []
    for (;;) {
      const character = this.#characters[this.#at]
      if (character === undefined || character === '}' || (character === ',' && depth > 0)) return signs
      this.#at += 1
      signs.push(this.#readSign(character, depth))
    }
  }

  #readSign(character: string, depth: number): Sign {
    switch (character) {
      case '*':
        return { is: 'any-run' }
      case '?':
        return { is: 'any-one' }
      case '/':
        return { is: 'slash' }
      case '[':
        return this.#readClass()
      case '{':
        return this.#readBraces(depth + 1)
      case ']':
        throw fault('it has a "]" without a "["; write \\] for the character itself')
      case '\\':
        return literal(this.#readEscaped())
      default:
        return literal(character)
    }
  }

  #readEscaped(): string {
    return this.#take('it ends with a "\\" that escapes nothing; write \\\\ for the character itself')
  }

  #readBraces(depth: number): Braces {
    if (depth > MAX_NESTING) throw fault('its braces are nested more than once; write the innermost alternatives out')
    const alternatives: Sign[][] = []
    for (;;) {
      alternatives.push(this.#readSigns(depth))
      if (this.#take('it has a "{" without a "}"; write \\{ for the character itself') === '}') return { is: 'braces', alternatives }
    }
  }

  #readClass(): Character {
    const negated = ['!', '^'].includes(this.#characters[this.#at] ?? '')
    if (negated) this.#at += 1
    const ranges: (readonly [number, number])[] = []
    while (this.#characters[this.#at] !== ']') ranges.push(this.#readRange())
    this.#at += 1
    if (ranges.length === 0) throw fault('it has an empty "[]"; write \\] for a "]" inside')
    return { is: 'class', has: point => point !== SLASH && ranges.some(([from, to]) => from <= point && point <= to) !== negated }
  }

  /** One character or `a-z`. A "-" at the beginning or the end of the class stands for itself. */
  #readRange(): readonly [number, number] {
    const from = this.#readMember()
    if (this.#characters[this.#at] !== '-' || this.#characters[this.#at + 1] === ']') return [from, from]
    this.#at += 1
    const to = this.#readMember()
    if (to < from) throw fault(`its range "${String.fromCodePoint(from)}-${String.fromCodePoint(to)}" runs backwards`)
    return [from, to]
  }

  #readMember(): number {
    const character = this.#take('it has a "[" without a "]"; write \\[ for the character itself')
    if (character === '/') throw fault('it has a "/" between "[" and "]"; one class stands inside one segment')
    return (character === '\\' ? this.#readEscaped() : character).codePointAt(0) as number
  }

  #take(otherwise: string): string {
    const character = this.#characters[this.#at]
    if (character === undefined) throw fault(otherwise)
    this.#at += 1
    return character
  }
}

function literal(text: string): Character {
  return text === '/' ? { is: 'slash' } : { is: 'literal', text }
}

/** Every combination of the braces' alternatives, as plain characters. */
function writeOut(signs: readonly Sign[]): readonly (readonly Character[])[] {
  const { ways, length } = sizeOf(signs)
  if (ways > MAX_ALTERNATIVES) throw fault(`its braces have more than ${MAX_ALTERNATIVES} alternatives; split it up`)
  if (length > MAX_WRITTEN_OUT) throw fault(`its alternatives have more than ${MAX_WRITTEN_OUT} characters together; split it up`)
  return combinations(signs)
}

/** How many ways there are to write signs out, and how many characters these have together. */
function sizeOf(signs: readonly Sign[]): { readonly ways: number; readonly length: number } {
  let ways = 1
  let length = 0
  for (const sign of signs) {
    const each = sign.is === 'braces' ? sizeOfAlternatives(sign) : { ways: 1, length: 1 }
    length = length * each.ways + each.length * ways
    ways *= each.ways
  }
  return { ways, length }
}

function sizeOfAlternatives(braces: Braces): { readonly ways: number; readonly length: number } {
  const sizes = braces.alternatives.map(sizeOf)
  return { ways: sizes.reduce((sum, { ways }) => sum + ways, 0), length: sizes.reduce((sum, { length }) => sum + length, 0) }
}

function combinations(signs: readonly Sign[]): Character[][] {
  let all: Character[][] = [[]]
  for (const sign of signs) {
    if (sign.is === 'braces') {
      const endings = sign.alternatives.flatMap(combinations)
      all = all.flatMap(beginning => endings.map(ending => [...beginning, ...ending]))
    } else {
      for (const one of all) one.push(sign)
    }
  }
  return all
}

function fault(what: string): WaybillError {
  return new WaybillError('invalid_request', `the glob cannot be used: ${what}`)
}
