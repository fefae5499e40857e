import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Webhook as Standard } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type CreatedWebhook, type DeliveryInfo, type JobInfo, verifyWebhook, type WebhookInfo, WaybillClient } from '../../../src/client/index.ts'
import { respond, startReceiver, typesOf, type Receiver } from '../../support/receiver.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

const EVENTS = ['job.submitted', 'job.resolved', 'item.failed', 'job.finished']

let server: TestServer
const receivers: Receiver[] = []
const hooks: string[] = []
let n = 0

beforeAll(async () => {
  server = await startTestServer({ webhookHttp: true, webhookAllow: ['127.0.0.1', 'localhost'], webhookRetryMs: 20, publicUrl: 'https://files.example.org' })
})
afterEach(async () => {
  for (const id of hooks.splice(0)) await server.call('alice', 'DELETE', `/v1/webhooks/${id}`)
  await Promise.all(receivers.splice(0).map(receiver => receiver.close()))
})
afterAll(() => server.close())

async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...args)
  receivers.push(started)
  return started
}

async function json<T>(answer: Promise<Response>, status: number): Promise<T> {
  const response = await answer
  const text = await response.text()
  expect(response.status, text).toBe(status)
  return (text === '' ? null : JSON.parse(text)) as T
}

async function collection(owner = 'alice'): Promise<string> {
  const id = `hooked-${++n}`
  await json(server.call(owner, 'POST', '/v1/collections', { id }), 201)
  return id
}

async function create(wish: Record<string, unknown>, by = 'alice'): Promise<CreatedWebhook> {
  const made = await json<CreatedWebhook>(server.call(by, 'POST', '/v1/webhooks', wish), 201)
  hooks.push(made.id)
  return made
}

const get = (id: string, by = 'alice'): Promise<WebhookInfo> => json(server.call(by, 'GET', `/v1/webhooks/${id}`), 200)

/** Waits until a hook is as told. */
async function becomes(id: string, wanted: Partial<WebhookInfo>): Promise<WebhookInfo> {
  for (;;) {
    const hook = await get(id)
    if (Object.entries(wanted).every(([name, value]) => hook[name as keyof WebhookInfo] === value)) return hook
    await pause(20)
  }
}

/** A job of which one item fails, finished. */
async function fail(c: string, more: Record<string, unknown> = {}, by = 'alice'): Promise<JobInfo & { webhook?: { id: string; secret: string } }> {
  const body = { kind: 'delete', items: [{ source: { collection: c, path: 'none' } }], ...more }
  const answer = await server.call(by, 'POST', '/v1/jobs', body, { prefer: 'wait=60' })
  expect(answer.status).toBe(200)
  return (await answer.json()) as JobInfo
}

