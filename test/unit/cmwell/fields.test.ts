import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FieldValue, FieldValues } from '../../../src/model/field-values.ts'
import { changedFields } from '../../../src/model/field-values.ts'
import { UpdateDocument } from '../../../src/http/cmwell/update/document.ts'
import { fieldPredicate, fieldQuads, fieldValuesOf, termOfIri, valueTerm } from '../../../src/http/cmwell/fields.ts'
import type { Quad } from '../../../src/http/cmwell/rdf/terms.ts'
import { XSD, blank, inLanguage, iri, literal } from '../../../src/http/cmwell/rdf/terms.ts'
import { blankName, subjectIri } from '../../../src/http/cmwell/subjects.ts'
import { isomorphic } from './support.ts'

const P = 'http://example.org/ns#p'
const Q = 'http://example.org/other#q'
const VALUES: readonly FieldValue[] = [
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
})

describe('fields that others wrote', () => {
  it('are sets of values, too', () => {
    expect(fieldValuesOf({ a: 'x', b: [1, 1.5, true], c: { deep: [null] }, d: null, e: VALUES })).toEqual({
      a: ['x'],
      b: [
        { '@value': '1', '@type': `${XSD}integer` },
        { '@value': '1.5', '@type': `${XSD}double` },
        { '@value': 'true', '@type': `${XSD}boolean` },
      ],
      c: ['{"deep":[null]}'],
      d: ['null'],
      e: VALUES,
    })
  })

  it('have predicates that are IRIs', () => {
    expect(['name', 'two words', '1', P].map(key => fieldPredicate(key, 'cmwell://'))).toEqual([
      'cmwell://meta/nn#name',
      'cmwell://meta/nn#two%20words',
      'cmwell://meta/nn#1',
      P,
    ])
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
        const back = [...document.finish()].flat().flatMap(({ path, add }) => {
          const name = blankName(path)
          const stored = JSON.parse(JSON.stringify(changedFields({}, [], add))) as FieldValues
          return fieldQuads(name === null ? iri(subjectIri(path, 'h')) : blank(name), stored, 'http://h/')
        })
        expect(isomorphic(graph, back)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
