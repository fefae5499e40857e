import { once } from 'node:events'
import { request } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { jobOf, refused, testServer, told } from './golden.ts'
import type { JobBody } from './golden.ts'

const { of, collection } = testServer({ manifestLineBytes: 4096 })
const NDJSON = { 'content-type': 'application/x-ndjson' }
const CSV = { 'content-type': 'text/csv; charset=utf-8' }
const WAIT = { prefer: 'wait=30' }

const line = (path: string, to = 'copies'): string => JSON.stringify({ source: { collection: 'originals', path }, destination: { collection: to } })
const post = (body: string, headers: Record<string, string>, query = '?kind=copy'): Promise<Response> =>
  of().call('alice', 'POST', `/v1/jobs${query}`, body, headers)

async function jobCount(): Promise<number> {
  return ((await (await of().call('alice', 'GET', '/v1/jobs?limit=1000')).json()) as { items: unknown[] }).items.length
}

describe('a manifest', () => {
  it('in NDJSON becomes a job, options and all', async () => {
    await collection('originals', { a: 'a', b: 'b' })
    await collection('copies')
    const answer = await post(
      `${line('a')}\n\n${line('b')}`,
      { ...NDJSON, ...WAIT },
      '?kind=copy&label=night&priority=7&conflict=skip&verify=digest&dryRun=true',
    )
    expect(answer.status).toBe(200)
    expect(await told(answer)).toMatchObject({
      body: { outcome: 'succeeded', label: 'night', priority: 7, dryRun: true, dialect: 'v1', counts: { total: 2, done: 2, discovering: false } },
    })
    expect((await of().call('alice', 'GET', '/v1/collections/copies/entries/a')).status).toBe(404)
  })

  it('in CSV becomes a job', async () => {
    const revision = ((await (await of().call('alice', 'GET', '/v1/collections/originals/metadata/a')).json()) as { revision: string }).revision
    const header = 'sourceCollection,sourcePath,destinationCollection,destinationPath,sourceIfMatch,destinationIfMatch'
    const text = `${header}\r\noriginals,a,copies,"x, ""y""",${revision},\r\noriginals,b,copies,,${'0'.repeat(32)},\r\n`
    const job = await jobOf(await post(text, { ...CSV, ...WAIT }))
    expect(job).toMatchObject({ outcome: 'partial', counts: { total: 2, done: 1, evicted: 1 } })
    expect(await (await of().call('alice', 'GET', `/v1/collections/copies/entries/${encodeURIComponent('x, "y"')}`)).text()).toBe('a')
  })

  it('may have more items than a JSON body', async () => {
    const text = Array.from({ length: 25_000 }, (_, n) => line(`none-${n}`)).join('\n')
    expect(await jobOf(await post(text, { ...NDJSON, ...WAIT }))).toMatchObject({ outcome: 'failed', counts: { total: 25_000, failed: 25_000 } })
  })

  it('with a wrong line is refused as a whole, with line and column', async () => {
    const before = await jobCount()
    const good = Array.from({ length: 5000 }, (_, n) => line(`f${n}`)).join('\n')
    for (const [text, headers, code, place, query] of [
      [`${good}\n{"source":`, NDJSON, 'invalid_manifest', { line: 5001, column: 11 }],
      [`${good}\n\n{"source":{"collection":"originals","path":7}}\n`, NDJSON, 'invalid_manifest', { line: 5002, column: 37, pointer: '/source/path' }],
      [`${good}\n${line('../x')}`, NDJSON, 'invalid_path', { line: 5001, column: 37, pointer: '/items/5000/source/path' }],
      [`${line('x')}\n${line('')}\n${good}`, NDJSON, 'invalid_path', { line: 2, column: 37, pointer: '/items/1/source/path' }],
      [`${good}\n{"source":{"collection":"originals","path":"x"}}`, NDJSON, 'invalid_request', { line: 5001, column: 1, pointer: '/items/5000/destination' }],
      [`${good}\n${'x'.repeat(5000)}`, NDJSON, 'invalid_manifest', { line: 5001 }],
      ['', NDJSON, 'invalid_manifest', undefined],
      ['', CSV, 'invalid_manifest', { line: 1, column: 1 }],
      ['sourceCollection,sourcePth\n', CSV, 'invalid_manifest', { line: 1, column: 2 }],
      ['sourceCollection,sourcePath\noriginals,a\noriginals,b,c\n', CSV, 'invalid_manifest', { line: 3 }],
      [
        'sourceCollection,sourcePath\noriginals,a\noriginals,..\n',
        CSV,
        'invalid_path',
        { line: 3, column: 2, pointer: '/items/1/source/path' },
        '?kind=delete',
      ],
    ] as const) {
      const answer = await post(text, headers, query)
      const body = (await answer.json()) as { code: string; detail: string; errors?: object[] }
      expect([answer.status, body.code], body.detail).toEqual([400, code])
      if (place !== undefined) {
        expect(body.errors?.[0], body.detail).toMatchObject(place)
        expect(body.detail).toContain(`line ${place.line}, column `)
      }
    }
    expect(await jobCount()).toBe(before)
  })

  it('needs grants for every collection it names', async () => {
    const before = await jobCount()
    const answer = await post(`${line('a')}\n${line('b', 'nowhere')}\n`, NDJSON)
    const body = (await answer.json()) as { errors: object[] }
    expect([answer.status, body]).toMatchObject([404, { code: 'collection_not_found', errors: [{ pointer: '/items/1/destination/collection', line: 2 }] }])
    expect(await jobCount()).toBe(before)
  })

  it('has its options in the query, and JSON has them in its body', async () => {
    expect(await refused(await post(line('a'), NDJSON, ''))).toMatchObject({ status: 400, code: 'invalid_request', pointers: ['kind'] })
    expect(await refused(await post(line('a'), NDJSON, '?kind=clone'))).toMatchObject({ status: 400, pointers: ['kind'] })
    expect(await refused(await post(line('a'), NDJSON, '?kind=copy&prio=1'))).toMatchObject({ status: 400, pointers: ['prio'] })
    expect(await refused(await of().call('alice', 'POST', '/v1/jobs?kind=copy', { kind: 'copy', items: [] }))).toMatchObject({
      status: 400,
      pointers: ['kind'],
    })
  })

  it('with an Idempotency-Key is taken once', async () => {
    const key = { 'idempotency-key': 'manifest-1' }
    const first = await jobOf(await post(`${line('a')}\n`, { ...NDJSON, ...key }))
    const again = await post(`${line('a')}\n`, { ...NDJSON, ...key })
    expect([again.status, again.headers.get('idempotency-replayed'), (await jobOf(again)).id]).toEqual([200, 'true', first.id])
    expect(await refused(await post(`${line('b')}\n`, { ...NDJSON, ...key }))).toMatchObject({ status: 422, code: 'idempotency_mismatch' })
    expect(await refused(await post(`${line('a')}\n`, { ...NDJSON, ...key }, '?kind=copy&dryRun=true'))).toMatchObject({
      status: 422,
      code: 'idempotency_mismatch',
    })
  })
})