describe('a webhook', () => {
  it('of a collection gets every event of its jobs, as a signed CloudEvent', async () => {
    const c = await collection()
    const { url, received, until } = await receiver()
    const { secret, ...hook } = await create({ url: `${url}in?a=b`, collection: c })
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/)
    expect(hook).toMatchObject({ collection: c, job: null, state: 'active', createdBy: 'alice', pending: 0, url: `${url}in?a=b` })
    expect(await get(hook.id)).toEqual(hook) // without the secret
    const job = await fail(c)
    await until(() => received.length === 4)
    const sent = received.toSorted((a, b) => Number(a.event.id) - Number(b.event.id))
    expect(typesOf(sent)).toEqual(EVENTS)
    const trouble = sent[2]
    expect(trouble).toMatchObject({ path: '/in?a=b', headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' } })
    expect(trouble?.event).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(/^\d+$/) as string,
      source: `https://files.example.org/v1/jobs/${job.id}`,
      type: 'io.waybill.item.failed',
      subject: 'items/0',
      time: expect.stringMatching(/^2.*Z$/) as string,
      datacontenttype: 'application/json',
      data: {
        type: 'item.failed',
        job: job.id,
        at: trouble?.event.time,
        seq: 0,
        source: { collection: c, path: 'none' },
        destination: { collection: c, path: 'none' },
        reason: { code: 'entry_not_found', message: `There is no file "none" in "${c}".` },
      },
    })
    for (const { headers, body, event } of sent) {
      expect(headers['webhook-id']).toBe(`${job.id}_${event.id}`)
      // by somebody else's reading of the specification, and by ours
      expect(new Standard(secret).verify(body, headers as Record<string, string>)).toEqual(event)
      expect(await verifyWebhook(secret, headers, body)).toEqual(event)
    }
    await becomes(hook.id, { pending: 0, lastStatus: 204 })
    const { items } = await json<{ items: DeliveryInfo[] }>(server.call('alice', 'GET', `/v1/webhooks/${hook.id}/deliveries`), 200)
    expect(items.map(({ type, state, attempts }) => `${type} ${state} ${attempts}`)).toEqual(EVENTS.toReversed().map(type => `${type} delivered 1`))
  })

  it('is refused by the helper of the client when anything about it was changed', async () => {
    const { secret, ...hook } = await create({ url: 'http://127.0.0.1:1/', collection: await collection(), secret: `whsec_${'A'.repeat(32)}` })
    expect([secret, hook.url]).toEqual([`whsec_${'A'.repeat(32)}`, 'http://127.0.0.1:1/'])
    const [id, body, now] = ['a', '{"id":"1"}', Math.floor(Date.now() / 1000)]
    const headers = (at = now): Record<string, string> => ({
      'webhook-id': id,
      'webhook-timestamp': String(at),
      'webhook-signature': `v1a,xx v1,AAAA ${new Standard(secret).sign(id, new Date(at * 1000), body)}`,
    })
    expect(await verifyWebhook(secret, new Headers(headers()), body)).toEqual({ id: '1' })
    await expect(verifyWebhook(secret, headers(), '{"id":"2"}')).rejects.toThrow('does not hold')
    await expect(verifyWebhook(`whsec_${'B'.repeat(32)}`, headers(), body)).rejects.toThrow('does not hold')
    await expect(verifyWebhook(secret, { ...headers(), 'webhook-id': 'b' }, body)).rejects.toThrow('does not hold')
    await expect(verifyWebhook(secret, headers(now - 400), body)).rejects.toThrow('too old')
    await expect(verifyWebhook(secret, { ...headers(), 'webhook-signature': undefined }, body)).rejects.toThrow('webhook-signature is missing')
  })

  it('of a job comes with its submission, as JSON and as a manifest, and misses nothing', async () => {
    const c = await collection()
    const { url, received, until } = await receiver()
    const job = await fail(c, { webhook: { url, events: ['job.submitted', 'job.finished'] } })
    hooks.push(job.webhook?.id ?? '')
    await until(() => typesOf(received, job.id).length === 2)
    expect(typesOf(received).toSorted()).toEqual(['job.finished', 'job.submitted'])
    const first = received[0]
    expect(await verifyWebhook(job.webhook?.secret ?? '', first?.headers ?? {}, first?.body ?? '')).toEqual(first?.event)

    const client = new WaybillClient({ url: server.url, token: await server.token('alice') })
    const manifest = { kind: 'delete', format: 'ndjson', manifest: JSON.stringify({ source: { collection: c, path: 'none' } }) } as const
    const made = await client.submit({ ...manifest, webhook: { url, events: ['item.failed'] } }, { idempotencyKey: 'once' })
    await until(() => typesOf(received, made.id).length === 1)
    expect(typesOf(received, made.id)).toEqual(['item.failed'])
    expect(made.webhook?.secret).toMatch(/^whsec_/)
    // the secret is told once; the hook is the one that was made
    const again = await client.submit({ ...manifest, webhook: { url, events: ['item.failed'] } }, { idempotencyKey: 'once' })
    expect([again.id, again.webhook]).toEqual([made.id, undefined])
    const listed: WebhookInfo[] = []
    for await (const one of client.webhooks.list({ job: made.id })) listed.push(one)
    expect(listed.map(({ id, job: of }) => [id, of])).toEqual([[made.webhook?.id, made.id]])
    await expect(client.submit({ ...manifest, webhook: { url } }, { idempotencyKey: 'once' })).rejects.toMatchObject({ code: 'idempotency_mismatch' })

    // made afterwards it begins with the first event, too
    const late = await receiver()
    await client.webhooks.create({ url: late.url, job: job.number })
    await late.until(() => late.received.length === 4)
    expect(typesOf(late.received).toSorted()).toEqual(EVENTS.toSorted())
    await client.webhooks.delete(made.webhook?.id ?? '')
    await expect(client.webhooks.get(made.webhook?.id ?? '')).rejects.toMatchObject({ code: 'webhook_not_found' })
  })

  it('that fails three times gets every event all the same, once by its id', async () => {
    const c = await collection()
    const { url, received, until } = await receiver(({ headers }, response) => respond(response, attemptsOf(String(headers['webhook-id'])) <= 3 ? 500 : 204))
    const attemptsOf = (id: string): number => received.filter(({ headers }) => headers['webhook-id'] === id).length
    const hook = await create({ url, collection: c })
    const job = await fail(c)
    const ids = (): string[] => [...new Set(received.map(({ headers }) => String(headers['webhook-id'])))]
    await until(() => ids().length === 4 && ids().every(id => attemptsOf(id) === 4))
    expect(await becomes(hook.id, { pending: 0 })).toMatchObject({ state: 'active', lastStatus: 204, lastError: null })
    expect(received.length).toBe(16)
    // each attempt is signed for its own time, and says the same
    for (const id of ids()) expect(new Set(received.filter(({ headers }) => headers['webhook-id'] === id).map(({ body }) => body)).size).toBe(1)
    const { items } = await json<{ items: DeliveryInfo[] }>(server.call('alice', 'GET', `/v1/webhooks/${hook.id}/deliveries`), 200)
    expect(items.map(({ state, attempts, job: of }) => ({ state, attempts, of }))).toEqual(items.map(() => ({ state: 'delivered', attempts: 4, of: job.id })))
  })

  it('that answers 410 is disabled, and goes on when it is enabled', async () => {
    const c = await collection()
    let status = 410
    const { url, received, until } = await receiver((_, response) => respond(response, status))
    const { id } = await create({ url, collection: c, events: ['job.finished'] })
    const job = await fail(c)
    expect(await becomes(id, { state: 'disabled' })).toMatchObject({ lastError: expect.stringContaining('410') as string, pending: 1, lastStatus: 410 })
    await fail(c)
    expect(received.length).toBe(1)
    status = 200
    await json(server.call('alice', 'POST', `/v1/webhooks/${id}/enable`), 200)
    await until(() => received.length === 2)
    expect(received[1]?.event.data.job).toBe(job.id)
  })

  it('is left alone for as long as it asks for', async () => {
    const c = await collection()
    let status = 503
    const { url, received } = await receiver((_, response) => respond(response, status, { 'retry-after': '3600' }))
    const { id } = await create({ url, collection: c, events: ['job.finished'] })
    await fail(c)
    await becomes(id, { state: 'failing' })
    const { items } = await json<{ items: DeliveryInfo[] }>(server.call('alice', 'GET', `/v1/webhooks/${id}/deliveries`), 200)
    const [{ nextAttemptAt, lastAttemptAt, status: last, error } = {}] = items
    expect(Date.parse(nextAttemptAt ?? '') - Date.parse(lastAttemptAt ?? '')).toBeGreaterThan(3_500_000)
    expect([last, error]).toEqual([503, 'The receiver answered 503; 2xx would take the event.'])
    status = 200
    await json(server.call('alice', 'POST', `/v1/webhooks/${id}/enable`), 200)
    await becomes(id, { state: 'active', pending: 0 })
    expect(received.length).toBe(2)
  })

  it('that never answers holds up neither others nor jobs', async () => {
    const c = await collection()
    const silent = await receiver(() => undefined)
    const good = await receiver()
    await create({ url: silent.url, collection: c })
    await create({ url: good.url, collection: c })
    await fail(c)
    await good.until(received => received.length === 4)
    expect(silent.received.length).toBeGreaterThan(0)
  })
})

