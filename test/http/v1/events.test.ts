import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../../src/access/authenticator.ts'
import { KEEP_ALIVE_MS } from '../../../src/http/v1/event-frames.ts'
import { startedServers } from '../../support/contract/watch-servers.ts'
import { startTestServer } from '../../support/server.ts'
import { ShiftableClock } from '../../support/shiftable-clock.ts'
import { jobOf, masked, refused, testServer } from './golden.ts'

const { of, collection } = testServer()
const WAIT = { prefer: 'wait=30' }

interface Frame {
  readonly id?: string
  readonly event?: string
  readonly data?: Record<string, unknown>
}

/** The frames of a stream's text, comments and the retry line left out. */
function framesOf(text: string): Frame[] {
  const frames = text.split('\n\n').map(
    frame =>
      Object.fromEntries(
        frame
          .split('\n')
          .map(one => /^(\w*): (.*)$/s.exec(one)?.slice(1) ?? [])
          .filter(pair => pair.length === 2),
      ) as Record<string, string>,
  )
  return frames
    .filter(frame => frame['event'] !== undefined)
    .map(({ id, event, data }) => ({
      ...(id === undefined ? {} : { id }),
      ...(event === undefined ? {} : { event }),
      data: JSON.parse(data ?? '') as Record<string, unknown>,
    }))
}

const item = (path: string): object => ({ source: { collection: 'from', path }, destination: { collection: 'to' } })

describe('the events of a job', () => {
  it('are told from the first to the last, and then the stream ends', async () => {
    await collection('from', { a: 'a' })
    await collection('to')
    const submitted = await jobOf(
      await of().call('alice', 'POST', '/v1/jobs', {
        kind: 'copy',
        items: [item('a'), item('none'), { ...item('a'), destination: { collection: 'to', ifMatch: '0'.repeat(32) } }],
      }),
    )
    const stream = await of().call('alice', 'GET', `/v1/jobs/${submitted.id}/events`)
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    const text = await stream.text()
    expect(text).toMatch(/^retry: \d+\n\n/)
    const stored = framesOf(text).filter(frame => frame.event !== 'job.progress')
    const common = { job: '<uuid>', at: '<time>' }
    expect(masked(stored.map(frame => frame.data))).toMatchObject([
      { type: 'job.submitted', ...common },
      { type: 'job.resolved', ...common },
      { type: 'item.failed', ...common },
      { type: 'item.evicted', ...common },
      { type: 'job.finished', ...common, outcome: 'partial' },
    ])
    const { items } = (await (await of().call('alice', 'GET', `/v1/jobs/${submitted.id}/items?state=failed,evicted`)).json()) as { items: { reason: object }[] }
    expect(stored.flatMap(frame => frame.data?.['reason'] ?? [])).toEqual(items.map(({ reason }) => reason))
    expect(stored.map(frame => frame.event)).toEqual(stored.map(frame => frame.data?.['type']))
    const ids = stored.map(frame => Number(frame.id))
    expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    for (const frame of framesOf(text).filter(one => one.event === 'job.progress')) {
      expect(frame.id).toBeUndefined()
      expect(frame.data).toMatchObject({ id: submitted.id, counts: { total: 3 } })
    }
  })

  it('are replayed after the one that was seen last', async () => {
    const job = await jobOf(await of().call('alice', 'POST', '/v1/jobs', { kind: 'copy', items: [item('none')] }, WAIT))
    const url = `/v1/jobs/${job.id}/events`
    const all = framesOf(await (await of().call('alice', 'GET', url)).text())
    expect(all.map(frame => frame.event)).toEqual(['job.submitted', 'job.resolved', 'item.failed', 'job.finished'])
    const second = all[1]?.id ?? ''
    expect(framesOf(await (await of().call('alice', 'GET', url, undefined, { 'last-event-id': second })).text())).toEqual(all.slice(2))
    expect(framesOf(await (await of().call('alice', 'GET', `${url}?lastEventId=${second}`)).text())).toEqual(all.slice(2))
    expect(framesOf(await (await of().call('alice', 'GET', `${url}?lastEventId=${second}`, undefined, { 'last-event-id': all[2]?.id ?? '' })).text())).toEqual(
      all.slice(3),
    )
    const over = await of().call('alice', 'GET', url, undefined, { 'last-event-id': all[3]?.id ?? '' })
    expect([over.status, await over.text()]).toEqual([204, ''])
    for (const id of ['x', '-1', '1.5'])
      expect(await refused(await of().call('alice', 'GET', url, undefined, { 'last-event-id': id }))).toMatchObject({
        status: 400,
        pointers: ['Last-Event-ID'],
      })
    expect(await refused(await of().call('alice', 'GET', `${url}?lastEventId=x`))).toMatchObject({ status: 400, pointers: ['lastEventId'] })
    expect(await refused(await of().call('alice', 'GET', '/v1/jobs/7/events'))).toMatchObject({ status: 404, code: 'job_not_found' })
  })
})

