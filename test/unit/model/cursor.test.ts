import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCursor, encodeCursor, pageOf } from '../../../src/model/cursor.ts'

describe('cursors', () => {
  it('come back as the key they were made of', () => {
    const comesBack = (key: string | number): boolean =>
      (typeof key === 'string' ? decodeCursor(encodeCursor(key), 'string') : decodeCursor(encodeCursor(key), 'number')) === key
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.maxSafeInteger()), comesBack))
  })

  it.each(['', '!!', 'garbage', encodeCursor('a').slice(1), Buffer.from('{"a":1}').toString('base64url')])('%j is refused', cursor => {
    expect(() => decodeCursor(cursor, 'string')).toThrow(expect.objectContaining({ code: 'invalid_cursor' }))
  })

  it('of another list are refused', () => {
    expect(() => decodeCursor(encodeCursor(7), 'string')).toThrow(expect.objectContaining({ code: 'invalid_cursor' }))
    expect(() => decodeCursor(encodeCursor('7'), 'number')).toThrow(expect.objectContaining({ code: 'invalid_cursor' }))
    expect(() => decodeCursor(encodeCursor(0.5), 'number')).toThrow(expect.objectContaining({ code: 'invalid_cursor' }))
  })
})

describe('a page of rows', () => {
  const cut = (rows: readonly number[]): unknown =>
    pageOf(
      rows,
      2,
      row => row,
      row => `#${row}`,
    )

  it('has a cursor only when there is more', () => {
    expect(cut([])).toEqual({ items: [], nextCursor: null })
    expect(cut([1, 2])).toEqual({ items: ['#1', '#2'], nextCursor: null })
    expect(cut([1, 2, 3])).toEqual({ items: ['#1', '#2'], nextCursor: encodeCursor(2) })
  })
})
