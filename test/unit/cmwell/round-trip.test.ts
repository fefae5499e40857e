import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RDF_OUTPUTS, hasGraphs } from '../../../src/http/cmwell/rdf/formats.ts'
import type { RdfOutput } from '../../../src/http/cmwell/rdf/formats.ts'
import type { Quad } from '../../../src/http/cmwell/rdf/terms.ts'
import { XSD, blank, inLanguage, iri, literal } from '../../../src/http/cmwell/rdf/terms.ts'
import { isomorphic, read, readerOf, write } from './support.ts'

const names = fc.constantFrom(
  'http://example.org/a',
  'https://example.org/b#c',
  'cmwell://x/ü/%20',
  'http://example.org/a/b.c-d',
  'urn:x:1',
  "http://example.org/a(b),;~!$&'*+=@",
)
const blanks = fc.constantFrom('a', 'b', 'X', 'c.d-é', 'n1').map(blank)
const resources = fc.oneof(names.map(iri), blanks)
const predicates = fc.constantFrom(
  'http://www.w3.org/1999/02/22-rdf-syntax-ns#type',
  'http://www.w3.org/2006/vcard/ns#FN',
  'http://example.org/ns/naïve-name',
  'http://example.org/12/x.y',
  'cmwell://meta/nn#plain',
  'http://example.org/ns2#FN',
)
/** Any text that XML, too, can hold. */
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('"', "'", '\\', '\n', '\r', '\t', '<', '&', '>', ']]>', ' ', '😀', '\u2028', '\u0085', '\ufeff', '\u007f', '@', '^'),
    maxLength: 8,
  }),
)
const literals = fc.oneof(
  texts.map(text => literal(text)),
  fc.tuple(texts, fc.constantFrom(`${XSD}int`, `${XSD}boolean`, 'http://example.org/type#x', 'urn:type')).map(([text, type]) => literal(text, type)),
  fc.tuple(texts, fc.constantFrom('en', 'de-AT', 'zh-Hant-TW')).map(([text, language]) => inLanguage(text, language)),
)
const quads: fc.Arbitrary<Quad> = fc.record({
  subject: resources,
  predicate: predicates,
  object: fc.oneof(resources, literals),
  graph: fc.oneof(fc.constant(null), names.map(iri)),
})
const graphs = fc.array(quads, { maxLength: 8 })

describe('a graph written in one format and read back', () => {
  for (const format of RDF_OUTPUTS) {
    it(`is the same as ${format}`, async () => {
      await fc.assert(
        fc.asyncProperty(graphs, fc.integer({ min: 1, max: 40 }), async (graph, size) => {
          const document = await write(format, graph)
          const back = await read(readerOf(format), document, {}, {}, size)
          expect(isomorphic(asIn(format, graph), back), document).toBe(true)
        }),
        { numRuns: 150 },
      )
    })
  }

  it('is the same through every pair of formats', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, fc.constantFrom(...RDF_OUTPUTS), fc.constantFrom(...RDF_OUTPUTS), async (graph, first, second) => {
        const between = await read(readerOf(first), await write(first, graph))
        const back = await read(readerOf(second), await write(second, between))
        expect(isomorphic(asIn(second, asIn(first, graph)), back)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})

describe('the comparison of graphs', () => {
  const next = (from: string, to: string): Quad => ({ subject: blank(from), predicate: 'http://example.org/next', object: blank(to), graph: null })

  it('sees no difference in labels', () => {
    expect(isomorphic([next('a', 'b'), next('b', 'a')], [next('x', 'y'), next('y', 'x')])).toBe(true)
  })

  it('sees the difference between one ring of four and two of two', () => {
    const four = [next('a', 'b'), next('b', 'c'), next('c', 'd'), next('d', 'a')]
    expect(isomorphic(four, [next('a', 'b'), next('b', 'a'), next('c', 'd'), next('d', 'c')])).toBe(false)
  })
})

function asIn(format: RdfOutput, graph: readonly Quad[]): Quad[] {
  return graph.map(quad => (hasGraphs(format) && format !== 'jsonld' ? quad : { ...quad, graph: null }))
}