describe('a part of the events', () => {
  it('leaves out single items, and begins with now', async () => {
    const job = await jobOf(await of().call('alice', 'POST', '/v1/jobs', { kind: 'copy', items: [item('none')] }, WAIT))
    const url = `/v1/jobs/${job.id}/events`
    const few = framesOf(await (await of().call('alice', 'GET', `${url}?items=false`)).text())
    expect(few.map(frame => frame.event)).toEqual(['job.submitted', 'job.resolved', 'job.finished'])
    const over = await of().call('alice', 'GET', `${url}?live=true`)
    expect([over.status, await over.text()]).toEqual([204, ''])
    const replay = framesOf(await (await of().call('alice', 'GET', `${url}?live=true&lastEventId=${few[1]?.id ?? ''}`)).text())
    expect(replay.map(frame => frame.event)).toEqual(['item.failed', 'job.finished'])
    expect(await refused(await of().call('alice', 'GET', '/v1/events?live=true'))).toMatchObject({ status: 400, pointers: ['live'] })
  })

  it('of all jobs leaves out single items, too', async () => {
    const all = await listen(of().url, '/v1/events?items=false', await of().token('alice'))
    const next = await jobOf(await of().call('alice', 'POST', '/v1/jobs', { kind: 'copy', items: [item('none')] }, WAIT))
    await expect.poll(() => all.frames().some(frame => frame.event === 'job.finished')).toBe(true)
    const told = all.frames().filter(frame => frame.event !== 'job.progress')
    expect(told.map(frame => [frame.event, frame.data?.['job']])).toEqual(['job.submitted', 'job.resolved', 'job.finished'].map(event => [event, next.id]))
    all.leave()
  })
})

/** An open stream: what has come so far, and how to leave. */
async function listen(url: string, path: string, token: string): Promise<{ frames(): Frame[]; text(): string; ended(): Promise<unknown>; leave(): void }> {
  const outgoing = request(url + path, { headers: { authorization: `Bearer ${token}` } })
  outgoing.on('error', () => undefined)
  outgoing.end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  incoming.on('error', () => undefined)
  let text = ''
  incoming.on('data', chunk => (text += String(chunk)))
  return {
    frames: () => framesOf(text.slice(0, text.lastIndexOf('\n\n') + 2)),
    text: () => text,
    ended: () => (incoming.readableEnded ? Promise.resolve() : once(incoming, 'end')),
    leave: () => outgoing.destroy(),
  }
}

describe('the events of all jobs', () => {
  it('are those the caller may see, as they happen, or after one that was seen', async () => {
    await of().call('bob', 'POST', '/v1/collections', { id: 'bobs' })
    const alice = await listen(of().url, '/v1/events', await of().token('alice'))
    const bob = await listen(of().url, '/v1/events', await of().token('bob'))
    const mine = await jobOf(await of().call('alice', 'POST', '/v1/jobs', { kind: 'copy', items: [item('a')] }, WAIT))
    const his = await jobOf(await of().call('bob', 'POST', '/v1/jobs', { kind: 'delete', items: [{ source: { collection: 'bobs', path: 'x' } }] }, WAIT))
    const seen = (frames: Frame[]): unknown[] => [...new Set(frames.map(frame => frame.data?.['job'] ?? frame.data?.['id']))]
    const isOver = (frames: Frame[]): boolean => frames.some(frame => frame.event === 'job.finished')
    await expect.poll(() => isOver(alice.frames()) && isOver(bob.frames()), { timeout: 20_000 }).toBe(true)
    expect(seen(alice.frames())).toEqual([mine.id])
    expect(seen(bob.frames())).toEqual([his.id])
    const stored = alice.frames().filter(frame => frame.id !== undefined)
    const replay = await listen(of().url, `/v1/events?lastEventId=${stored[0]?.id}`, await of().token('alice'))
    await expect.poll(() => replay.frames().filter(frame => frame.id !== undefined), { timeout: 20_000 }).toEqual(stored.slice(1))
    for (const stream of [alice, bob, replay]) stream.leave()
  })
})

