import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer } from '../support/server.ts'
import { Collector } from './collector.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'
const UNSAMPLED = '1af7651916cd43dd8448eb211c80319c'
/** SpanKind of OTLP. */
const SERVER = 2

const JOB = { kind: 'copy', verify: 'digest', items: [{ source: { collection: 'c', path: 'a' }, destination: { collection: 'c', path: 'b' } }] }

describe('traces', () => {
  let collector: Collector
  let job = ''
  let token = ''
  beforeAll(async () => {
    collector = await Collector.start()
    const server = await startTestServer({ tracing: { endpoint: collector.endpoint, sampleRatio: 0, serviceName: 'waybill-test' } })
    const sampled = { traceparent: `00-${TRACE}-${CALLER}-01` }
    token = await server.token('alice')
    const send = (method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(server.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(typeof body === 'string' ? {} : { 'content-type': 'application/json' }), ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
    await send('POST', '/v1/collections', { id: 'c' }, { traceparent: `00-${UNSAMPLED}-${CALLER}-00` })
    await send('PUT', '/v1/collections/c/entries/a', 'bytes', sampled)
    const answer = await send('POST', '/v1/jobs', JOB, { ...sampled, prefer: 'wait=20' })
    job = ((await answer.json()) as { id: string }).id
    await send('POST', '/v1/jobs?token=in-the-query', JOB, sampled)
    await send('POST', '/v1/jobs', { ...JOB, items: [] }, sampled)
    // what is left is sent when the server ends
    await server.close()
  })
  afterAll(() => collector.close())

  it('go on with the trace of the caller', () => {
    const [submit, ...more] = collector.named('POST /v1/jobs', { 'http.response.status_code': 200 })
    expect(more).toEqual([])
    expect(submit).toMatchObject({ traceId: TRACE, parentSpanId: CALLER, kind: SERVER, service: 'waybill-test' })
    expect(submit?.attributes).toMatchObject({ 'http.request.method': 'POST', 'http.route': '/v1/jobs', 'waybill.dialect': 'v1', 'enduser.id': 'alice' })
  })

  it('have the submission in the request, and the work of stores in what it was done for', () => {
    const [request] = collector.named('POST /v1/jobs', { 'http.response.status_code': 200 })
    expect(collector.named('submit', { 'waybill.job.id': job })).toMatchObject([{ traceId: TRACE, parentSpanId: request?.spanId }])
    const [put] = collector.named('PUT /v1/collections/:collection/entries/*')
    expect(collector.named('store put')).toMatchObject([{ traceId: TRACE, parentSpanId: put?.spanId, attributes: { 'waybill.store': 'local' } }])
  })

  it('are left alone where the caller has decided so', () => {
    expect(collector.spans.filter(({ traceId }) => traceId === UNSAMPLED)).toEqual([])
  })

  it('have what failed by its code', () => {
    const failed = collector.spans.filter(({ attributes }) => attributes['error.type'] !== undefined)
    expect(failed).toMatchObject([{ name: 'submit', attributes: { 'error.type': 'invalid_request' } }])
  })

  it('say nothing that is secret, and no path of a file', () => {
    for (const word of [token, 'in-the-query', 'Bearer', 'entries/a']) expect(collector.raw.includes(word), word).toBe(false)
  })
})

describe('a trace of turns', () => {
  it('is linked to the submission', async () => {
    const collector = await Collector.start()
    const server = await startTestServer({ tracing: { endpoint: collector.endpoint, sampleRatio: 1 } })
    await server.call('alice', 'POST', '/v1/collections', { id: 'c' })
    await server.call('alice', 'PUT', '/v1/collections/c/entries/a', 'bytes')
    const { id } = (await (await server.call('alice', 'POST', '/v1/jobs', JOB, { prefer: 'wait=20' })).json()) as { id: string }
    await server.close()
    await collector.close()
    const [submit] = collector.named('submit')
    const turns = collector.named('turn', { 'waybill.job.id': id })
    expect(turns.length).toBeGreaterThan(0)
    expect(turns[0]?.links).toMatchObject([{ traceId: submit?.traceId, spanId: submit?.spanId }])
    expect(turns.map(({ traceId }) => traceId)).not.toContain(submit?.traceId)
    // the bytes of the source were read again in a turn
    expect(turns.map(({ spanId }) => spanId)).toContain(collector.named('store verify')[0]?.parentSpanId)
  })

  it('costs a server that has no collector nothing', async () => {
    const server = await startTestServer({ tracing: { endpoint: 'http://127.0.0.1:9/v1/traces', sampleRatio: 1 } })
    expect((await server.call('alice', 'GET', '/v1/jobs')).status).toBe(200)
    await server.close()
  })
})

describe('the libraries', () => {
  const SCRIPT = fileURLToPath(new URL('./loaded.ts', import.meta.url))

  it('of metrics and traces are loaded when they are wanted, and not else', async () => {
    const configs = [{ metrics: 'off' }, {}, { tracing: { endpoint: 'http://127.0.0.1:9/v1/traces' } }]
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, JSON.stringify(configs)])
    const [off, usual, tracing] = JSON.parse(stdout) as string[][]
    expect(off).toEqual([])
    expect(usual).toEqual(['prom-client'])
    expect(tracing).toContain('@opentelemetry/sdk-trace-base')
    // a process of its own strips the types of the whole server
  }, 120_000)
})
