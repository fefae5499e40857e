import { describe, expect, it } from 'vitest'
import type { FieldRemoval, FieldValue, FieldValues } from '../../../src/model/field-values.ts'
import { changedFields, graphOf, valueKey, withoutGraph } from '../../../src/model/field-values.ts'

const INT = 'http://www.w3.org/2001/XMLSchema#int'
const P = 'http://example.org/ns#p'
const Q = 'http://example.org/other#q'
const VALUES: readonly FieldValue[] = [
  'plain',
  { '@value': 'plain', '@graph': 'http://g' },
  { '@value': '1', '@type': INT },
  { '@value': 'x', '@language': 'en' },
  { '@id': 'http://example.org/b' },
  { '@id': 'http://example.org/b', '@graph': 'http://g' },
]

describe('values', () => {
  it('are each of its own key; language tags in whatever case are the same', () => {
    expect(new Set(VALUES.map(valueKey)).size).toBe(VALUES.length)
    expect(valueKey({ '@value': 'x', '@language': 'EN' })).toBe(valueKey({ '@value': 'x', '@language': 'en' }))
    expect(valueKey({ '@value': 'plain' })).toBe(valueKey('plain'))
  })

  it('lose their graph', () => {
    expect(VALUES.map(graphOf)).toEqual([null, 'http://g', null, null, null, 'http://g'])
    expect(VALUES.map(withoutGraph)).toEqual(['plain', 'plain', VALUES[2], VALUES[3], VALUES[4], VALUES[4]])
  })
})

describe('the fields after an update', () => {
  const fields: FieldValues = { [P]: VALUES, [Q]: ['q'], name: ['n'] }
  const after = (...remove: readonly FieldRemoval[]): FieldValues => changedFields(fields, remove, {}) as FieldValues

  it('keep what is not spoken of; equal values stand once', () => {
    expect(changedFields(fields, [], { [Q]: ['q', 'r'], [P]: [{ '@value': 'x', '@language': 'EN' }] })).toEqual({ ...fields, [Q]: ['q', 'r'] })
  })

  it('lose a field, in one graph or in all; a field without values is gone', () => {
    expect(after({ what: 'field', field: P, graph: '*' })).toEqual({ [Q]: ['q'], name: ['n'] })
    expect(after({ what: 'field', field: P, graph: 'http://g' })[P]).toEqual([VALUES[0], VALUES[2], VALUES[3], VALUES[4]])
    expect(after({ what: 'field', field: P, graph: null })[P]).toEqual([VALUES[1], VALUES[5]])
    expect(after({ what: 'field', field: '*', graph: '*' })).toEqual({})
  })

  it('lose the fields of a namespace', () => {
    expect(Object.keys(after({ what: 'namespace', namespace: 'http://example.org/ns#', graph: '*' }))).toEqual([Q, 'name'])
  })

  it('lose a value, in one graph or in all', () => {
    expect(after({ what: 'value', field: P, value: 'plain', graph: '*' })[P]).toEqual(VALUES.slice(2))
    expect(after({ what: 'value', field: P, value: 'plain', graph: 'http://g' })[P]).toEqual([VALUES[0], ...VALUES.slice(2)])
    expect(after({ what: 'value', field: P, value: 'plain', graph: null })[P]).toEqual(VALUES.slice(1))
  })

  it('are replaced: removed first, then added', () => {
    expect(changedFields(fields, [{ what: 'field', field: Q, graph: null }], { [Q]: ['q2'] })?.[Q]).toEqual(['q2'])
  })

  it('are null when nothing would change', () => {
    expect(changedFields(fields, [{ what: 'field', field: P, graph: '*' }], { [P]: VALUES.toReversed() })).toBeNull()
    expect(changedFields(fields, [], { [Q]: ['q'] })).toBeNull()
    expect(changedFields(fields, [{ what: 'field', field: 'absent', graph: '*' }], {})).toBeNull()
  })
})
