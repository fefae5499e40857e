import { describe, expect, it } from 'vitest'
import { mergedChanges, onlyTakesAway, plainChange, type EntryChange } from '../../../src/model/entry-change.ts'
import type { FieldRemoval } from '../../../src/model/field-values.ts'
import { mergedWishes } from '../../../src/model/merge-items.ts'

const all = (field: string): FieldRemoval => ({ what: 'field', field, graph: '*' })
const EVERYTHING: FieldRemoval = { what: 'all', graph: '*' }
const CONTENT = { digest: 'a'.repeat(64), size: 1 }

describe('two parts of a change', () => {
  const cases: readonly (readonly [string, EntryChange, EntryChange, EntryChange])[] = [
    [
      'add what either adds, equal values once',
      { add: { a: ['1'], b: ['x'] } },
      { add: { a: ['2', '1'], c: ['y'] } },
      { add: { a: ['1', '2'], b: ['x'], c: ['y'] } },
    ],
    [
      'of values in different graphs keep both',
      { add: { a: ['1'] } },
      { add: { a: [{ '@value': '1', '@graph': 'urn:g' }] } },
      { add: { a: ['1', { '@value': '1', '@graph': 'urn:g' }] } },
    ],
    ['remove what either removes, once', { remove: [all('a'), all('b')] }, { remove: [all('b'), all('c')] }, { remove: [all('a'), all('b'), all('c')] }],
    [
      'take values of a removal for the same however their language is written',
      { remove: [{ what: 'value', field: 'a', value: { '@value': 'x', '@language': 'DE' }, graph: null }] },
      {
        remove: [
          { what: 'value', field: 'a', value: { '@language': 'de', '@value': 'x' }, graph: null },
          { what: 'namespace', namespace: 'a', graph: null },
        ],
      },
      {
        remove: [
          { what: 'value', field: 'a', value: { '@language': 'de', '@value': 'x' }, graph: null },
          { what: 'namespace', namespace: 'a', graph: null },
        ],
      },
    ],
    [
      'of kind, media type and content believe the later',
      { kind: 'object', mediaType: 'a/b' },
      { kind: 'file', content: CONTENT },
      { kind: 'file', mediaType: 'a/b', content: CONTENT },
    ],
    ['that say nothing leave the other as it is', { delete: true }, {}, { delete: true }],
    ['that say nothing leave the other as it is, also as the first', { add: {}, remove: [] }, { delete: true }, { delete: true }],
    ['that both delete, delete', { delete: true }, { delete: true }, { delete: true }],
  ]
  it.each(cases)('%s', (_, first, second, expected) => {
    expect(mergedChanges(first, second)).toEqual(expected)
  })

  it('of which one deletes come to what the others say, without anything that was there', () => {
    const write: EntryChange = { add: { a: ['1'] }, remove: [all('b')] }
    const expected: EntryChange = { kind: 'object', remove: [EVERYTHING], add: { a: ['1'] } }
    expect(plainChange(mergedChanges({ delete: true }, write))).toEqual(expected)
    expect(plainChange(mergedChanges(write, { delete: true }))).toEqual(expected)
    expect(plainChange(mergedChanges({ delete: true }, { kind: 'file', content: CONTENT }))).toEqual({ kind: 'file', content: CONTENT, remove: [EVERYTHING] })
    const three = mergedChanges(mergedChanges(write, { delete: true }), { add: { a: ['2'] }, kind: 'link' })
    expect(plainChange(three)).toEqual({ kind: 'link', remove: [EVERYTHING], add: { a: ['1', '2'] } })
    expect(plainChange({ delete: true })).toEqual({ delete: true })
    expect(plainChange(write)).toBe(write)
  })

  it('keep field names with a meaning in JavaScript', () => {
    const odd = JSON.parse('{"__proto__": ["1"]}') as EntryChange['add'] & object
    expect(JSON.stringify(mergedChanges({ add: odd }, { add: { a: ['1'] } }))).toBe('{"add":{"__proto__":["1"],"a":["1"]}}')
  })
})

describe('a change that only takes away', () => {
  it('is told from one that makes something', () => {
    for (const change of [{ remove: [EVERYTHING] }, { delete: true }, { remove: [EVERYTHING], add: {} }] as const) expect(onlyTakesAway(change)).toBe(true)
    const others: readonly EntryChange[] = [
      {},
      { remove: [] },
      { add: { a: ['1'] } },
      { remove: [EVERYTHING], kind: 'object' },
      { remove: [EVERYTHING], delete: true },
    ]
    for (const change of others) expect(onlyTakesAway(change), JSON.stringify(change)).toBe(false)
  })
})

describe('conditions of two parts', () => {
  const revision = 'a'.repeat(32)
  const wish = (change: EntryChange, conditions: { readonly ifMatch?: string; readonly version?: number } = {}): Parameters<typeof mergedWishes>[1] => ({
    change,
    conditions,
  })

  it('hold when one gives them, or both the same', () => {
    expect(mergedWishes('x', wish({}), wish({}, { version: 0 })).conditions).toEqual({ version: 0 })
    expect(mergedWishes('x', wish({}, { version: 0 }), wish({})).conditions).toEqual({ version: 0 })
    expect(mergedWishes('x', wish({}, { ifMatch: revision }), wish({}, { ifMatch: revision })).conditions).toEqual({ ifMatch: revision })
    expect(mergedWishes('x', wish({}), wish({})).conditions).toEqual({})
  })

  it('that differ are refused', () => {
    const told = (one: Parameters<typeof wish>[1], other: Parameters<typeof wish>[1]) => () => mergedWishes('a/x', wish({}, one), wish({}, other))
    expect(told({ ifMatch: revision }, { version: 0 })).toThrow(`multiple base uuids: [,${revision}] for path [a/x]`)
    expect(told({ version: 0 }, { ifMatch: revision })).toThrow(`multiple base uuids: [${revision},] for path [a/x]`)
    expect(told({ version: 3 }, { version: 4 })).toThrow('multiple base uuids: [4,3] for path [a/x]')
  })
})