describe('what a webhook may call', () => {
  const refused = async (url: string): Promise<string> => {
    const problem = await json<{ code: string; detail: string; errors: { pointer: string }[] }>(
      server.call('alice', 'POST', '/v1/webhooks', { url, collection: 'hooked-1' }),
      400,
    )
    expect([problem.code, problem.errors[0]?.pointer]).toEqual(['invalid_request', '/url'])
    return problem.detail
  }

  it.each([
    'http://0x7f.2/',
    'http://2130706434/',
    'http://127.2/',
    'http://[::ffff:127.0.0.2]/',
    'http://[::1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    'http://10.0.0.1:80/',
    'http://100.64.1.1/',
  ])('is not %s', async url => expect(await refused(url)).toMatch(/no public address/))

  it('is a URL of http or https without a password', async () => {
    for (const url of ['ftp://example.org/', 'file:///etc/passwd', 'nonsense', '/relative']) expect(await refused(url)).toMatch(/absolute https URL/)
    expect(await refused('https://a:b@example.org/')).toMatch(/no user and password/)
    expect((await json<{ errors: { pointer: string }[] }>(fail_('http://10.0.0.1/'), 400)).errors[0]?.pointer).toBe('/webhook/url')
    const manifest = server.call('alice', 'POST', '/v1/jobs?kind=delete&webhookUrl=http%3A%2F%2F10.0.0.1', '{}', { 'content-type': 'application/x-ndjson' })
    expect((await json<{ errors: { pointer: string }[] }>(manifest, 400)).errors[0]?.pointer).toBe('webhookUrl')
    const secret = server.call('alice', 'POST', '/v1/webhooks', { url: 'https://example.org', collection: 'hooked-1', secret: 'whsec_c2hvcnQ=' })
    expect((await json<{ errors: { pointer: string }[] }>(secret, 400)).errors[0]?.pointer).toBe('/secret')
    const both = server.call('alice', 'POST', '/v1/webhooks', { url: 'https://example.org', collection: 'hooked-1', job: '1' })
    expect((await json<{ code: string }>(both, 400)).code).toBe('invalid_request')
  })
  const fail_ = (url: string): Promise<Response> =>
    server.call('alice', 'POST', '/v1/jobs', { kind: 'delete', items: [{ source: { collection: 'hooked-1', path: 'a' } }], webhook: { url } })

  it('is https alone unless the server is told otherwise', async () => {
    const strict = await startTestServer()
    try {
      await json(strict.call('alice', 'POST', '/v1/collections', { id: 'c' }), 201)
      const http = await json<{ detail: string }>(strict.call('alice', 'POST', '/v1/webhooks', { url: 'http://example.org/', collection: 'c' }), 400)
      expect(http.detail).toContain('webhookHttp')
      // a name is looked up when it is called, and then it is its address that counts
      const { port, received } = await receiver()
      const named = await json<WebhookInfo>(strict.call('alice', 'POST', '/v1/webhooks', { url: `https://localhost:${port}/`, collection: 'c' }), 201)
      await json(strict.call('alice', 'POST', '/v1/jobs', { kind: 'delete', items: [{ source: { collection: 'c', path: 'a' } }] }), 202)
      for (;;) {
        const { state, lastError, lastStatus } = await json<WebhookInfo>(strict.call('alice', 'GET', `/v1/webhooks/${named.id}`), 200)
        if (state === 'failing') {
          expect([lastStatus, lastError]).toEqual([null, expect.stringMatching(/^It was not called: localhost stands for an address .*loopback/)])
          break
        }
        await pause(20)
      }
      expect(received.length).toBe(0)
    } finally {
      await strict.close()
    }
  })

  it('is never where a redirect leads', async () => {
    const c = await collection()
    const inner = await receiver()
    const outer = await receiver((_, response) => respond(response, 307, { location: inner.url }))
    const { id } = await create({ url: outer.url.replace('127.0.0.1', 'localhost'), collection: c, events: ['job.finished'] })
    await fail(c)
    const { lastError } = await becomes(id, { state: 'failing', lastStatus: 307 })
    expect(lastError).toContain('redirects are not followed')
    expect(inner.received.length).toBe(0)
  })

  it('may answer without end, and nothing of it is kept', async () => {
    const c = await collection()
    const { url, until } = await receiver((_, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('x'.repeat(10_000)), 1)
      response.on('close', () => clearInterval(timer))
    })
    const { id } = await create({ url, collection: c, events: ['job.finished'] })
    await fail(c)
    await until(received => received.length === 1)
    await becomes(id, { state: 'active', pending: 0, lastStatus: 200 })
  })

  it('may close the door, or be no HTTP at all', async () => {
    const c = await collection()
    const odd = createServer(socket => socket.end('SSH-2.0-x\r\n'))
    odd.listen(0, '127.0.0.1')
    await once(odd, 'listening')
    const { id } = await create({ url: `http://127.0.0.1:${(odd.address() as AddressInfo).port}/`, collection: c, events: ['job.finished'] })
    await fail(c)
    expect((await becomes(id, { state: 'failing', lastStatus: null })).lastError).toMatch(/^The receiver could not be reached: .+\.$/)
    odd.close()
  })
})

