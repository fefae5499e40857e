import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { decodeTrackingId, encodeTrackingId } from '../../../src/http/cmwell/track/tracking-id.ts'
import type { RdfInput } from '../../../src/http/cmwell/rdf/formats.ts'
import { isomorphic, read } from '../../unit/cmwell/support.ts'
import { XSD, idOf, says, system, world } from './world.ts'

const of = world()
const MINUTE_MS = 60_000
const [A, B] = ['/track.org/a', '/track.org/b/ü'] as const
const LINES = `<http:/${A}> <cmwell://meta/nn#trackingStatus> "Done" .\n<http:/${B}> <cmwell://meta/nn#trackingStatus> "Done" .\n`

/** A finished update of two infotons. */
async function finished(): Promise<string> {
  const id = idOf(await of().in('format=ntriples&blocking', says(A, 'FN', 'x') + says(B, 'FN', 'x')))
  expect(await of().tracked(id)).toEqual({ [A]: 'Done', [B]: 'Done' })
  return id
}

describe('the status document', () => {
  for (const [names, type, input] of [
    [['ntriples', 'nt', 'NTriples'], 'text/plain', 'ntriples'],
    [['nquads', 'nq'], 'text/plain', 'nquads'],
    [['turtle', 'ttl'], 'text/turtle', 'turtle'],
    [['n3'], 'text/n3', 'n3'],
    [['trig'], 'text/plain', 'trig'],
    [['rdfxml', 'xmlrdf', 'rdf-xml'], 'application/rdf+xml', 'rdfxml'],
    [['jsonld', 'json-ld', 'jsonldq'], 'application/ld+json', 'jsonld'],
  ] as const satisfies readonly (readonly [readonly string[], string, RdfInput])[]) {
    it(`is one statement a path, as ${names.join(', ')}`, async () => {
      const id = await finished()
      for (const name of names) {
        const answer = await of().get(`/_track/${id}?format=${name}`, { as: null })
        expect([answer.status, answer.headers.get('x-cm-well-tracking')], name).toEqual([200, 'Done'])
        expect(answer.headers.get('content-type'), name).toMatch(new RegExp(`^${type.replace('+', '\\+')};charset=utf-?8$`, 'i'))
        expect(isomorphic(await read(input, answer.body), await read('ntriples', LINES)), answer.body).toBe(true)
      }
    })
  }

  it('is a bag of virtual infotons in JSON', async () => {
    const id = idOf(await of().in('format=ntriples&blocking', says(A, 'FN', 'x')))
    const answer = await of().get(`/_track/${id}?format=json`, { as: null })
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    // word for word the contract's section 2.3
    expect(answer.body.trim()).toBe(
      '{"type":"BagOfInfotons","infotons":[{"type":"VirtualObjectInfoton","system":{"uuid":"0","lastModified":"1970-01-01T00:00:00.000Z",' +
        '"lastModifiedBy":"VirtualInfoton","path":"/track.org/a","dataCenter":"lh","protocol":"http","parent":"/track.org"},"fields":{"trackingStatus":["Done"]}}]}',
    )
    const pretty = await of().get(`/_track/${id}?format=json&pretty`, { as: null })
    expect(pretty.body).toContain('\n  ')
    expect(JSON.parse(pretty.body)).toEqual(JSON.parse(answer.body))
  })

  it('has the other forms, too', async () => {
    const id = await finished()
    const body = async (format: string): Promise<string> => (await of().get(`/_track/${id}?format=${format}`, { as: null })).body
    expect(
      (await body('jsonl'))
        .trim()
        .split('\n')
        .map(line => (JSON.parse(line) as { trackingStatus: unknown }).trackingStatus),
    ).toEqual([[{ value: 'Done' }], [{ value: 'Done' }]])
    for (const name of ['yaml', 'yml']) expect(await body(name)).toMatch(/^type: "?BagOfInfotons/)
    expect(await body('csv')).toBe(`${A},1970-01-01T00:00:00.000Z,0,\r\n${B},1970-01-01T00:00:00.000Z,0,\r\n`)
    for (const name of ['tsv', 'tab']) expect(await body(name)).toBe(`${A}\t1970-01-01T00:00:00.000Z\t0\t\n${B}\t1970-01-01T00:00:00.000Z\t0\t\n`)
    for (const name of ['text', 'path']) expect(await body(name)).toBe(`${A}\n${B}\n`)
  })

  it('goes by Accept when no format is told', async () => {
    const id = await finished()
    for (const [accept, type] of [
      ['*/*', 'text/plain'],
      ['text/plain', 'text/plain'],
      ['text/turtle', 'text/turtle'],
      ['text/n3;q=0.5', 'text/n3'],
      ['image/png, application/ld+json', 'application/ld+json'],
      ['application/rdf+xml', 'application/rdf+xml'],
      ['text/yaml', 'text/yaml'],
      ['text/json', 'application/json'],
    ] as const) {
      const answer = await of().get(`/_track/${id}`, { as: null, headers: { accept } })
      expect(answer.headers.get('content-type'), accept).toMatch(new RegExp(`^${type.replace('+', '\\+')};`))
    }
    const lines = await of().get(`/_track/${id}`, { as: null, headers: { accept: 'application/json' } })
    expect(lines.body.trim().split('\n')).toHaveLength(2)
    const named = await of().get(`/_track/${id}?format=ttl`, { as: null, headers: { accept: 'application/json' } })
    expect(named.headers.get('content-type')).toMatch(/^text\/turtle/)
  })

  it('has no format that is not known', async () => {
    const id = await finished()
    for (const name of ['nothing', 'atom', 'trix', 'constructor', '']) {
      const answer = await of().get(`/_track/${id}?format=${name}`, { as: null })
      expect([answer.status, (JSON.parse(answer.body) as { success: boolean }).success], name).toEqual([400, false])
    }
  })

  it('names what is deleted, and no parents', async () => {
    const id = idOf(await of().in('format=ntriples&tracking', system(B, 'fullDelete', `"false"^^<${XSD}boolean>`)))
    expect(await of().tracked(id)).toEqual({ [B]: 'Done' })
    const root = idOf(await of().in('format=ntriples&tracking', system('/track.org/b', 'fullDelete', `"true"^^<${XSD}boolean>`)))
    expect(Object.keys(await of().tracked(root))).toContain('/track.org/b')
  })

  it('of what is on the server itself has its host', async () => {
    const answer = await of().in('format=ntriples&blocking', '<cmwell://own-things/a> <cmwell://meta/nn#x> "1" .')
    expect(answer.body).toBe(`<http://${of().host}/own-things/a> <cmwell://meta/nn#trackingStatus> "Done" .\n`)
  })
})

describe('a tracking id', () => {
  it('has the envelope of the protocol, and says when the request came', async () => {
    const before = Date.now()
    const decoded = decodeTrackingId(idOf(await of().in('format=ntriples&tracking', says(A, 'FN', 'x'))))
    expect(decoded?.createdAt).toBeGreaterThanOrEqual(before)
    expect(decoded?.createdAt).toBeLessThanOrEqual(Date.now())
  })

  it('is another for each request, of the same document, too', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => of().in('format=ntriples&tracking', says(A, 'FN', 'same'))))
    expect(new Set(ids.map(idOf)).size).toBe(5)
  })

  it('cannot be made of another’s job', async () => {
    const actor = decodeTrackingId(await finished())?.actorId ?? ''
    const [job, mark = ''] = actor.split('.')
    const { items } = (await (await of().server.call('alice', 'GET', '/v1/jobs?limit=1')).json()) as { items: { id: string }[] }
    expect(items[0]?.id.replaceAll('-', '')).toBe(job)
    const other = Buffer.from(mark, 'base64url')
    other[15] = (other[15] ?? 0) ^ 1
    for (const actorId of [job, `${job}.`, `${job}.${other.toString('base64url')}`, `${job}.${'A'.repeat(22)}`, `${'0'.repeat(32)}.${mark}`]) {
      const id = encodeTrackingId({ actorId: actorId ?? '', createdAt: Date.now() })
      expect((await of().get(`/_track/${id}`, { as: null })).status, actorId).toBe(410)
      const refused = await of().get(`/_track/${id}`)
      // contract, section 2.2: errors are JSON by their form, and plain text by their type
      expect([refused.status, refused.headers.get('content-type')], actorId).toEqual([410, 'text/plain; charset=utf-8'])
      expect(JSON.parse(refused.body)).toMatchObject({ success: false, error: expect.any(String) as string })
    }
  })

  it('belongs to a job that /v1 shows, to whom it belongs only', async () => {
    const id = idOf(await of().in('format=ntriples&blocking', says(A, 'FN', 'x') + says(B, 'FN', 'y')))
    const { items } = (await (await of().server.call('alice', 'GET', '/v1/jobs?limit=1')).json()) as { items: { id: string }[] }
    const job = items[0]?.id ?? ''
    expect(decodeTrackingId(id)?.actorId).toMatch(new RegExp(`^${job.replaceAll('-', '')}\\.`))
    expect(await (await of().server.call('alice', 'GET', `/v1/jobs/${job}`)).json()).toMatchObject({
      kind: 'update',
      dialect: 'cmwell',
      state: 'finished',
      outcome: 'succeeded',
      counts: { total: 2 },
    })
    const listed = (await (await of().server.call('alice', 'GET', `/v1/jobs/${job}/items`)).json()) as { items: unknown[] }
    expect(listed.items).toMatchObject([
      { source: { collection: 'track.org', path: 'a' }, state: expect.stringMatching(/done|skipped/) as string },
      { source: { collection: 'track.org', path: 'b/ü' } },
    ])
    expect((await of().server.call('eve', 'GET', `/v1/jobs/${job}`)).status).toBe(404)
  })

  it('works for fifteen minutes after the request was completed, and never again', async () => {
    const id = await finished()
    of().clock.shift += 15 * MINUTE_MS - 5000
    expect((await of().get(`/_track/${id}`, { as: null })).status).toBe(200)
    of().clock.shift += 10_000
    for (let n = 0; n < 2; n += 1) {
      const answer = await of().get(`/_track/${id}`, { as: null })
      expect([answer.status, answer.headers.get('x-cm-well-tracking'), answer.body]).toEqual([
        410,
        null,
        '{"success":false,"error":"This tracking ID was never created or its tracked request has been already completed"}',
      ])
    }
  })

  it('works as long as the request is not completed', async () => {
    await of().server.engine.stop()
    const id = idOf(await of().in('format=ntriples&tracking', says(A, 'FN', 'waits')))
    of().clock.shift += 24 * 60 * MINUTE_MS
    const answer = await of().get(`/_track/${id}`, { as: null })
    expect([answer.status, answer.headers.get('x-cm-well-tracking'), answer.body]).toEqual([
      200,
      null,
      `<http:/${A}> <cmwell://meta/nn#trackingStatus> "InProgress" .\n`,
    ])
  })
})
