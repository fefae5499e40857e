import { describe, expect, it } from 'vitest'
import { RDF_OUTPUTS } from '../../../src/http/cmwell/rdf/formats.ts'
import { readRdf } from '../../../src/http/cmwell/rdf/read.ts'
import type { Quad } from '../../../src/http/cmwell/rdf/terms.ts'
import { SYS, VCARD, says, world } from './world.ts'

const of = world()
const FORGED = 'en .\n<http://victim.org/> <http://example.org/p> "forged"'

/** The statements about an infoton that are none of the system's, as a reader of the format finds them. */
async function statements(path: string, format: 'ntriples' | 'turtle' | 'trig' | 'nquads' | 'rdfxml' | 'jsonld'): Promise<Quad[]> {
  const answer = await of().get(`${path}?format=${format}`)
  if (answer.status !== 200) throw new Error(`${format}: ${answer.status} ${answer.body}`)
  const quads: Quad[] = []
  for await (const some of readRdf(format, [answer.bytes])) quads.push(...some)
  return quads.filter(({ predicate }) => !predicate.includes('/meta/sys#'))
}

describe('fields that another protocol has given', () => {
  const FIELDS = {
    type: { '@value': 'a', '@type': 5 },
    graph: { '@value': 'a', '@graph': {} },
    name: { '@id': 'http://example.org/x', '@graph': 7 },
    language: { '@value': 'a', '@language': FORGED },
    number: { '@value': 'a', '@language': 7 },
    list: [null, [1], { a: 1 }],
  }

  it('are told as texts, and become no statements of their own', async () => {
    await of().update(says('/injected.org/a', 'FN', 'x'))
    const patch = await of().server.call('alice', 'PATCH', '/v1/collections/injected.org/metadata/a', { fields: FIELDS })
    expect(patch.status).toBe(200)
    for (const format of ['ntriples', 'nquads', 'turtle', 'trig', 'rdfxml', 'jsonld'] as const) {
      const quads = await statements('/injected.org/a', format)
      expect(new Set(quads.map(({ subject }) => subject.value)), format).toEqual(new Set(['http://injected.org/a']))
      expect(quads, format).toHaveLength(9)
    }
    expect(await of().fields('/injected.org/a')).toMatchObject({ number: [JSON.stringify(FIELDS.number)] })
    for (const format of RDF_OUTPUTS) expect((await of().get(`/injected.org?format=${format}`)).status).toBe(200)
  })

  it('do not keep an update from being done', async () => {
    expect(await of().update('<http://injected.org/a> <cmwell://meta/nn#number> "more" .')).toEqual({ '/injected.org/a': 'Done' })
  })
})

describe('jsonw is refused with', () => {
  it.each([
    ['a language that is none', { value: 'a', lang: FORGED }],
    ['a type that is no IRI', { value: 'a', type: 'http://example.org/a b' }],
    ['a graph that is no IRI', { value: 'a', quad: 'http://example.org/>' }],
    ['a reference that is no IRI', { value: 'http://example.org/\n', type: 'anyURI' }],
    ['half a character', '\ud800'],
  ])('%s', async (_, value) => {
    const infoton = { type: 'ObjectInfoton', system: { path: '/refused.org/a' }, fields: { x: [value] } }
    expect((await of().in('format=jsonw', JSON.stringify(infoton))).status).toBe(400)
    expect((await of().get('/refused.org?format=json')).status).toBe(404)
  })
})

it('a language tag in RDF/XML is one', async () => {
  const rdf = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
  const answer = await of().in(
    'format=rdfxml',
    `<rdf:RDF ${rdf} xmlns:v="${VCARD}"><rdf:Description rdf:about="http://refused.org/a"><v:FN xml:lang="en&gt; x">a</v:FN></rdf:Description></rdf:RDF>`,
  )
  expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('is no language tag')])
})

describe('prefixes', () => {
  it('are names', async () => {
    for (const prefix of ['-1', 'a&b', '1', '%20']) {
      const answer = await of().in('format=turtle', `<> <cmwell://meta/ns#${prefix}> "http://example.org/ns/" .`)
      expect([answer.status, answer.body], prefix).toEqual([400, expect.stringContaining('NCName')])
    }
  })

  it('that XML keeps for itself are not used in it', async () => {
    await of().update(`<> <cmwell://meta/ns#rdf> "http://own.org/rdf/" . <> <cmwell://meta/ns#xmlns> "http://own.org/xmlns/" .`, 'format=turtle')
    const named = ['rdf', 'xmlns', 'xml'].map(word => `<http://prefixes.org/a> <http://own.org/${word}/p> <http://own.org/x> .\n`)
    await of().update(named.join('') + `<http://prefixes.org/a> <${SYS}markReplace> <*> .\n`)
    const answer = await of().get('/prefixes.org/a?format=rdfxml')
    expect(answer.body).not.toMatch(/xmlns:xml|xmlns:rdf="http:\/\/own/)
    expect((await statements('/prefixes.org/a', 'rdfxml')).map(({ predicate }) => predicate)).toEqual(
      ['rdf', 'xmlns', 'xml'].map(word => `http://own.org/${word}/p`),
    )
  })
})