describe('a stream whose token is revoked', () => {
  it('ends before the next event', async () => {
    const clock = new ShiftableClock()
    const server = await startTestServer({}, clock)
    try {
      const secret = await server.token('alice')
      const stream = await fetch(`${server.url}/v1/events`, { headers: { authorization: `Bearer ${secret}` } })
      const { tokenId } = await createAuthenticator({ ledger: server.ledger, clock, jwt: null }).authenticate(secret)
      await server.ledger.revokeToken(tokenId)
      clock.shift += 5_000
      await server.call('alice', 'POST', '/v1/collections', { id: 'own' })
      await server.call('alice', 'POST', '/v1/jobs', { kind: 'delete', items: [{ source: { collection: 'own', path: 'x' } }] })
      expect(framesOf(await stream.text())).toEqual([])
    } finally {
      await server.close()
    }
  })
})

/** Silences of a stream pass at once. */
class HastyClock extends ShiftableClock {
  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return super.sleep(ms === KEEP_ALIVE_MS ? 10 : ms, signal)
  }
}

describe('a silent stream whose token is revoked', () => {
  it.each(['all jobs', 'one job'])('of %s ends in the place of the next comment', async which => {
    const clock = new HastyClock()
    const server = await startTestServer({}, clock)
    try {
      await server.call('alice', 'POST', '/v1/collections', { id: 'own' })
      await server.engine.stop()
      const { id } = await jobOf(await server.call('alice', 'POST', '/v1/jobs', { kind: 'delete', items: [{ source: { collection: 'own', path: 'x' } }] }))
      const secret = await server.token('alice')
      const path = which === 'one job' ? `/v1/jobs/${id}/events?live=true` : '/v1/events'
      const stream = await listen(server.url, path, secret)
      await expect.poll(stream.text).toContain(': alive')
      const { tokenId } = await createAuthenticator({ ledger: server.ledger, clock, jwt: null }).authenticate(secret)
      await server.ledger.revokeToken(tokenId)
      clock.shift += 5_000
      await stream.ended()
    } finally {
      await server.close()
    }
  })
})

describe('a stream whose reader goes while its token is looked at', () => {
  it('is not counted, and nothing of it is left', async () => {
    const server = await startTestServer()
    try {
      const secret = await server.token('alice')
      const { ledger } = server
      const [asked, may] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const token = ledger.token.bind(ledger)
      ledger.token = async hash => {
        asked.resolve()
        await may.promise
        return token(hash)
      }
      const reader = connect(Number(new URL(server.url).port), '127.0.0.1')
      reader.write(`GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\n\r\n`)
      await asked.promise
      reader.destroy()
      const listener = startedServers().at(-1)?.server
      await expect.poll(() => new Promise(resolve => listener?.getConnections((_error, n) => resolve(n)))).toBe(0)
      may.resolve()
      ledger.token = token
      const answer = await server.call('alice', 'GET', '/v1/whoami')
      expect(((await answer.json()) as { quotas: object }).quotas).toEqual({ eventStreams: { limit: 1_000, used: 0 } })
    } finally {
      await server.close()
    }
  })
})

describe('a server that closes', () => {
  it('ends the streams, answers who waits, and lets connections go', async () => {
    const server = await startTestServer()
    const token = await server.token('alice')
    await server.call('alice', 'POST', '/v1/collections', { id: 'c' })
    const stream = await listen(server.url, '/v1/events', token)
    await server.engine.stop()
    const submit = (): Promise<Response> =>
      server.call('alice', 'POST', '/v1/jobs', { kind: 'delete', items: [{ source: { collection: 'c', path: 'x' } }] }, { prefer: 'wait=60' })
    const waiting = submit()
    await expect
      .poll(async () => ((await (await server.call('alice', 'GET', '/v1/jobs')).json()) as { items: unknown[] }).items.length, { timeout: 10_000 })
      .toBe(1)
    const closed = server.close()
    const answer = await waiting
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([202, 'wait=60'])
    await stream.ended()
    await closed
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()
  })
})
