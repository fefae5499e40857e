import fc from 'fast-check'

/** Texts that have broken servers before, in the order in which a failing case is shrunk towards them. */
const TEXTS: readonly string[] = [
  ...['', ' ', '.', '..', '/', '//', '\\', '*', '?', '#', '%', '%zz', '%00', '%2e%2e', '%2F', '%5c', '%252F', '%C0%AF', '%ED%A0%80', '%FF', '%F4%90%80%80'],
  ...['../..', '..%2f..', './a', 'a/../b', '/a', 'a/', 'a//b', '~', 'con', 'nul.txt', '.hidden', '-rf', '$(id)', '`id`', '${7*7}', "' OR 1=1 --", '<b>'],
  ...['\u0000', 'a\u0000b', '\u0001', '\t', '\n', 'a\r\nX-Evil: 1', '\u007f', '\u0085', '\u00a0', '\u200b', '\u202e', '\ufeff', '\ufffe', '\ud800', 'x\udc00y'],
  ...['é', 'e\u0301', 'Å', 'ﬁ', 'İ', 'ß', '👩‍🚀', '𝕏', 'Ω'.repeat(600)],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'null', 'undefined', 'true', 'NaN', 'Infinity'],
  ...['0', '-0', '-1', '1.5', '1e400', '9007199254740993', '99999999999999999999', '1'.repeat(400), '0x10', '١'],
  ...['a'.repeat(255), 'a'.repeat(256), 'a'.repeat(1024), 'a'.repeat(1025), 'a'.repeat(9000)],
]

export const nastyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
)

const deep = (levels: number, [open, close]: readonly [string, string]): unknown => JSON.parse(`${open.repeat(levels)}0${close.repeat(levels)}`)

export const nastyValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: nastyText },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, 0, -0, -1, 1.5, 1e21, 1e308, 2 ** 31, 2 ** 53, -(2 ** 63), [], {}, [[]], [null], [{}]) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(deep(70, ['[', ']']), deep(70, ['{"a":', '}']), deep(300, ['[', ']'])) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      Array.from({ length: 300 }, () => ({})),
      Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`m${n}`, n])),
    ),
  },
)

/** One change of a JSON value. `at` says where, counted over all its parts. */
interface Change {
  readonly at: number
  readonly how: 'replace' | 'remove' | 'member' | 'repeat'
  readonly name: string
  readonly value: unknown
}

export const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({ at: fc.nat(60), how: fc.constantFrom('replace', 'remove', 'member', 'repeat'), name: nastyText, value: nastyValue }),
  { minLength: 1, maxLength: 3 },
)

/** The value with the changes made. */
export function changed(value: unknown, made: readonly Change[]): unknown {
  return made.reduce(changedOnce, value)
}

function changedOnce(value: unknown, change: Change): unknown {
  const { node, left } = walk(value, change, change.at % sizeOf(value))
  return left < 0 ? node : value
}

function sizeOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((sum, member) => sum + sizeOf(member), 1)
}

const GONE = Symbol('gone')

/** Walks to the part number `left`, depth first; what comes back has it changed. */
function walk(value: unknown, change: Change, left: number): { readonly node: unknown; readonly left: number } {
  if (left === 0) return { node: altered(value, change), left: -1 }
  let rest = left - 1
  if (typeof value !== 'object' || value === null) return { node: value, left: rest }
  for (const [name, member] of Object.entries(value)) {
    const { node, left: after } = walk(member, change, rest)
    if (after < 0) return { node: withMember(value, name, node), left: -1 }
    rest = after
  }
  return { node: value, left: rest }
}

function altered(value: unknown, { how, name, value: other }: Change): unknown {
  if (how === 'remove') return GONE
  if (how === 'repeat' && Array.isArray(value)) return Array.from({ length: 50 }, () => value as unknown[]).flat()
  if (how === 'member' && typeof value === 'object' && value !== null && !Array.isArray(value)) return withMember(value, name, other)
  return other
}

function withMember(value: object, name: string, member: unknown): unknown {
  if (Array.isArray(value)) return value.flatMap((one: unknown, index) => (String(index) !== name ? [one] : member === GONE ? [] : [member]))
  const members = Object.entries(value).filter(([own]) => own !== name)
  // entries, not assignment: a member may be called __proto__
  return Object.fromEntries(member === GONE ? members : [...members, [name, member]])
}

/** One change of a text, as bytes. `at` and `length` are shares of the whole. */
interface Cut {
  readonly at: number
  readonly length: number
  readonly how: 'cut' | 'remove' | 'insert' | 'repeat' | 'swap'
  readonly bytes: Uint8Array
}

const share = fc.double({ min: 0, max: 1, noNaN: true })
const bits: fc.Arbitrary<Uint8Array> = fc.oneof(
  nastyText.map(text => Buffer.from(text)),
  fc.uint8Array({ maxLength: 6 }),
  fc.constantFrom(
    ...['"', "'", '<', '>', '[', ']', '{', '}', '(', ')', ',', ';', '.', ':', '@', '^^', '_:', '\\u', '\\', '\n', '\r\n', '#', '&', '--'].map(text =>
      Buffer.from(text),
    ),
  ),
)

export const cuts: fc.Arbitrary<readonly Cut[]> = fc.array(
  fc.record({ at: share, length: share, how: fc.constantFrom('cut', 'remove', 'insert', 'repeat', 'swap'), bytes: bits }),
  { minLength: 1, maxLength: 4 },
)

/** The bytes with the changes made. */
export function cutUp(bytes: Uint8Array, made: readonly Cut[]): Buffer {
  return made.reduce<Buffer>((whole, { at, length, how, bytes: other }) => {
    const from = Math.floor(at * whole.length)
    const to = Math.min(whole.length, from + Math.ceil(length * 20))
    if (how === 'cut') return whole.subarray(0, from)
    if (how === 'remove') return Buffer.concat([whole.subarray(0, from), whole.subarray(to)])
    if (how === 'insert') return Buffer.concat([whole.subarray(0, from), other, whole.subarray(from)])
    const piece = whole.subarray(from, to)
    if (how === 'repeat') return Buffer.concat([whole.subarray(0, to), ...Array.from({ length: 30 }, () => piece), whole.subarray(to)])
    return Buffer.concat([whole.subarray(0, from), Buffer.from(piece).reverse(), whole.subarray(to)])
  }, Buffer.from(bytes))
}
