import { describe, expect, it } from 'vitest'
import { VCARD, idOf, world } from './world.ts'

const of = world()

/** The bodies of the contract's section 1.6, which all say the same of one infoton, and the content types of 1.2. */
const BODIES: readonly (readonly [format: string, types: readonly string[], body: (subject: string) => string])[] = [
  ['ntriples', ['text/plain', 'text/plain; charset=ISO-8859-1', '', 'missing'], subject => `<${subject}> <${VCARD}FN> "J" .\n`],
  ['nquads', ['application/n-quads', 'text/x-nquads'], subject => `<${subject}> <${VCARD}FN> "J" <http://example.org/graphs/g> .`],
  ['nq', [], subject => `<${subject}> <${VCARD}FN> "J" <http://example.org/graphs/g> .`],
  ['turtle', ['text/turtle', 'TEXT/TURTLE;charset=utf-8'], subject => `@prefix v: <${VCARD}> . <${subject}> a v:Individual ; v:FN "J" .`],
  ['ttl', [], subject => `@prefix v: <${VCARD}> . <${subject}> a v:Individual ; v:FN "J" .`],
  ['n3', ['text/n3'], subject => `@prefix v: <${VCARD}> . <${subject}> a v:Individual ; v:FN "J" .`],
  ['trig', ['application/trig'], subject => `@prefix v: <${VCARD}> . <http://example.org/graphs/g> { <${subject}> v:FN "J" . }`],
  [
    'rdfxml',
    ['application/rdf+xml'],
    subject =>
      `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:v="${VCARD}"><rdf:Description rdf:about="${subject}"><v:FN>J</v:FN></rdf:Description></rdf:RDF>`,
  ],
  ['jsonld', ['application/ld+json', 'application/json'], subject => JSON.stringify({ '@id': subject, [`${VCARD}FN`]: 'J' })],
]

describe('a document', () => {
  for (const [format, types, body] of BODIES) {
    it(`in ${format} is taken, whatever its Content-Type`, async () => {
      const path = `/example.org/by-format/${format}`
      const answer = await of().in(`format=${format.toUpperCase()}&tracking`, body(`http:/${path}`))
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
      expect(JSON.parse(answer.body)).toHaveProperty('success', true)
      expect(await of().tracked(idOf(answer))).toEqual({ [path]: 'Done' })
      expect(await of().fields(path)).toMatchObject({ 'FN.vcard': ['J'] })
    })

    for (const type of types) {
      it(`of the type ${JSON.stringify(type)} is ${format}`, async () => {
        const path = `/example.org/by-type/${format}-${types.indexOf(type)}`
        for (const query of ['tracking', 'format=&tracking']) {
          const answer = await of().in(query, Buffer.from(body(`http:/${path}`)), { type: type === 'missing' ? null : type })
          expect(await of().tracked(idOf(answer)), query).toEqual({ [path]: 'Done' })
        }
        expect(await of().fields(path)).toMatchObject({ 'FN.vcard': ['J'] })
      })
    }
  }

  it('says the same in each format: what one wrote, the others change nothing of', async () => {
    const path = '/example.org/J'
    const formats = BODIES.filter(([format]) => !['nquads', 'nq', 'trig'].includes(format))
    const uuids = new Set<string>()
    for (const [format, , body] of [...formats, ...formats]) {
      await of().tracked(idOf(await of().in(`format=${format}&tracking`, body(`http:/${path}`))))
      uuids.add(await of().uuid(path))
    }
    // the first time without a type, then with the one that Turtle adds
    expect(uuids.size).toBe(2)
    expect(await of().fields(path)).toEqual({ 'FN.vcard': ['J'], 'type.rdf': [`${VCARD}Individual`] })
  })

  it('in jsonw is an infoton, or a bag of them, without tracking and blocking', async () => {
    const infoton = (name: string): object => ({
      type: 'ObjectInfoton',
      system: { path: `/example.org/wrapped/${name}` },
      fields: { 'FN.vcard': [name], plain: [1, true, 'x'] },
    })
    const one = await of().in('format=jsonw&tracking&blocking', JSON.stringify(infoton('one')))
    expect([one.status, JSON.parse(one.body), one.headers.get('x-cm-well-tid'), one.headers.get('x-cm-well-tracking')]).toEqual([
      200,
      { success: true },
      null,
      null,
    ])
    const empty = await of().in('format=jsonw', '{"type":"BagOfInfotons","infotons":[]}')
    expect([empty.status, empty.headers.get('content-type')]).toEqual([422, 'text/plain; charset=utf-8'])
    const bag = await of().in('format=jsonw', JSON.stringify({ type: 'BagOfInfotons', infotons: [infoton('two'), infoton('three')] }))
    expect(bag.status).toBe(200)
    // ordered: whoever waits for a later one has seen these
    await of().update('<http://example.org/wrapped/last> <cmwell://meta/nn#x> "x" .')
    for (const name of ['one', 'two', 'three']) {
      expect(await of().fields(`/example.org/wrapped/${name}`)).toEqual({ 'FN.vcard': [name], plain: [1, true, 'x'] })
    }
  })

  it('may have a Content-Type that is none, when its format is told', async () => {
    const answer = await of().in('format=ntriples&tracking', `<http://example.org/odd> <${VCARD}FN> "J" .`, { type: 'text, or so' })
    expect(await of().tracked(idOf(answer))).toEqual({ '/example.org/odd': 'Done' })
  })

  it('of which nobody says the format is refused', async () => {
    for (const [query, type] of [
      ['', 'application/x-www-form-urlencoded'],
      ['format=trix', 'image/png'],
      ['format=nt', 'image/png'],
      ['format=json-ld', 'image/png'],
      ['format=constructor', 'image/png'],
      ['', 'text, or so'],
    ] as const) {
      const answer = await of().in(query, `<http://example.org/none> <${VCARD}FN> "J" .`, { type })
      expect(answer.status, query).toBe(400)
      expect(JSON.parse(answer.body), query).toEqual({
        success: false,
        error: expect.stringMatching(/^Your request should contains either format param \(ntriples, nquads, turtle/) as string,
      })
    }
  })
})

describe('what an answer carries', () => {
  it('is the server, its version and the time taken, on success and on errors', async () => {
    for (const body of [`<http://example.org/J> <${VCARD}FN> "J" .`, 'oops']) {
      const { headers } = await of().in('format=ntriples', body)
      expect(headers.get('x-cmwell-hostname')).toBe('127.0.0.1')
      expect(headers.get('x-cmwell-version')).not.toBeNull()
      expect(headers.get('x-cmwell-rt')).toMatch(/^\d+ms$/)
    }
  })
})