describe('who has a webhook', () => {
  it('of a collection is its admin; it tells nobody else, and of no other collection without a grant', async () => {
    const [c, other] = [await collection(), await collection('bob')]
    await json(server.call('alice', 'PUT', `/v1/collections/${c}/grants/bob`, { role: 'readwrite' }), 204)
    await json(server.call('bob', 'POST', '/v1/webhooks', { url: 'http://127.0.0.1/', collection: c }), 403)
    await json(server.call('eve', 'POST', '/v1/webhooks', { url: 'http://127.0.0.1/', collection: c }), 404)
    await json(server.call('alice', 'POST', '/v1/webhooks', { url: 'http://127.0.0.1/', collection: other }), 404)
    const { url, received, until } = await receiver()
    const hook = await create({ url, collection: c })
    for (const by of ['bob', 'eve']) {
      await json(server.call(by, 'GET', `/v1/webhooks/${hook.id}`), 404)
      await json(server.call(by, 'DELETE', `/v1/webhooks/${hook.id}`), 404)
      await json(server.call(by, 'POST', `/v1/webhooks/${hook.id}/enable`), 404)
      await json(server.call(by, 'GET', `/v1/webhooks/${hook.id}/deliveries`), 404)
    }
    // of two items one touches the collection; its other end is not to be told
    const items = [
      { source: { collection: other, path: 'secret/a' }, destination: { collection: c, path: 'plain/a' } },
      { source: { collection: other, path: 'secret/b' }, destination: { collection: other, path: 'secret/c' } },
    ]
    const job = await json<JobInfo>(server.call('bob', 'POST', '/v1/jobs', { kind: 'copy', items }), 202)
    await until(() => typesOf(received, job.id).length === 4)
    await becomes(hook.id, { pending: 0 })
    expect(typesOf(received, job.id).toSorted()).toEqual(EVENTS.toSorted())
    const text = received.map(({ body }) => body).join()
    expect(text).not.toContain('secret')
    expect(text).not.toContain(other)
    expect(received.find(({ event }) => event.data.type === 'item.failed')?.event.data).toMatchObject({
      source: { collection: '', path: 'plain/a' },
      destination: { collection: c, path: 'plain/a' },
      reason: { code: 'entry_not_found', message: 'No such entry.' },
    })
    const { items: told } = await json<{ items: DeliveryInfo[] }>(server.call('alice', 'GET', `/v1/webhooks/${hook.id}/deliveries`), 200)
    expect(told.filter(({ state }) => state === 'withheld').map(({ type, attempts }) => `${type} ${attempts}`)).toEqual(['item.failed 0'])
  })

  it('loses it with the right to what it tells of', async () => {
    const c = await collection()
    await json(server.call('alice', 'PUT', `/v1/collections/${c}/grants/carol`, { role: 'admin' }), 204)
    const { url, received } = await receiver()
    const hook = await create({ url, collection: c }, 'carol')
    await json(server.call('alice', 'PUT', `/v1/collections/${c}/grants/carol`, { role: 'readonly' }), 204)
    await fail(c)
    expect((await becomes(hook.id, { state: 'disabled' })).lastError).toBe('carol, who made it, is no longer admin of the collection.')
    expect(received.length).toBe(0)
    const job = await fail(c)
    await json(server.call('carol', 'POST', '/v1/webhooks', { url, job: job.id }), 404)
    await json(server.call('alice', 'DELETE', `/v1/webhooks/${hook.id}`), 204)
  })

  it('goes with the collection', async () => {
    const c = await collection()
    const hook = await create({ url: 'http://127.0.0.1/', collection: c })
    await json(server.call('alice', 'DELETE', `/v1/collections/${c}`), 204)
    await json(server.call('alice', 'GET', `/v1/webhooks/${hook.id}`), 404)
  })
})

it('the ledger file alone has no secret', async () => {
  const c = await collection()
  const given = `whsec_${Buffer.from('thirty-two bytes of a known text').toString('base64')}`
  await create({ url: 'https://example.org/', collection: c, secret: given })
  const files = await Promise.all(['ledger.db', 'ledger.db-wal'].map(name => readFile(`${server.data}/${name}`)))
  const all = Buffer.concat(files)
  expect(all.includes('https://example.org/')).toBe(true)
  expect(all.includes('thirty-two bytes of a known text')).toBe(false)
  expect(all.includes(given)).toBe(false)
})
