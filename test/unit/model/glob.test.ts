import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { globFault, globMatcher } from '../../../src/model/glob.ts'
import { naiveGlob } from './naive-glob.ts'

describe('globs', () => {
  const table: readonly [string, { readonly yes?: readonly string[]; readonly no?: readonly string[] }][] = [
    ['a.png', { yes: ['a.png'], no: ['A.png', 'aXpng', 'b/a.png', 'a.png/b', 'a.pn', 'a.pngg', ''] }],
    ['*', { yes: ['a', '.hidden', '', 'é'], no: ['a/b', '/a'] }],
    ['*.png', { yes: ['a.png', '.png', 'a.b.png'], no: ['a.pngx', 'd/a.png', 'a.PNG'] }],
    ['a*b*c', { yes: ['abc', 'aXbYc', 'abbcc', 'abcbc'], no: ['abcd', 'acb', 'a/bc'] }],
    ['***', { yes: ['a', ''], no: ['a/b'] }],
    ['a**b', { yes: ['ab', 'aXb'], no: ['a/b', 'a/x/b'] }],
    ['?', { yes: ['a', '.', 'é', '😀'], no: ['', 'ab', '/', '😀😀'] }],
    ['???.txt', { yes: ['abc.txt', 'a😀c.txt'], no: ['ab.txt', 'a/c.txt'] }],
    ['**', { yes: ['a', 'a/b', 'a/b/c', '.a/.b', ''] }],
    ['**/*.png', { yes: ['a.png', 'x/a.png', 'x/y/z/a.png', '/a.png'], no: ['a.png/x', 'a.jpg'] }],
    ['a/**', { yes: ['a', 'a/b', 'a/b/c'], no: ['ab', 'b/a', 'ab/c'] }],
    ['a/**/b', { yes: ['a/b', 'a/x/b', 'a/x/y/b', 'a/b/b'], no: ['ab', 'a/xb', 'a/b/x', 'a'] }],
    ['**/a/**/b/**', { yes: ['a/b', 'x/a/y/b/z', 'a/a/b', 'b/a/b'], no: ['b/a', 'a', 'a/xb'] }],
    ['**/**/x', { yes: ['x', 'a/x', 'a/b/c/x'], no: ['a', 'x/a'] }],
    ['a/*/c', { yes: ['a/b/c', 'a/.b/c'], no: ['a/c', 'a/b/b/c'] }],
    ['[abc]', { yes: ['a', 'b', 'c'], no: ['d', '', 'ab', '/'] }],
    ['[a-cx]1', { yes: ['a1', 'b1', 'x1'], no: ['d1', '-1', 'y1'] }],
    ['[!a-c]', { yes: ['d', '-', '!', '😀'], no: ['a', 'b', '/', '', 'dd'] }],
    ['[^x]', { yes: ['a', '^'], no: ['x'] }],
    ['[x^!]', { yes: ['x', '^', '!'], no: ['a'] }],
    ['[-a][a-]', { yes: ['--', 'a-', '-a'], no: ['b-'] }],
    ['[+-9]', { yes: ['+', '.', '0', '9'], no: ['/', 'a'] }],
    ['a[!x]b', { yes: ['ayb'], no: ['axb', 'a/b', 'ab'] }],
    ['[[*?{,]', { yes: ['[', '*', '?', '{', ','], no: ['a'] }],
    ['[\\]\\\\\\-a]', { yes: [']', '\\', '-', 'a'], no: ['b'] }],
    ['[😀-😂]', { yes: ['😀', '😁', '😂'], no: ['😃', 'a'] }],
    ['{a,b}', { yes: ['a', 'b'], no: ['c', 'ab', '{a,b}', 'a,b'] }],
    ['*.{jpg,jpe?,}', { yes: ['a.jpg', 'a.jpeg', 'a.'], no: ['a.png', 'a'] }],
    ['{src,test/unit}/**/*.ts', { yes: ['src/a.ts', 'test/unit/b/c.ts'], no: ['test/a.ts', 'unit/a.ts'] }],
    ['{**/,}x{1,{2,3}}', { yes: ['x1', 'a/x2', 'a/b/x3'], no: ['x', 'x4', 'ax1'] }],
    ['{a}{b,c}', { yes: ['ab', 'ac'], no: ['a', 'bc'] }],
    ['{[,}],x}', { yes: [',', '}', 'x'], no: ['[', 'a'] }],
    ['a,b', { yes: ['a,b'], no: ['a', 'b'] }],
    ['\\*\\?\\[\\{\\}\\]\\\\\\a', { yes: ['*?[{}]\\a'], no: ['x?[{}]\\a'] }],
    ['\\*\\*/x', { yes: ['**/x'], no: ['x', 'a/x'] }],
    ['{a\\,b,c}', { yes: ['a,b', 'c'], no: ['a', 'b'] }],
    ['a\\/b', { yes: ['a/b'], no: ['a\\/b'] }],
  ]

  it.each(table)('%s', (glob, { yes = [], no = [] }) => {
    const matches = globMatcher(glob)
    expect(globFault(glob)).toBeNull()
    for (const path of yes) expect([path, matches(path)]).toEqual([path, true])
    for (const path of no) expect([path, matches(path)]).toEqual([path, false])
  })

  it.each([
    ['', 'empty'],
    ['a[bc', 'without a "]"'],
    ['a[', 'without a "]"'],
    ['a[b-', 'without a "]"'],
    ['a]', 'without a "["'],
    ['[[:alpha:]]', 'without a "["'],
    ['[]', 'empty "[]"'],
    ['[!]', 'empty "[]"'],
    ['[z-a]', 'backwards'],
    ['[a/b]', 'inside one segment'],
    ['{a,b', 'without a "}"'],
    ['{a,{b}', 'without a "}"'],
    ['a}', 'without a "{"'],
    ['{a}}', 'without a "{"'],
    ['{a,{b,{c}}}', 'nested'],
    ['a\\', 'escapes nothing'],
    ['[\\', 'escapes nothing'],
    [`{${'a,'.repeat(64)}a}`, 'more than 64 alternatives'],
    ['{a,b}'.repeat(7), 'more than 64 alternatives'],
    ['{a,b}'.repeat(200), 'more than 64 alternatives'],
    ['{a,b}'.repeat(6) + '*'.repeat(30), 'more than 2048 characters'],
    ['a'.repeat(1025), '1025 characters'],
    ['a\u0000', 'control character'],
    ['a\u0085', 'control character'],
    ['\ud800', 'Unicode'],
  ])('%j is refused', (glob, why) => {
    expect(globFault(glob)).toContain(why)
    expect(() => globMatcher(glob)).toThrow(expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(why) }))
  })

  it('takes the most that is allowed', () => {
    expect(globFault('a'.repeat(1024))).toBeNull()
    expect(globMatcher('{a,b}'.repeat(6))('ababab')).toBe(true)
  })

  it.each([
    ['*a*a*a*a*a*b', 'a'.repeat(1024)],
    [`${'*a'.repeat(511)}*b`, 'a'.repeat(1024)],
    [`*${'a'.repeat(500)}b`, 'a'.repeat(1024)],
    ['**/**/**/x', `${'a/'.repeat(511)}a`],
    [`${'**/a/'.repeat(200)}b`, `${'a/'.repeat(511)}a`],
    [`${'**/*a*/'.repeat(140)}b`, `${'aaa/'.repeat(255)}a`],
    [`{${'*a?,'.repeat(40)}*}{${'*?a'.repeat(12)}b*}`, 'a'.repeat(1024)],
    [`{${'*,'.repeat(60)}*}${'a'.repeat(30)}b*`, 'a'.repeat(1024)],
    [`{${'**/,'.repeat(60)}**}/${'a/'.repeat(12)}b/**`, `${'a/'.repeat(511)}a`],
    [`${'*[!b]'.repeat(200)}b`, 'a'.repeat(1024)],
  ])('is quick on hostile patterns: %s', (glob, path) => {
    const matches = globMatcher(glob)
    for (let n = 0; n < 20; n += 1) expect(matches(path)).toBe(false)
  })

  it('agrees with the plain recursive meaning', () => {
    const sign = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('a', 'b', '/', '*', '?', '**', '/**/', '**/', '/**') },
      { weight: 2, arbitrary: fc.constantFrom('[ab]', '[!a]', '[a-b]', '\\*', '.', '😀') },
      { weight: 1, arbitrary: fc.constantFrom('{a,b}', '{a/b,}', '{*,?/}', '{a,{b,/}}', '{**,b}') },
    )
    const glob = fc.array(sign, { minLength: 1, maxLength: 7 }).map(signs => signs.join(''))
    const path = fc.array(fc.constantFrom('a', 'b', 'a', 'b', '/', '.', '*', '😀'), { maxLength: 9 }).map(signs => signs.join(''))
    fc.assert(
      fc.property(
        glob.filter(it => globFault(it) === null),
        fc.array(path, { minLength: 1, maxLength: 10 }),
        (pattern, paths) => {
          const matches = globMatcher(pattern)
          for (const one of paths) expect([one, matches(one)]).toEqual([one, naiveGlob(pattern, one)])
        },
      ),
      { numRuns: 2000 },
    )
  })
})
