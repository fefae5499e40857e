import { describe, expect, it } from 'vitest'
import type { RdfInput } from '../../../src/http/cmwell/rdf/formats.ts'
import type { Quad } from '../../../src/http/cmwell/rdf/terms.ts'
import { RDF, XSD, blank, inLanguage, iri, literal } from '../../../src/http/cmwell/rdf/terms.ts'
import { isomorphic, read } from './support.ts'

const J = iri('http://example.org/J')
const FN = 'http://www.w3.org/2006/vcard/ns#FN'
const NAMED: Quad = { subject: J, predicate: FN, object: literal('J'), graph: null }
const TYPED: Quad = { subject: J, predicate: `${RDF}type`, object: iri('http://www.w3.org/2006/vcard/ns#Individual'), graph: null }
const IN_GRAPH: Quad = { ...NAMED, graph: iri('http://example.org/graphs/g') }
const PREFIX = '@prefix v: <http://www.w3.org/2006/vcard/ns#> .'

/** The bodies of the contract, section 1.6. */
const EXAMPLES: readonly [RdfInput, string, readonly Quad[]][] = [
  ['ntriples', `<http://example.org/J> <${FN}> "J" .`, [NAMED]],
  ['nquads', `<http://example.org/J> <${FN}> "J" <http://example.org/graphs/g> .`, [IN_GRAPH]],
  ['turtle', `${PREFIX} <http://example.org/J> a v:Individual ; v:FN "J" .`, [TYPED, NAMED]],
  ['n3', `${PREFIX} <http://example.org/J> a v:Individual ; v:FN "J" .`, [TYPED, NAMED]],
  ['trig', `${PREFIX} <http://example.org/graphs/g> { <http://example.org/J> v:FN "J" . }`, [IN_GRAPH]],
  [
    'rdfxml',
    `<rdf:RDF xmlns:rdf="${RDF}" xmlns:v="http://www.w3.org/2006/vcard/ns#"><rdf:Description rdf:about="http://example.org/J"><v:FN>J</v:FN></rdf:Description></rdf:RDF>`,
    [NAMED],
  ],
  ['jsonld', `{"@id":"http://example.org/J","${FN}":"J"}`, [NAMED]],
]

describe('the examples of the protocol', () => {
  it.each(EXAMPLES)('%s', async (format, document, quads) => {
    for (const size of [1, 7, 100_000]) expect(await read(format, document, {}, {}, size)).toEqual(quads)
  })
})

describe('N-Triples and N-Quads', () => {
  it('takes comments, empty lines, tabs, CRLF, a byte order mark, and no line break at the end', async () => {
    const document = `\ufeff# a comment\r\n\r\n\t<http://a/b>\t<http://a/c>\t<http://a/d>\t.\t# more\r\n<http://a/b><http://a/c>"x"@en-GB.\n_:a <http://a/c> _:b.c .`
    expect(await read('ntriples', document, {}, {}, 3)).toEqual([
      { subject: iri('http://a/b'), predicate: 'http://a/c', object: iri('http://a/d'), graph: null },
      { subject: iri('http://a/b'), predicate: 'http://a/c', object: inLanguage('x', 'en-GB'), graph: null },
      { subject: blank('a'), predicate: 'http://a/c', object: blank('b.c'), graph: null },
    ])
  })

  it('takes escapes', async () => {
    const [quad] = await read('ntriples', String.raw`<http://a/\u00e9> <http://a/c> "a\tb\n\"\\ \u00e9 \U0001F600 \\n"^^<http://a/t> .`)
    expect(quad).toEqual({ subject: iri('http://a/é'), predicate: 'http://a/c', object: literal('a\tb\n"\\ é 😀 \\n', 'http://a/t'), graph: null })
  })

  it('takes the relative IRIs of the protocol as they are', async () => {
    const document = '<> <cmwell://meta/sys#replaceGraph> <http://g> .\n<http://a/b> <cmwell://meta/sys#markReplace> <*> .'
    expect((await read('ntriples', document)).map(({ subject, object }) => [subject.value, object.value])).toEqual([
      ['', 'http://g'],
      ['http://a/b', '*'],
    ])
  })

  it('reads a long run in batches that stay small', async () => {
    const line = (number: number): string => `<http://example.org/s${number}> <http://example.org/p> "${number}" .\n`
    const quads = await read('ntriples', Array.from({ length: 20_000 }, (_, index) => line(index)).join(''), {}, {}, 1_000_000)
    expect(quads).toHaveLength(20_000)
    expect(quads[19_999]?.object).toEqual(literal('19999'))
  })
})

