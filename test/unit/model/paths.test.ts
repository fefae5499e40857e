import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_PATH_LENGTH, checkPath, pathFault, prefixEnd, prefixFault, renamed } from '../../../src/model/paths.ts'

/** Any well-formed text, rich in the places where UTF-16 order and UTF-8 order differ. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', 'b', '/', '\u007f', '\u0080', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10fffe}', '\u{10ffff}'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 6,
})

function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

describe('entry paths', () => {
  it.each([
    'a',
    'a/b/c.txt',
    '.hidden',
    '...',
    'a/..b',
    'a b',
    ' ',
    'ä/ö',
    '日本/😀',
    '\\',
    'a\\..\\b',
    '%2e%2e',
    '~',
    'a:b',
    'con',
    'x'.repeat(MAX_PATH_LENGTH),
  ])('%j is good', path => {
    expect(pathFault(path)).toBeNull()
    expect(checkPath(path)).toBe(path)
  })

  it.each([
    ['', 'empty'],
    ['/', 'empty segment'],
    ['/a', 'empty segment'],
    ['a/', 'empty segment'],
    ['a//b', 'empty segment'],
    ['.', 'segment "."'],
    ['..', 'segment ".."'],
    ['a/./b', 'segment "."'],
    ['../a', 'segment ".."'],
    ['a/..', 'segment ".."'],
    ['a\u0000b', 'control character'],
    ['a\nb', 'control character'],
    ['\u007f', 'control character'],
    ['\u0085', 'control character'],
    ['\ud800', 'Unicode'],
    ['x'.repeat(MAX_PATH_LENGTH + 1), '1025 characters'],
  ])('%j is refused', (path, why) => {
    expect(pathFault(path)).toContain(why)
    expect(() => checkPath(path)).toThrow(expect.objectContaining({ code: 'invalid_path' }))
  })
})

describe('prefixes', () => {
  it.each(['', 'a', 'a/', 'a/b', 'a/.h'])('%j is good', prefix => expect(prefixFault(prefix)).toBeNull())
  it.each(['/', '//', 'a//', '../', 'a/../', '/a', 'a\u0001', '\ud800'])('%j is refused', prefix => expect(prefixFault(prefix)).not.toBeNull())
})

describe('the end of a prefix', () => {
  it.each([
    ['', null],
    ['a', 'b'],
    ['a/', 'a0'],
    ['\ud7ff', '\ue000'],
    ['\uffff', '\u{10000}'],
    ['a\u{10ffff}', 'b'],
    ['\u{10ffff}\u{10ffff}', null],
  ])('of %j is %j', (prefix, end) => expect(prefixEnd(prefix)).toBe(end))

  it('bounds exactly the strings that begin with the prefix, in UTF-8 byte order', () => {
    fc.assert(
      fc.property(text, text, text, (prefix, rest, other) => {
        const end = prefixEnd(prefix)
        const isIn = (candidate: string): boolean => compareUtf8(candidate, prefix) >= 0 && (end === null || compareUtf8(candidate, end) < 0)
        expect(isIn(prefix + rest)).toBe(true)
        expect(isIn(other)).toBe(other.startsWith(prefix))
        if (end !== null) expect(isIn(end + rest)).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a free name', () => {
  it.each([
    ['file.ext', 1, '1_file.ext'],
    ['a/file.ext', 1, 'a/1_file.ext'],
    ['a/b/c', 12, 'a/b/12_c'],
    ['a/.hidden', 2, 'a/2_.hidden'],
  ])('for %s, number %d, is %s', (path, n, name) => {
    expect(renamed(path, n)).toBe(name)
    expect(pathFault(name)).toBeNull()
  })
})
