import { describe, expect, it, vi } from 'vitest'
import type { RdfInput } from '../../../src/http/cmwell/rdf/formats.ts'
import { isomorphic, read } from '../../unit/cmwell/support.ts'
import { startTestServer } from '../../support/server.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { VCARD, idOf, says, statuses, system, world } from './world.ts'

const of = world()

describe('a blocking update', () => {
  it('can be read as soon as it is answered', async () => {
    for (let n = 0; n < 20; n += 1) {
      const answer = await of().in('format=ntriples&blocking', says(`/blocking.org/${n}`, 'FN', String(n)))
      expect(answer.status).toBe(200)
      expect(await of().fields(`/blocking.org/${n}`)).toEqual({ 'FN.vcard': [String(n)] })
    }
  })

  it('answers the status document in the words of the input format, as plain text', async () => {
    const path = '/blocking.org/format'
    const line = `<http:/${path}> <cmwell://meta/nn#trackingStatus> "Done" .\n`
    for (const [format, body] of [
      ['ntriples', says(path, 'FN', 'x')],
      ['nquads', says(path, 'FN', 'x')],
      ['turtle', says(path, 'FN', 'x')],
      ['ttl', says(path, 'FN', 'x')],
      ['n3', says(path, 'FN', 'x')],
      ['trig', says(path, 'FN', 'x')],
      [
        'rdfxml',
        `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:v="${VCARD}"><rdf:Description rdf:about="http:/${path}"><v:FN>x</v:FN></rdf:Description></rdf:RDF>`,
      ],
      ['jsonld', JSON.stringify({ '@id': `http:/${path}`, [`${VCARD}FN`]: 'x' })],
    ] as const) {
      const answer = await of().in(`format=${format}&blocking`, body)
      expect([answer.status, answer.headers.get('content-type')], format).toEqual([200, 'text/plain; charset=utf-8'])
      const input: RdfInput = format === 'ttl' ? 'turtle' : format
      expect(isomorphic(await read(input, answer.body), await read('ntriples', line)), answer.body).toBe(true)
    }
  })

  it('answers N-Triples when Content-Type says what the body is', async () => {
    const answer = await of().in('blocking', says('/blocking.org/typed', 'FN', 'x'), { type: 'text/turtle' })
    expect(answer.body).toBe('<http://blocking.org/typed> <cmwell://meta/nn#trackingStatus> "Done" .\n')
  })

  it('has the id, and not Done in its place', async () => {
    const answer = await of().in('format=ntriples&blocking', says('/blocking.org/id', 'FN', 'x'))
    expect(answer.headers.get('x-cm-well-tid')).toBe(idOf(answer))
    expect(await of().tracked(idOf(answer))).toEqual({ '/blocking.org/id': 'Done' })
  })

  it('with tracking, too, is blocking', async () => {
    const answer = await of().in('format=ntriples&tracking&blocking', says('/blocking.org/both', 'FN', 'x'))
    expect(statuses(answer.body)).toEqual({ '/blocking.org/both': 'Done' })
    expect(answer.headers.get('x-cm-well-tid')).toBe(idOf(answer))
  })

  it('is answered 200 when it was evicted', async () => {
    const expected = 'a'.repeat(32)
    const path = '/blocking.org/evicted'
    const answer = await of().in('format=ntriples&blocking', system(path, 'prevUUID', `"${expected}"`) + says(path, 'FN', 'x'))
    expect([answer.status, statuses(answer.body)]).toEqual([200, { [path]: `Evicted(expected:${expected},actual:none)` }])
  })

  it('waits for those before it', async () => {
    const path = '/blocking.org/order'
    const earlier = Array.from({ length: 20 }, (_, n) => of().in('format=ntriples&replace-mode', says(path, 'FN', String(n))))
    await Promise.all(earlier)
    await of().in('format=ntriples&replace-mode&blocking', says(path, 'FN', 'last'))
    expect(await of().fields(path)).toEqual({ 'FN.vcard': ['last'] })
  })
})

describe('a blocking update that takes too long', () => {
  it('is answered 503 after 57 seconds, and goes on', async () => {
    const clock = new VirtualClock()
    const server = await startTestServer({ logLevel: 'silent' }, clock)
    try {
      const token = await server.token('alice')
      const send = (query: string, path: string): Promise<Response> =>
        fetch(`${server.url}/_in?format=ntriples&${query}`, { method: 'POST', headers: { 'x-cm-well-token': token }, body: says(path, 'FN', 'x') })
      const before = await send('tracking', '/slow.org/a')
      expect(before.status).toBe(200)
      // nothing works on jobs any more
      await server.engine.stop()
      const begun = clock.now()
      let answered = false
      const waiting = send('blocking&tracking', '/slow.org/b').finally(() => (answered = true))
      await vi.waitFor(async () => {
        const { items } = (await (await server.call('alice', 'GET', '/v1/jobs?limit=1&state=submitted')).json()) as { items: unknown[] }
        expect(items).toHaveLength(1)
      })
      clock.advance(56_000)
      await (await server.call('alice', 'GET', '/healthz')).text()
      expect(answered).toBe(false)
      const answer = await clock.passUntil(waiting)
      expect(clock.now() - begun).toBeGreaterThanOrEqual(57_000)
      expect([answer.status, answer.headers.get('x-cm-well-tid'), answer.headers.get('x-cm-well-tracking')]).toEqual([503, null, null])
      expect(await answer.json()).toEqual({ success: false, error: 'An internal timeout happened. Please try again later.' })
      const { items } = (await (await server.call('alice', 'GET', '/v1/jobs?limit=1')).json()) as { items: { id: string; state: string }[] }
      expect(items).toMatchObject([{ state: 'submitted', counts: { pending: 1, cancelled: 0 } }])
    } finally {
      await server.close()
    }
  })
})
