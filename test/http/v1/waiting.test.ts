import { beforeAll, describe, expect, it, vi } from 'vitest'
import { Line } from '../../abuse/line.ts'
import { jobOf, refused, testServer, told } from './golden.ts'

// the engine of this server is stopped: jobs come in, and wait
const { of, collection } = testServer({ retentionMs: { v1: 1, apollo: 1 } })
const ITEMS = { kind: 'delete', items: [{ source: { collection: 'still', path: 'a' } }] }

describe('a job that nothing works on', () => {
  let expired = ''

  beforeAll(async () => {
    await collection('still')
    expired = (await jobOf(await of().call('alice', 'POST', '/v1/jobs', ITEMS))).id
    await vi.waitFor(async () => expect((await of().call('alice', 'GET', `/v1/jobs/${expired}`)).status).toBe(410), { timeout: 20_000 })
    await of().engine.stop()
  })

  it('holds an answer no longer than it was asked to', async () => {
    const submitted = await of().call('alice', 'POST', '/v1/jobs', ITEMS, { prefer: 'respond-async, wait=1' })
    expect([submitted.status, submitted.headers.get('preference-applied'), submitted.headers.get('retry-after')]).toEqual([202, 'wait=1', '1'])
    const { id } = await jobOf(submitted)
    const tracked = await of().call('alice', 'GET', `/v1/jobs/${id}`, undefined, { prefer: 'wait=1' })
    expect([tracked.status, tracked.headers.get('preference-applied'), tracked.headers.get('retry-after')]).toEqual([200, 'wait=1', '1'])
    expect(await jobOf(tracked)).toMatchObject({ state: 'submitted', outcome: null, counts: { total: 1, pending: 1 } })
  })

  it('is paused, resumed and cancelled, each as often as one likes', async () => {
    const { id } = await jobOf(await of().call('alice', 'POST', '/v1/jobs', ITEMS))
    for (const [action, paused] of [
      ['pause', true],
      ['pause', true],
      ['resume', false],
      ['resume', false],
      ['cancel', false],
      ['cancel', false],
    ] as const) {
      const answer = await of().call('alice', 'POST', `/v1/jobs/${id}/${action}`)
      expect([answer.status, answer.headers.get('location')]).toEqual([202, `/v1/jobs/${id}`])
      expect(await jobOf(answer), action).toMatchObject({ id, paused })
    }
  })

  it('is told as it is now, however often it was told as it was a moment before', async () => {
    const { id } = await jobOf(await of().call('alice', 'POST', '/v1/jobs', ITEMS))
    const token = await of().token('alice')
    const request = (method: string, path: string): string => `${method} /v1/jobs/${id}${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`
    const line = await Line.open(of().url)
    // one right after the other, down one connection
    line.write(request('GET', '') + request('POST', '/pause') + request('GET', '') + request('POST', '/resume') + request('GET', ''))
    const pausedIn = (text: string): string[] => text.match(/(?<="paused":)\w+/g) ?? []
    await line.until(text => pausedIn(text).length === 5)
    line.socket.destroy()
    expect(pausedIn(line.text)).toEqual(['false', 'true', 'true', 'false', 'false'])
  })

  it('says what it waits for', async () => {
    const { id } = await jobOf(await of().call('alice', 'POST', '/v1/jobs', ITEMS))
    const paused = await of().call('alice', 'POST', `/v1/jobs/${id}/pause`)
    expect(await told(paused)).toMatchObject({ body: { waitingFor: 'The job is paused; resume it to go on.', estimatedFinishAt: null } })
  })

  it('that has expired is gone for good, yet not forgotten', async () => {
    for (const [method, rest, body] of [
      ['GET', '', undefined],
      ['GET', '/items', undefined],
      ['GET', '/report', undefined],
      ['GET', '/events', undefined],
      ['POST', '/cancel', undefined],
      ['POST', '/retry', { states: ['failed'] }],
    ] as const) {
      expect(await refused(await of().call('alice', method, `/v1/jobs/${expired}${rest}`, body)), rest).toMatchObject({ status: 410, code: 'job_expired' })
      expect(await refused(await of().call('eve', method, `/v1/jobs/${expired}${rest}`, body)), rest).toMatchObject({ status: 404, code: 'job_not_found' })
    }
  })
})