describe('relative IRIs in other formats', () => {
  it.each<[RdfInput, string]>([
    ['turtle', '<> <http://a/p> <*> .'],
    ['n3', '<> <http://a/p> <*> .'],
    ['trig', '<> <http://a/p> <*> .'],
    ['rdfxml', `<rdf:RDF xmlns:rdf="${RDF}" xmlns:a="http://a/"><rdf:Description rdf:about=""><a:p rdf:resource="*"/></rdf:Description></rdf:RDF>`],
    ['jsonld', '{"@id":"","http://a/p":{"@id":"*"}}'],
  ])('%s', async (format, document) => {
    expect(await read(format, document)).toEqual([{ subject: iri(''), predicate: 'http://a/p', object: iri('*'), graph: null }])
  })
})

describe('blank nodes', () => {
  const expected: Quad[] = [
    { subject: J, predicate: 'http://a/p', object: blank('x'), graph: null },
    { subject: blank('x'), predicate: 'http://a/q', object: literal('1', `${XSD}integer`), graph: null },
  ]

  it.each<[RdfInput, string]>([
    ['ntriples', `_:y <http://a/q> "1"^^<${XSD}integer> .\n<http://example.org/J> <http://a/p> _:y .`],
    ['turtle', '<http://example.org/J> <http://a/p> [ <http://a/q> 1 ] .'],
    ['n3', '<http://example.org/J> <http://a/p> [ <http://a/q> 1 ] .'],
    [
      'rdfxml',
      `<rdf:RDF xmlns:rdf="${RDF}" xmlns:a="http://a/"><rdf:Description rdf:about="http://example.org/J"><a:p><rdf:Description><a:q rdf:datatype="${XSD}integer">1</a:q></rdf:Description></a:p></rdf:Description></rdf:RDF>`,
    ],
    ['jsonld', '{"@id":"http://example.org/J","http://a/p":{"http://a/q":1}}'],
  ])('%s', async (format, document) => {
    expect(isomorphic(await read(format, document), expected)).toBe(true)
  })

  it('that were named never meet those that were not', async () => {
    const quads = await read('turtle', '_:n1 <http://a/p> [ <http://a/q> _:dn1 ] .')
    expect(new Set(quads.flatMap(({ subject, object }) => [subject.value, object.value])).size).toBe(3)
  })
})

describe('RDF/XML', () => {
  it('keeps a text that comments and CDATA sections cut in parts', async () => {
    const document = `<rdf:RDF xmlns:rdf="${RDF}" xmlns:a="http://a/"><rdf:Description rdf:about="http://a/s"><a:p>one<!-- x --> two<![CDATA[ <three>]]> &amp; &#x34;</a:p></rdf:Description></rdf:RDF>`
    expect((await read('rdfxml', document, {}, {}, 5)).map(quad => quad.object)).toEqual([literal('one two <three> & 4')])
  })
})

describe('JSON-LD', () => {
  it('takes contexts within the document, before and after what they are about', async () => {
    const context = '"@context":{"v":"http://www.w3.org/2006/vcard/ns#","name":{"@id":"v:FN"}}'
    for (const document of [`{${context},"@id":"http://example.org/J","name":"J"}`, `{"@id":"http://example.org/J","name":"J",${context}}`]) {
      expect(await read('jsonld', document, {}, {}, 4)).toEqual([NAMED])
    }
  })

  it('takes graphs', async () => {
    expect(await read('jsonld', `{"@id":"http://example.org/graphs/g","@graph":[{"@id":"http://example.org/J","${FN}":"J"}]}`)).toEqual([IN_GRAPH])
  })
})
