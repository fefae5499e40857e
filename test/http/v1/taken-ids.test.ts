import { afterAll, beforeAll, expect, it } from 'vitest'
import { respond, startReceiver, type Receiver } from '../../support/receiver.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

const ITEMS = 10

let server: TestServer
let receiver: Receiver
const gate = Promise.withResolvers<void>()

beforeAll(async () => {
  server = await startTestServer({ webhookHttp: true, webhookAllow: ['127.0.0.1'] })
  receiver = await startReceiver((_, response) => void gate.promise.then(() => respond(response, 204)))
})
afterAll(async () => {
  await server.close()
  await receiver.close()
})

async function done(by: string, method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  const answer = await server.call(by, method, path, body, headers)
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true)
}

it('a webhook tells nothing of a collection that was deleted to whoever has taken its id', async () => {
  await done('alice', 'POST', '/v1/collections', { id: 'alices' })
  await done('alice', 'PUT', '/v1/collections/alices/grants/bob', { role: 'readwrite' })
  await done('bob', 'POST', '/v1/collections', { id: 'bobs' })
  await done('alice', 'POST', '/v1/webhooks', { url: receiver.url, collection: 'alices', events: ['item.failed'] })
  const ends = Array.from({ length: ITEMS }, (_, at) => ({
    source: { collection: 'bobs', path: `secret/${at}` },
    destination: { collection: 'alices', path: `to/${at}` },
  }))
  await done('bob', 'POST', '/v1/jobs', { kind: 'copy', items: ends }, { prefer: 'wait=60' })
  // some are under way, the others wait for their answers
  await receiver.until(received => received.length > 0)
  await done('bob', 'DELETE', '/v1/collections/bobs')
  await done('alice', 'POST', '/v1/collections', { id: 'bobs' })
  gate.resolve()
  await receiver.until(received => received.length === ITEMS)
  expect(receiver.received.map(({ body }) => body).join()).not.toContain('secret')
})
