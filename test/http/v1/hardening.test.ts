import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { jobOf, refused, testServer } from './golden.ts'

const { of, collection } = testServer()
const JSON_TYPE = { 'content-type': 'application/json' }

/** A JSON object whose depth is so many levels. */
function deep(levels: number): string {
  return '{"a":'.repeat(levels) + '0' + '}'.repeat(levels)
}

describe('deeply nested JSON', () => {
  it('is refused before anything recurses, and the server lives on', async () => {
    await collection('deep', { a: 'a' })
    const update = (fields: string): string => `{"source":{"collection":"deep","path":"a"},"fields":${fields}}`
    const calls = [
      ['PATCH', '/v1/collections/deep/metadata/a', (inner: string) => `{"fields":${inner}}`],
      ['PATCH', '/v1/collections/deep', (inner: string) => `{"attributes":${inner}}`],
      ['POST', '/v1/collections', (inner: string) => `{"attributes":${inner}}`],
      ['POST', '/v1/jobs', (inner: string) => `{"kind":"update","items":[${update(inner)}]}`],
      ['PUT', '/v1/collections/deep/lock', (inner: string) => inner],
    ] as const
    for (const [method, path, body] of calls) {
      for (const levels of [65, 1001, 5000]) {
        const answer = await of().call('alice', method, path, body(deep(levels)), JSON_TYPE)
        expect(await refused(answer), `${method} ${path} ${levels}`).toMatchObject({
          status: 400,
          code: 'invalid_json',
          detail: expect.stringMatching(/nested more than 64 levels/) as string,
        })
      }
    }
    const line = await of().call('alice', 'POST', '/v1/jobs?kind=update', update(deep(5000)), { 'content-type': 'application/x-ndjson' })
    expect(await refused(line)).toMatchObject({
      status: 400,
      code: 'invalid_manifest',
      detail: expect.stringMatching(/line 1, column 1: the item is nested more than 64/) as string,
    })
    expect((await of().call('alice', 'PATCH', '/v1/collections/deep/metadata/a', `{"fields":${deep(63)}}`, JSON_TYPE)).status).toBe(200)
    const job = await of().call('alice', 'POST', '/v1/jobs', `{"kind":"update","items":[${update(deep(60))}]}`, { ...JSON_TYPE, prefer: 'wait=30' })
    expect(await jobOf(job)).toMatchObject({ outcome: 'succeeded' })
  })
})

describe('media types', () => {
  it('must be able to stand in a header', async () => {
    await collection('types', { a: 'a' })
    for (const mediaType of ['a\r\nb: c', 'text/plain\r\nx: y', 'text/plän', 'text/plain; a="ü"', 'text/plain\0', '', ' ', 'text', `a/${'b'.repeat(254)}`]) {
      const answer = await of().call('alice', 'PATCH', '/v1/collections/types/metadata/a', { mediaType })
      expect(await refused(answer), mediaType).toMatchObject({ status: 400, code: 'invalid_request', pointers: ['/mediaType'] })
    }
    const put = await of().call('alice', 'PUT', '/v1/collections/types/entries/b', 'b', { 'content-type': 'text/plain; a="\u00fc"' })
    expect(await refused(put)).toMatchObject({ status: 400, code: 'invalid_request', pointers: ['Content-Type'] })
    expect((await of().call('alice', 'PATCH', '/v1/collections/types/metadata/a', { mediaType: 'text/html; charset="utf-8"' })).status).toBe(200)
    expect((await of().call('alice', 'GET', '/v1/collections/types/entries/a')).headers.get('content-type')).toBe('text/html; charset="utf-8"')
  })
})

describe('a report whose reader has gone', () => {
  it('gives its snapshot back: as many others as one likes can be read', async () => {
    await collection('reports')
    const lines = Array.from({ length: 20_000 }, (_, n) => `{"source":{"collection":"reports","path":"none-${n}"}}`).join('\n')
    const { id } = await jobOf(await of().call('alice', 'POST', '/v1/jobs?kind=delete', lines, { 'content-type': 'application/x-ndjson' }))
    const authorization = `Bearer ${await of().token('alice')}`
    // more than there may be at once
    for (let n = 0; n < 40; n += 1) {
      const outgoing = request(`${of().url}/v1/jobs/${id}/report`, { headers: { authorization } })
      outgoing.end()
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
      expect(incoming.statusCode).toBe(200)
      const closed = once(incoming, 'close')
      incoming.on('error', () => undefined).destroy()
      await closed
    }
    const whole = await of().call('alice', 'GET', `/v1/jobs/${id}/report?format=ndjson`)
    expect((await whole.text()).trimEnd().split('\n')).toHaveLength(20_000)
  })
})

