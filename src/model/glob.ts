import { parseGlob, type Character } from './glob-parser.ts'
import { isWaybillError } from './errors.ts'

/** Says of a path, or of its rest after a prefix, whether the glob matches all of it. */
export type GlobMatcher = (path: string) => boolean

/** Stands in a pattern for any run of things, also an empty one: `*` among characters, `**` among segments. */
const GAP = Symbol('gap')

type Segment = (text: string) => boolean
type OneCharacter = string | ((character: string) => boolean)

/**
 * Compiles a glob. Letter case counts; a leading dot is nothing special.
 *
 * - `*` any run of characters but "/"; `?` one character but "/"; `**` as a whole segment any number of segments, also none.
 * - `[abc]`, `[a-z]`, `[!x]` (or `[^x]`) one character of these, or none of these; never "/".
 * - `{a,b}` any of these alternatives, nested once; `\` takes the next character as it is.
 *
 * Time is bounded by the glob's length times the path's, whatever the glob: nothing is tried twice but the run since the last gap.
 * Throws `invalid_request` with what is wrong (see `globFault`).
 */
export function globMatcher(glob: string): GlobMatcher {
  const alternatives = parseGlob(glob).map(compileAlternative)
  return path => {
    const segments = path.split('/')
    return alternatives.some(pattern => matches(pattern, segments, matchesSegment))
  }
}

/** Says in one sentence what is wrong with a glob, or null when it is good. */
export function globFault(glob: string): string | null {
  try {
    parseGlob(glob)
    return null
  } catch (error) {
    if (isWaybillError(error, 'invalid_request')) return error.message
    throw error
  }
}

/** The segments of one alternative, its braces being written out. */
function compileAlternative(characters: readonly Character[]): readonly (Segment | typeof GAP)[] {
  const segments: Character[][] = [[]]
  for (const character of characters) {
    if (character.is === 'slash') segments.push([])
    else segments.at(-1)?.push(character)
  }
  return segments.map(segment => (isAnySegments(segment) ? GAP : compileSegment(segment)))
}

function isAnySegments(segment: readonly Character[]): boolean {
  return segment.length === 2 && segment.every(({ is }) => is === 'any-run')
}

function compileSegment(segment: readonly Character[]): Segment {
  const pattern = segment.map(compileCharacter)
  if (pattern.every(expected => typeof expected === 'string')) {
    const whole = pattern.join('')
    return text => text === whole
  }
  return text => matches(pattern, characters(text), matchesCharacter)
}

function compileCharacter(character: Character): OneCharacter | typeof GAP {
  switch (character.is) {
    case 'literal':
      return character.text
    case 'class':
      return text => character.has(text.codePointAt(0) as number)
    case 'any-run':
      return GAP
    default:
      return () => true // "?": a segment holds no "/"
  }
}

/** A text by characters. Only beyond the Basic Multilingual Plane are they not what indexing gives. */
function characters(text: string): ArrayLike<string> {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text
}

function matchesSegment(segment: Segment, text: string): boolean {
  return segment(text)
}

function matchesCharacter(expected: OneCharacter, character: string): boolean {
  return typeof expected === 'string' ? expected === character : expected(character)
}

/**
 * True when the things match the pattern from end to end. What follows the last gap can only match at the end, so it is looked at first.
 * What comes before a gap is matched at its first chance: were there a match with a later one, the gap could stretch as well. So only the
 * latest gap is ever tried again, and the time is at most pattern times things.
 */
function matches<P, T>(pattern: readonly (P | typeof GAP)[], things: ArrayLike<T>, one: (expected: P, thing: T) => boolean): boolean {
  let patternEnd = pattern.length
  let end = things.length
  while (patternEnd > 0) {
    const expected = pattern[patternEnd - 1] as P | typeof GAP
    if (expected === GAP) return matchesUpToGap(pattern, patternEnd, things, end, one)
    if (end === 0 || !one(expected, things[end - 1] as T)) return false
    patternEnd -= 1
    end -= 1
  }
  return end === 0
}

/** As `matches`, for a pattern that ends with a gap, and only up to the given ends. */
function matchesUpToGap<P, T>(
  pattern: readonly (P | typeof GAP)[],
  patternEnd: number,
  things: ArrayLike<T>,
  end: number,
  one: (expected: P, thing: T) => boolean,
): boolean {
  let at = 0 // in the pattern
  let next = 0 // in the things
  let gap = -1 // where the latest gap stands in the pattern
  let resume = 0 // the first thing after what that gap covers
  while (at < patternEnd) {
    const expected = pattern[at] as P | typeof GAP
    if (expected === GAP) {
      gap = at
      at += 1
      resume = next
    } else if (next >= end) {
      return false
    } else if (one(expected, things[next] as T)) {
      at += 1
      next += 1
    } else if (gap >= 0) {
      resume += 1
      next = resume
      at = gap + 1
    } else {
      return false
    }
  }
  return true
}
