import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { VCARD, XSD, says, world } from './world.ts'

const of = world({ bodyTimeoutMs: 500 })
const DEEP = 10_000
const MIB = 1024 * 1024
const RDF_XML = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:a="http://hostile.org/ns/">'
const LAUGHS = Array.from({ length: 10 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')

interface Document {
  readonly what: string
  readonly query: string
  readonly body: () => string | Uint8Array
  readonly statuses?: readonly number[]
}

const DOCUMENTS: readonly Document[] = [
  { what: 'N-Triples that break off', query: 'format=ntriples', body: () => `<http://hostile.org/s> <${VCARD}FN> "unfini` },
  { what: 'Turtle that breaks off', query: 'format=turtle', body: () => '<http://hostile.org/s> <http://a/p> [ <http://a/q> 1' },
  { what: 'TriG that breaks off', query: 'format=trig', body: () => '<http://g> { <http://hostile.org/s> <http://a/p> 1 .' },
  { what: 'RDF/XML that breaks off', query: 'format=rdfxml', body: () => `${RDF_XML}<rdf:Description rdf:about="http://hostile.org/s"><a:p>x</a:p>` },
  { what: 'JSON-LD that breaks off', query: 'format=jsonld', body: () => '[{"@id":"http://hostile.org/s","http://a/p":"unfin' },
  { what: 'jsonw that breaks off', query: 'format=jsonw', body: () => '{"type":"ObjectInfoton","system":{"path":"/hostile.org/s"' },
  { what: 'deep blank nodes in Turtle', query: 'format=turtle', body: () => `<http://hostile.org/s> <http://a/p> ${'[ <http://a/q> '.repeat(DEEP)}` },
  { what: 'deep lists in N3', query: 'format=n3', body: () => `<http://hostile.org/s> <http://a/p> ${'('.repeat(DEEP)}` },
  {
    what: 'deep elements in RDF/XML',
    query: 'format=rdfxml',
    body: () => `${RDF_XML}${'<rdf:Description><a:p>'.repeat(DEEP)}${'</a:p></rdf:Description>'.repeat(DEEP)}</rdf:RDF>`,
  },
  { what: 'deep objects in JSON-LD', query: 'format=jsonld', body: () => '{"http://a/p":'.repeat(DEEP) + '1' + '}'.repeat(DEEP) },
  { what: 'deep arrays in JSON-LD', query: 'format=jsonld', body: () => '['.repeat(DEEP) + ']'.repeat(DEEP) },
  { what: 'deep objects in jsonw', query: 'format=jsonw', body: () => '{"a":'.repeat(DEEP) + '1' + '}'.repeat(DEEP) },
  {
    what: 'a billion laughs',
    query: 'format=rdfxml',
    body: () =>
      `<?xml version="1.0"?><!DOCTYPE rdf:RDF [<!ENTITY l0 "ha">${LAUGHS}]>${RDF_XML}<rdf:Description rdf:about="http://hostile.org/s"><a:p>&l9;</a:p></rdf:Description></rdf:RDF>`,
  },
  {
    what: 'an entity from a file',
    query: 'format=rdfxml',
    body: () =>
      `<!DOCTYPE rdf:RDF [<!ENTITY x SYSTEM "file:///etc/passwd">]>${RDF_XML}<rdf:Description rdf:about="http://hostile.org/s"><a:p>&x;</a:p></rdf:Description></rdf:RDF>`,
  },
  { what: 'a context from elsewhere', query: 'format=jsonld', body: () => '{"@context":"http://127.0.0.1:1/context","@id":"http://hostile.org/s","name":"x"}' },
  { what: 'a huge literal', query: 'format=ntriples', body: () => says('/hostile.org/s', 'FN', 'x'.repeat(5 * MIB)) },
  { what: 'a huge literal in Turtle', query: 'format=turtle', body: () => `<http://hostile.org/s> <${VCARD}FN> """${'x'.repeat(5 * MIB)}""" .` },
  { what: 'a huge IRI', query: 'format=ntriples', body: () => says(`/hostile.org/${'x'.repeat(MIB)}`, 'FN', 'x') },
  { what: 'a path that is too long', query: 'format=ntriples', body: () => says(`/hostile.org/${'x'.repeat(1025)}`, 'FN', 'x') },
  ...['ntriples', 'turtle', 'rdfxml', 'jsonld', 'jsonw'].map((format): Document => ({
    what: `bytes that are no UTF-8 in ${format}`,
    query: `format=${format}`,
    body: () => Buffer.concat([Buffer.from('<http://hostile.org/s> <http://a/p> "'), Buffer.of(0xc3, 0x28, 0xff), Buffer.from('" .')]),
  })),
  ...['http://hostile.org/a b', 'http://hostile.org/<a>', 'http://hostile.org/\\u0000', 'http://hostile.org/a|b', 'relative', 'http://', '//x'].map(
    (iri): Document => ({ what: `the IRI ${iri}`, query: 'format=ntriples', body: () => `<${iri}> <${VCARD}FN> "x" .` }),
  ),
  { what: 'a lone surrogate', query: 'format=ntriples', body: () => `<http://hostile.org/s> <${VCARD}FN> "\\uD800" .` },
  { what: 'one line of 20 MB', query: 'format=ntriples', body: () => `<http://hostile.org/s> <${VCARD}FN> ${'"x" '.repeat(5 * MIB)}` },
  { what: 'one line of 20 MB without a space', query: 'format=nquads', body: () => 'x'.repeat(20 * MIB) },
  { what: 'one line of 20 MB in JSON-LD', query: 'format=jsonld', body: () => `{"@id":"${'x'.repeat(20 * MIB)}"}` },
  {
    what: 'one attribute of 20 MB',
    query: 'format=rdfxml',
    body: () => `${RDF_XML}<rdf:Description rdf:about="${'x'.repeat(20 * MIB)}"><a:p>x</a:p></rdf:Description></rdf:RDF>`,
  },
  { what: 'one comment of 60 MB', query: 'format=rdfxml', body: () => `${RDF_XML}<!-- ${'x'.repeat(60 * MIB)} --></rdf:RDF>` },
  { what: 'random bytes', query: 'format=turtle', body: () => Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * 7919) % 256)) },
  {
    what: 'prototype names in jsonw',
    query: 'format=jsonw',
    body: () => '{"type":"__proto__","system":{"path":"/hostile.org/s"},"fields":{"__proto__":["x"]}}',
  },
  { what: 'a number that is none', query: 'format=ntriples&length=x', body: () => `<http://hostile.org/s> <http://a/p> "x"^^<${XSD}int ${'y'.repeat(10)}> .` },
]