describe('the attributes of a collection', () => {
  it('lose nothing when many change them at the same time', async () => {
    await collection('shared')
    const names = Array.from({ length: 20 }, (_, n) => `n${n}`)
    const answers = await Promise.all(names.map(name => of().call('alice', 'PATCH', '/v1/collections/shared', { attributes: { [name]: { of: name } } })))
    expect(answers.map(answer => answer.status)).toEqual(names.map(() => 200))
    const { attributes } = (await (await of().call('alice', 'GET', '/v1/collections/shared')).json()) as { attributes: object }
    expect(attributes).toEqual(Object.fromEntries(names.map(name => [name, { of: name }])))
  })
})

describe('words that people read', () => {
  it('have no control characters and no torn Unicode', async () => {
    await collection('words')
    const escaped = (text: string): string => JSON.stringify(text)
    for (const text of ['a\u0000', 'a\nb', '\u0085', '\ud800', 'x\udc00y']) {
      const calls = [
        ['POST', '/v1/collections', `{"name":${escaped(text)}}`, '/name'],
        ['PATCH', '/v1/collections/words', `{"name":${escaped(text)}}`, '/name'],
        ['PUT', '/v1/collections/words/lock', `{"ttlSeconds":1,"reason":${escaped(text)}}`, '/reason'],
        ['POST', '/v1/jobs', `{"kind":"delete","label":${escaped(text)},"items":[{"source":{"collection":"words","path":"a"}}]}`, '/label'],
      ] as const
      for (const [method, path, body, pointer] of calls) {
        const answer = await of().call('alice', method, path, body, JSON_TYPE)
        expect(await refused(answer), `${path} ${body}`).toMatchObject({ status: 400, code: 'invalid_request', pointers: [pointer] })
      }
    }
    expect((await of().call('alice', 'PATCH', '/v1/collections/words', { name: 'Grüße 👩‍🚀' })).status).toBe(200)
  })
})

describe('times and codings', () => {
  it('that are none of the calendar are refused', async () => {
    for (const time of ['2026-02-30T00:00:00Z', '2026-02-29T00:00:00Z', '2026-04-31T10:00:00%2B02:00', '2026-01-01T24:00:00Z']) {
      expect(await refused(await of().call('alice', 'GET', `/v1/jobs?since=${time}`)), time).toMatchObject({ status: 400, pointers: ['since'] })
    }
    expect((await of().call('alice', 'GET', '/v1/jobs?since=2028-02-29T23:59:59.5%2B02:00')).status).toBe(200)
  })

  it('other than chunked are not taken for the body', async () => {
    await collection('codings')
    const authorization = `Bearer ${await of().token('alice')}`
    const put = async (coding: string): Promise<number | undefined> => {
      const headers = { authorization, 'transfer-encoding': coding }
      const outgoing = request(`${of().url}/v1/collections/codings/entries/a`, { method: 'PUT', headers })
      outgoing.end('bytes')
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
      incoming.resume()
      return incoming.statusCode
    }
    expect(await put('gzip, chunked')).toBe(501)
    expect(await put('Chunked')).toBe(201)
  })
})

describe('the files of the page at /docs', () => {
  it('are not there under paths that only look like theirs', async () => {
    for (const path of ['index.html/', `index.html/${'a'.repeat(300)}`, 'a//b', '%2e%2e%2fpackage.json', '..%5cpackage.json', 'a%00b', 'a'.repeat(9000)]) {
      expect(await refused(await fetch(`${of().url}/docs/static/${path}`)), path).toMatchObject({ status: 404, code: 'route_not_found' })
    }
  })
})

describe('a CSV manifest', () => {
  it('may mix line breaks, and tells the line where a wrong record begins', async () => {
    await collection('csv', { a: 'a', b: 'b' })
    const post = (text: string): Promise<Response> =>
      of().call('alice', 'POST', '/v1/jobs?kind=delete', text, { 'content-type': 'text/csv', prefer: 'wait=30' })
    expect(await jobOf(await post('sourceCollection,sourcePath\ncsv,a\r\ncsv,b\r\n'))).toMatchObject({ outcome: 'succeeded', counts: { done: 2 } })
    const wrong = [
      ['sourceCollection,sourcePath\ncsv,a\r\n"csv","a\r\nb\nc"\r\n', 'line 3, column 2'],
      ['sourceCollection,sourcePath\n"c\r\nd",\n', 'line 2, column 2'],
      ['sourceCollection,sourcePath\n\r\n"c\r\nd",a,b\n', 'line 3, column 3'],
    ] as const
    for (const [text, place] of wrong) {
      expect(await refused(await post(text)), text).toMatchObject({ status: 400, detail: expect.stringContaining(place) as string })
    }
  })
})