/** A manifest whose body goes on for as long as the test likes. */
async function open(headers: Record<string, string> = {}): Promise<ClientRequest> {
  const token = await of().token('alice')
  const outgoing = request(`${of().url}/v1/jobs?kind=copy`, { method: 'POST', headers: { authorization: `Bearer ${token}`, ...NDJSON, ...headers } })
  outgoing.on('error', () => undefined)
  return outgoing
}

async function answerOf(outgoing: ClientRequest): Promise<[number, JobBody & { code?: string }]> {
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  return [incoming.statusCode ?? 0, JSON.parse(Buffer.concat(await incoming.toArray()).toString()) as JobBody]
}

describe('a manifest on its way', () => {
  it('that breaks off leaves no job, and its key is free again', async () => {
    const before = await jobCount()
    const key = { 'idempotency-key': 'broken-off' }
    const outgoing = await open(key)
    outgoing.write(`${Array.from({ length: 6000 }, (_, n) => line(`f${n}`)).join('\n')}\n{"source":{"coll`)
    await expect.poll(() => of().ledger.idempotent('alice', 'broken-off'), { timeout: 10_000 }).not.toBeNull()
    expect(await refused(await post(line('a'), { ...NDJSON, ...key }))).toMatchObject({ status: 409, code: 'idempotency_in_progress' })
    outgoing.destroy()
    await expect.poll(async () => (await post(line('a'), { ...NDJSON, ...key })).status, { timeout: 10_000 }).toBe(202)
    expect(await jobCount()).toBe(before + 1)
  })

  it('is refused at its first wrong line, while the rest is still to come', async () => {
    const outgoing = await open()
    const refusal = answerOf(outgoing)
    outgoing.write(`${line('a')}\nnonsense\n`)
    outgoing.write(`${line('b')}\n`.repeat(10_000))
    expect(await refusal).toMatchObject([400, { code: 'invalid_manifest' }])
    outgoing.destroy()
  })

  it('that was refused early leaves its connection fit for the next request', async () => {
    const { hostname, port } = new URL(of().url)
    const socket = connect({ host: hostname, port: Number(port) })
    let text = ''
    socket.on('data', chunk => (text += chunk.toString()))
    const half = `nonsense\n${`${line('b')}\n`.repeat(3000)}`
    const head = `POST /v1/jobs?kind=copy HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await of().token('alice')}\r\nContent-Type: application/x-ndjson\r\n`
    socket.write(`${head}Content-Length: ${2 * half.length}\r\n\r\n${half}`)
    await expect.poll(() => text, { timeout: 10_000 }).toContain('invalid_manifest')
    socket.write(`${half}GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    await once(socket, 'close')
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200'])
  })

  it('is no job before it has come as a whole', async () => {
    const before = await jobCount()
    const outgoing = await open(WAIT)
    const answer = answerOf(outgoing)
    outgoing.write(`${line('a')}\n`)
    expect(await jobCount()).toBe(before)
    outgoing.end(line('b'))
    expect(await answer).toMatchObject([200, { outcome: 'succeeded', counts: { total: 2 } }])
  })
})
