import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { verifyWebhook, WaybillClient } from '../../src/client/index.ts'
import { respond, startReceiver, typesOf } from '../support/receiver.ts'
import { createToken, spawnServer } from '../support/server-process.ts'

const ENV = { WAYBILL_WEBHOOK_HTTP: 'true', WAYBILL_WEBHOOK_ALLOW: '["127.0.0.1"]', WAYBILL_WEBHOOK_RETRY_MS: '50' }
const JOBS = 20
/** Submitted, resolved, failed, finished. */
const EVENTS_EACH = 4

let data = ''
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'waybill-webhooks-'))
})
afterAll(() => rm(data, { recursive: true }))

it('a server that is killed while it sends goes on sending when it is started again: no event is lost', { timeout: 120_000 }, async () => {
  let answers = false
  const { url, received, until, close } = await startReceiver((_, response) => {
    if (answers) respond(response, 204) // else it is left waiting
  })
  const first = await spawnServer(data, { env: ENV })
  const token = await createToken(data, 'alice', ['read', 'write'])
  const client = new WaybillClient({ url: first.url, token })
  await client.collections.create({ id: 'c' })
  const { secret } = await client.webhooks.create({ url, collection: 'c' })
  const jobs: string[] = []
  for (let n = 0; n < JOBS; n++) {
    const { id } = await client.submit({ kind: 'delete', items: [{ source: { collection: 'c', path: `none-${n}` } }] }, { waitSeconds: 60 })
    jobs.push(id)
  }
  await until(() => received.length > 0)
  await first.kill()
  const before = received.length
  answers = true
  const second = await spawnServer(data, { env: ENV })
  const ids = (): Set<string> => new Set(received.slice(before).map(({ headers }) => String(headers['webhook-id'])))
  await until(() => ids().size === JOBS * EVENTS_EACH)
  for (const job of jobs) expect(new Set(typesOf(received.slice(before), job)).size).toBe(EVENTS_EACH)
  // what had been sent and not answered came again, the same
  for (const { headers, body } of received.slice(0, before)) {
    expect(received.slice(before).find(({ headers: again }) => again['webhook-id'] === headers['webhook-id'])?.body).toBe(body)
  }
  for (const { headers, body } of received) await verifyWebhook(secret, headers, body)
  expect(await second.stop()).toBe(0)
  await close()
})
