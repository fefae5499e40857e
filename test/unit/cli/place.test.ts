import { describe, expect, it } from 'vitest'
import { isDirectory, parseDestination, parseSource, parseStored, pathAt } from '../../../src/cli/place.ts'

describe('a source', () => {
  it.each([
    ['photos:a.png', { kind: 'file', collection: 'photos', path: 'a.png' }],
    ['alice/photos:2026/a.png', { kind: 'file', collection: 'alice/photos', path: '2026/a.png' }],
    ['files.example.org:a:b.txt', { kind: 'file', collection: 'files.example.org', path: 'a:b.txt' }],
    ['photos:', { kind: 'selection', collection: 'photos', prefix: '', glob: null }],
    ['photos:2026/', { kind: 'selection', collection: 'photos', prefix: '2026/', glob: null }],
    ['photos:*.png', { kind: 'selection', collection: 'photos', prefix: '', glob: '*.png' }],
    ['photos:2026/05/**/*.png', { kind: 'selection', collection: 'photos', prefix: '2026/05/', glob: '**/*.png' }],
    ['photos:2026/img-?/a/b.png', { kind: 'selection', collection: 'photos', prefix: '2026/', glob: 'img-?/a/b.png' }],
    ['list.csv', { kind: 'manifest', file: 'list.csv', format: 'csv' }],
    ['./a:b/List.JSONL', { kind: 'manifest', file: './a:b/List.JSONL', format: 'ndjson' }],
    ['-', { kind: 'manifest', file: '-', format: 'ndjson' }],
  ])('%s', (text, expected) => {
    expect(parseSource(text)).toEqual(expected)
  })

  it('takes pattern signs as they are when it is told to', () => {
    expect(parseSource('pages:blog/[id].tsx', { literal: true })).toEqual({ kind: 'file', collection: 'pages', path: 'blog/[id].tsx' })
  })

  it('takes the format that is given over the name', () => {
    expect(parseSource('items.txt', { format: 'csv' })).toEqual({ kind: 'manifest', file: 'items.txt', format: 'csv' })
  })

  it.each([
    ['photos', 'neither a place nor a manifest'],
    ['a.png', 'files of this machine go in with put'],
    ['photos:/a', 'empty segment'],
    ['photos:a/../b', '".."'],
    ['photos:a//', 'empty segment'],
    ['_x:a', 'reserved'],
    ['v1:a', 'reserved'],
    ['ph otos:a', 'use letters'],
    ['photos:a\u0000b', 'control character'],
  ])('refuses %j', (text, reason) => {
    expect(() => parseSource(text)).toThrow(reason)
  })

  it('may be a collection alone where only stored files make sense', () => {
    expect(parseStored('photos')).toEqual({ kind: 'selection', collection: 'photos', prefix: '', glob: null })
  })
})

describe('a destination', () => {
  it.each([
    ['archive', 'x/a.png', 'x/a.png'],
    ['archive:', 'x/a.png', 'a.png'],
    ['archive:2026/', 'x/a.png', '2026/a.png'],
    ['archive:2026/b.png', 'x/a.png', '2026/b.png'],
  ])('%s for %s gives %s', (text, source, path) => {
    expect(pathAt(parseDestination(text), source)).toBe(path)
  })

  it('is a directory unless it names one file', () => {
    expect(['archive', 'archive:', 'archive:a/', 'archive:a'].map(text => isDirectory(parseDestination(text)))).toEqual([true, true, true, false])
  })

  it.each(['', ':a', 'archive:../a', 'archive://', 'api:x'])('refuses %j', text => {
    expect(() => parseDestination(text)).toThrow()
  })

  it.each(['./a.png', '../a', '/tmp/a', '~/a', './a:b'])('is not %j, a name on this machine', text => {
    expect(() => parseDestination(text)).toThrow('get downloads files')
  })
})
