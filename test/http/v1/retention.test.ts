import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { ShiftableClock } from '../../support/shiftable-clock.ts'
import { jobOf, refused } from './golden.ts'

const MINUTE_MS = 60_000
const MONTH_MS = 30 * 24 * 60 * MINUTE_MS

const clock = new ShiftableClock()
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({}, clock)
})
afterAll(() => server.close())

it('a finished job is there for 30 days, and expired afterwards', async () => {
  await server.call('alice', 'POST', '/v1/collections', { id: 'c' })
  const items = { kind: 'delete', items: [{ source: { collection: 'c', path: 'a' } }] }
  const { id, state } = await jobOf(await server.call('alice', 'POST', '/v1/jobs', items, { prefer: 'wait=30' }))
  expect(state).toBe('finished')
  clock.shift = MONTH_MS - MINUTE_MS
  for (const rest of ['', '/items', '/report']) expect((await server.call('alice', 'GET', `/v1/jobs/${id}${rest}`)).status, rest).toBe(200)
  clock.shift = MONTH_MS + MINUTE_MS
  for (const rest of ['', '/items', '/report', '/events']) {
    expect(await refused(await server.call('alice', 'GET', `/v1/jobs/${id}${rest}`)), rest).toMatchObject({ status: 410, code: 'job_expired' })
  }
})
