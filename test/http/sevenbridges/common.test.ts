import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld } from './world.ts'
import type { Client, ErrorWords, World } from './world.ts'

describe('what all calls have in common', () => {
  let world: World
  let alice: Client

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
    await world.project('alice/data')
  })
  afterAll(() => world.stop())

  it('takes the token of either header', async () => {
    for (const headers of [{ 'x-sbg-auth-token': alice.token }, { authorization: `Bearer ${alice.token}` }] as Record<string, string>[]) {
      const answer = await fetch(`${world.url}/v2/user`, { headers })
      expect([answer.status, ((await answer.json()) as { username: string }).username]).toEqual([200, 'alice'])
    }
  })

  it('refuses a call without a good token', async () => {
    for (const headers of [{}, { 'x-sbg-auth-token': 'd32c2976ffc04d0eb90c6c4fb4c0a465' }, { 'x-sbg-auth-token': '' }, { authorization: 'Basic abc' }]) {
      const answer = await fetch(`${world.url}/v2/user`, { headers: headers as Record<string, string> })
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ status: 401, code: 90001, message: expect.stringContaining('X-SBG-Auth-Token') as string })
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    }
  })

  it('does not take a call that it does not serve for a file', async () => {
    const alice = await world.as('alice')
    expect(await alice.refusal('GET', '/v2/files/scroll?project=alice/x')).toMatchObject({
      status: 404,
      code: 90003,
      message: expect.stringContaining('/v2/files/scroll') as string,
    })
  })

  it('needs a scope for reading and one for writing', async () => {
    const reader = await world.as('alice', ['read'])
    const writer = await world.as('alice', ['write'])
    expect((await reader.send('GET', '/v2/user')).status).toBe(200)
    expect(await reader.refusal('POST', '/v2/projects', { name: 'x' })).toMatchObject({ status: 403, code: 90002 })
    expect(await reader.refusal('POST', '/v2/async/files/copy', { items: [] })).toMatchObject({ status: 403, code: 90002 })
    expect(await writer.refusal('GET', '/v2/user')).toMatchObject({ status: 403, code: 90002 })
    expect((await (await world.as('alice', ['admin'])).send('GET', '/v2/user')).status).toBe(200)
  })

  it('never looks at the body of a GET or a DELETE: the official client sends null and {}', async () => {
    for (const body of ['null', '{}', 'no json {']) {
      expect((await alice.send('GET', '/v2/projects/alice/data', body)).status, body).toBe(200)
      const id = await world.put('alice/data', 'delete-me')
      expect((await alice.send('DELETE', `/v2/files/${id}`, body)).status, body).toBe(204)
    }
  })

  it('says what is wrong with a body', async () => {
    for (const body of ['', 'null', '[]', '"x"', '{"a"', '{"a": 1,}', '{"name": "\ud800'.slice(0, 9)]) {
      expect(await alice.refusal('POST', '/v2/projects', body), body).toMatchObject({ status: 400, code: 90009 })
    }
    expect(await alice.refusal('POST', '/v2/projects', 'name=x', { 'content-type': 'application/x-www-form-urlencoded' })).toMatchObject({
      status: 415,
      code: 90008,
    })
    expect(await alice.refusal('POST', '/v2/projects', { name: 'x'.repeat(1024 * 1024) })).toMatchObject({ status: 413, code: 90000 })
  })

  it('answers in its own form where there is no route or no such method', async () => {
    expect(await alice.refusal('GET', '/v2/nothing')).toMatchObject({ status: 404, code: 90003 })
    expect(await alice.refusal('GET', '/v2')).toMatchObject({ status: 404, code: 90003 })
    expect(await alice.refusal('GET', '/v2/async/files/rename/1')).toMatchObject({ status: 404, code: 90003 })
    expect(await alice.refusal('GET', '/v2/files/%E0%A4%A')).toMatchObject({ status: 400, code: 90000 })
    for (const [method, path, allow] of [
      ['PUT', '/v2/projects', 'GET, HEAD, POST'],
      ['DELETE', '/v2/async/files/copy', 'POST'],
      ['POST', '/v2/async/files/copy/1', 'GET, HEAD'],
      ['POST', '/v2/user', 'GET, HEAD'],
    ] as const) {
      const answer = await alice.send(method, path, '{}')
      expect([answer.status, answer.headers.allow], path).toEqual([405, allow])
      expect(JSON.parse(answer.body)).toMatchObject({ status: 405, code: 90006 })
    }
  })

  it('makes its links from the Host of the request, or from the public URL', async () => {
    // fetch sets Host itself
    const href = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
      socket.end(`GET /v2/user HTTP/1.1\r\nHost: bridges.example:8443\r\nX-SBG-Auth-Token: ${alice.token}\r\nConnection: close\r\n\r\n`)
      let text = ''
      socket.on('data', chunk => (text += chunk.toString()))
      socket.on('end', () => resolve((JSON.parse(text.slice(text.indexOf('{'))) as { href: string }).href))
      socket.on('error', reject)
    })
    expect(href).toBe('http://bridges.example:8443/v2/users/alice')
    const other = await startWorld({ publicUrl: 'https://files.example.org/sbg/' })
    try {
      const client = await other.as('alice')
      expect(await client.json('GET', '/v2/user')).toMatchObject({ href: 'https://files.example.org/sbg/v2/users/alice' })
      expect(await client.json('GET', '/v2/projects/')).toMatchObject({ href: 'https://files.example.org/sbg/v2/projects/?offset=0&limit=25' })
    } finally {
      await other.stop()
    }
  })

  it('is never in maintenance: an outage has a code of its own, and a rate one that says so', async () => {
    const slow = await startWorld({ requestsPerMinute: 2 })
    try {
      const client = await slow.as('alice')
      const answers = [await client.send('GET', '/v2/user'), await client.send('GET', '/v2/user'), await client.send('GET', '/v2/user')]
      const last = answers[2]
      expect(last?.status).toBe(429)
      expect(JSON.parse(last?.body ?? '') as ErrorWords).toMatchObject({ status: 429, code: 1000 })
      expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0)
    } finally {
      await slow.stop()
    }
  })
})