/** The server answers, and quickly: nothing of what came before holds it up. */
afterEach(async () => {
  const begun = performance.now()
  expect(await of().update(says('/well.org/a', 'FN', 'x'))).toEqual({ '/well.org/a': 'Done' })
  // generous, for a busy machine; what would hold the server up does so for far longer
  expect(performance.now() - begun).toBeLessThan(5000)
})

describe('a hostile document is refused:', () => {
  for (const { what, query, body } of DOCUMENTS) {
    it(what, async () => {
      const document = body()
      const answer = await of().in(`${query}&tracking`, document)
      expect(answer.status, answer.body.slice(0, 300)).toBeGreaterThanOrEqual(400)
      expect(answer.status, answer.body.slice(0, 300)).toBeLessThan(500)
      expect(answer.headers.get('x-cm-well-tid')).toBeNull()
      expect(JSON.parse(answer.body)).toEqual({ success: false, error: expect.any(String) as string })
      // no refusal sends back what it was sent
      expect(answer.bytes.length).toBeLessThan(10_000)
      expect((await of().get('/hostile.org?format=json')).status).toBe(404)
    })
  }

  it('a value that is said 200,000 times is taken, and is one', { timeout: 60_000 }, async () => {
    const body = Buffer.from(says('/many.org/s', 'FN', 'x').repeat(200_000))
    expect(await of().update(body.toString(), 'format=ntriples')).toEqual({ '/many.org/s': 'Done' })
    expect(await of().fields('/many.org/s')).toEqual({ 'FN.vcard': ['x'] })
  })
})

describe('a body', () => {
  /** Sends the head of an update by hand, and then what `feed` writes; resolves with what came back. */
  async function byHand(feed: (write: (text: string) => boolean) => Promise<void>): Promise<string> {
    const { hostname, port } = new URL(of().server.url)
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('data', chunk => (answer += chunk.toString()))
    socket.on('error', () => (answer += ''))
    await once(socket, 'connect')
    const token = await of().token('alice')
    socket.write(`POST /_in?format=ntriples&tracking HTTP/1.1\r\nhost: x\r\nx-cm-well-token: ${token}\r\ntransfer-encoding: chunked\r\n\r\n`)
    const closed = once(socket, 'close')
    await feed(text => socket.writable && socket.write(`${text.length.toString(16)}\r\n${text}\r\n`))
    const limit = setTimeout(() => socket.destroy(), 20_000)
    await closed
    clearTimeout(limit)
    return answer
  }

  it('that never ends is given up, and nothing of it is stored', async () => {
    const answer = await byHand(async write => {
      write(says('/slow.org/a', 'FN', 'x'))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toContain('{"success":false,"error":')
    expect((await of().get('/slow.org?format=json')).status).toBe(404)
  })

  it('that drips is given up, too', async () => {
    const answer = await byHand(async write => {
      const timer = setInterval(() => {
        if (!write('\n')) clearInterval(timer)
      }, 50)
      timer.unref()
    })
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('that is cut off leaves nothing', async () => {
    const { hostname, port } = new URL(of().server.url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    const token = await of().token('alice')
    const text = says('/cut.org/a', 'FN', 'x')
    socket.write(`POST /_in?format=ntriples HTTP/1.1\r\nhost: x\r\nx-cm-well-token: ${token}\r\ncontent-length: ${text.length + 100}\r\n\r\n${text}`)
    socket.destroy()
    await once(socket, 'close')
    await of().update(says('/well.org/b', 'FN', 'x'))
    const { items } = (await (await of().server.call('alice', 'GET', '/v1/collections')).json()) as { items: { id: string }[] }
    expect(items.map(({ id }) => id)).not.toContain('cut.org')
  })
})
