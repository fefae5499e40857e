import { describe, expect, it, vi } from 'vitest'
import { decodeTrackingId } from '../../../src/http/cmwell/track/tracking-id.ts'
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

describe('updates behind one that is paused', () => {
  /** A long update that is paused before it is done. */
  async function paused(): Promise<{ job: string; id: string }> {
    for (;;) {
      const id = idOf(await of().in('format=ntriples&tracking', Array.from({ length: 8000 }, (_, n) => says(`/paused.org/${n}`, 'FN', 'x')).join('')))
      const job = decodeTrackingId(id)?.actorId.slice(0, 32) ?? ''
      const uuid = job.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
      await of().server.call('alice', 'POST', `/v1/jobs/${uuid}/pause`)
      // what is being worked on is finished; and where that was the last of it, we were too late
      let state = await jobState(uuid)
      while (state.counts.running > 0) state = await jobState(uuid)
      if (state.state !== 'finished') return { job: uuid, id }
    }
  }

  it('wait, and are done in their order; one that is cancelled has failed', async () => {
    const first = await paused()
    const cancelled = idOf(await of().in('format=ntriples&tracking', says('/paused.org/x', 'FN', 'cancelled')))
    const [uuid] = await jobs()
    let answered = false
    const waiting = of()
      .in('format=ntriples&blocking&replace-mode', says('/paused.org/7', 'FN', 'later'))
      .finally(() => (answered = true))
    await vi.waitFor(async () => expect((await jobs())[0]).not.toBe(uuid))
    expect((await of().server.call('alice', 'POST', `/v1/jobs/${uuid}/cancel`)).status).toBe(202)
    expect(await of().tracked(cancelled)).toEqual({ '/paused.org/x': 'Failed' })
    const { body, headers } = await of().get(`/_track/${first.id}`, { as: null })
    expect([headers.get('x-cm-well-tracking'), new Set(Object.values(statuses(body))).has('InProgress')]).toEqual([null, true])
    expect(answered).toBe(false)
    await of().server.call('alice', 'POST', `/v1/jobs/${first.job}/resume`)
    expect(statuses((await waiting).body)).toEqual({ '/paused.org/7': 'Done' })
    expect(new Set(Object.values(await of().tracked(first.id)))).toEqual(new Set(['Done']))
    expect(await of().fields('/paused.org/7')).toEqual({ 'FN.vcard': ['later'] })
    expect((await of().get('/paused.org/x?format=json')).status).toBe(404)
  })

  it('find what those before them have written, where they must look it up', { timeout: 60_000 }, async () => {
    const first = await paused()
    await of().in('format=ntriples', says('/paused.org/tree/a/b', 'FN', 'x') + says('/paused.org/value', 'FN', 'x') + says('/paused.org/value', 'N', 'y'))
    const [before] = await jobs()
    const calls = [
      of().in('format=ntriples&blocking', system('/paused.org/tree', 'fullDelete', '"true"')),
      of().send('DELETE', '/paused.org/value?field=FN.vcard&value=x'),
      of().send('DELETE', '/paused.org/never'),
    ]
    await vi.waitFor(async () => expect((await jobs()).indexOf(before ?? '')).toBe(calls.length))
    await of().server.call('alice', 'POST', `/v1/jobs/${first.job}/resume`)
    const [tree, ...others] = await Promise.all(calls)
    expect(statuses(tree?.body ?? '')).toEqual(Object.fromEntries(['', '/a', '/a/b'].map(rest => [`/paused.org/tree${rest}`, 'Done'])))
    expect(others.map(({ status, body }) => [status, body])).toEqual([1, 2].map(() => [200, '{"success":true}']))
    expect((await of().get('/paused.org/tree/a/b?format=json')).status).toBe(404)
    expect(await of().fields('/paused.org/value')).toEqual({ 'N.vcard': ['y'] })
  })

  async function jobState(job: string): Promise<{ state: string; counts: { running: number } }> {
    return (await (await of().server.call('alice', 'GET', `/v1/jobs/${job}`)).json()) as { state: string; counts: { running: number } }
  }

  /** Ids of jobs, the newest first. */
  async function jobs(): Promise<string[]> {
    const { items } = (await (await of().server.call('alice', 'GET', '/v1/jobs?limit=5')).json()) as { items: { id: string }[] }
    return items.map(({ id }) => id)
  }
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
