import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UpdateDocument } from '../../../src/http/cmwell/document.ts'
import { fieldQuads, graphOf, termOfIri, valueKey, valueTerm, withoutGraph } from '../../../src/http/cmwell/fields.ts'
import type { StoredFields, StoredValue } from '../../../src/http/cmwell/fields.ts'
import type { Quad } from '../../../src/http/cmwell/rdf/terms.ts'
import { XSD, blank, inLanguage, iri, literal } from '../../../src/http/cmwell/rdf/terms.ts'
import { blankName, subjectIri } from '../../../src/http/cmwell/subjects.ts'
import { sameFields, updatedFields } from '../../../src/http/cmwell/update.ts'
import type { Removal } from '../../../src/http/cmwell/update.ts'
import { isomorphic } from './support.ts'

const P = 'http://example.org/ns#p'
const Q = 'http://example.org/other#q'
const VALUES: readonly StoredValue[] = [
  'plain',
  { '@value': 'plain', '@graph': 'http://g' },
  { '@value': '1', '@type': `${XSD}int` },
  { '@value': 'x', '@language': 'en' },
  { '@id': 'http://example.org/b' },
  { '@id': 'http://example.org/b', '@graph': 'http://g' },
]

describe('stored values', () => {
  it('are terms in their graphs', () => {
    expect(VALUES.map(valueTerm)).toEqual([
      { object: literal('plain'), graph: null },
      { object: literal('plain'), graph: iri('http://g') },
      { object: literal('1', `${XSD}int`), graph: null },
      { object: inLanguage('x', 'en'), graph: null },
      { object: iri('http://example.org/b'), graph: null },
      { object: iri('http://example.org/b'), graph: iri('http://g') },
    ])
    expect(termOfIri('cmwell://blank_node/ADx')).toEqual(blank('ADx'))
  })

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
  const fields: StoredFields = { [P]: VALUES, [Q]: ['q'], name: ['n'] }
  const after = (...remove: readonly Removal[]): StoredFields => updatedFields(fields, { add: {}, remove })

  it('keep what is not spoken of; equal values stand once', () => {
    expect(updatedFields(fields, { add: { [Q]: ['q', 'r'], [P]: [{ '@value': 'x', '@language': 'EN' }] }, remove: [] })).toEqual({ ...fields, [Q]: ['q', 'r'] })
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
    expect(updatedFields(fields, { add: { [Q]: ['q2'] }, remove: [{ what: 'field', field: Q, graph: null }] })[Q]).toEqual(['q2'])
  })

  it('say the same in whatever order', () => {
    expect(sameFields(fields, { name: ['n'], [Q]: ['q'], [P]: VALUES.toReversed() })).toBe(true)
    expect(sameFields(fields, { ...fields, [Q]: ['r'] })).toBe(false)
  })
})

describe('a graph that went through updates and stored fields', () => {
  const paths = fc.constantFrom('http://example.org/a', 'http://example.org/b#c', 'http://other.org/ü')
  const subjects = fc.oneof(paths.map(iri), fc.constantFrom('x', 'y.z', 'é').map(blank))
  const objects = fc.oneof(
    subjects,
    fc.string({ unit: 'grapheme', maxLength: 10 }).map(text => literal(text)),
    fc.string({ maxLength: 5 }).map(text => literal(text, `${XSD}int`)),
    fc.string({ maxLength: 5 }).map(text => inLanguage(text, 'de-AT')),
  )
  const quads: fc.Arbitrary<Quad> = fc.record({
    subject: subjects,
    predicate: fc.constantFrom(P, Q, 'http://h/meta/nn#name', 'http://example.org/__proto__'),
    object: objects,
    graph: fc.option(paths.map(iri)),
  })

  it('is the same', () => {
    fc.assert(
      fc.property(fc.array(quads, { minLength: 1, maxLength: 10 }), graph => {
        const document = new UpdateDocument({ format: 'nquads', documentId: 'D' })
        document.add(graph)
        const back = document.finish().updates.flatMap(({ path, add }) => {
          const name = blankName(path)
          const stored = JSON.parse(JSON.stringify(updatedFields({}, { add, remove: [] }))) as StoredFields
          return fieldQuads(name === null ? iri(subjectIri(path, 'h')) : blank(name), stored, 'http://h/')
        })
        expect(isomorphic(graph, back)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
