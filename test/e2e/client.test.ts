import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClientError, type ItemInfo, type ServerEvent, sha256Of, WaybillClient } from '../../src/client/index.ts'
import { createToken, type ServerProcess, spawnServer } from '../support/server-process.ts'

let data = ''
let token = ''
let server: ServerProcess
let client: WaybillClient

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'waybill-client-'))
  server = await spawnServer(data)
  token = await createToken(data, 'alice', ['read', 'write'])
  client = new WaybillClient({ url: server.url, token })
  for (const id of ['photos', 'alice/archive']) await client.collections.create({ id })
})

afterAll(async () => {
  await server.stop()
  await rm(data, { recursive: true })
})

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** The refusal that a call must end with. */
async function refusal(call: Promise<unknown>): Promise<ClientError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ClientError)
  return error as ClientError
}

describe('collections', () => {
  it('are made, listed, changed, shared, locked and removed', async () => {
    expect(await client.whoami()).toMatchObject({ subject: 'alice', scopes: ['read', 'write'] })
    expect(await client.collections.create({ id: 'alice/short', name: 'Short' })).toMatchObject({ id: 'alice/short', role: 'owner' })
    expect(await client.collections.update('alice/short', { name: 'Shorter' })).toMatchObject({ name: 'Shorter' })
    expect((await all(client.collections.list({ prefix: 'alice/s' }))).map(one => one.id)).toEqual(['alice/short'])
    await client.collections.grant('alice/short', 'bob', 'readonly')
    expect(await all(client.collections.grants('alice/short'))).toMatchObject([{ subject: 'alice' }, { subject: 'bob', role: 'readonly' }])
    await client.collections.revoke('alice/short', 'bob')
    expect(await client.collections.lock('alice/short', 'a/b c', { ttlSeconds: 60 })).toMatchObject({ holder: 'alice' })
    await client.collections.unlock('alice/short', 'a/b c')
    await client.collections.remove('alice/short')
    expect(await refusal(client.collections.get('alice/short'))).toMatchObject({ status: 404, code: 'collection_not_found' })
  })
})

describe('entries', () => {
  it('keep their bytes under any name', async () => {
    const path = 'ü/%41+?#&/ .txt'
    const bytes = new TextEncoder().encode('Grüße')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const entry = await client.put('photos', path, bytes, { mediaType: 'text/plain', sha256, ifNoneMatch: '*' })
    expect(entry).toMatchObject({ path, size: 7, digest: sha256, version: 1 })
    const response = await client.get('photos', path)
    expect(sha256Of(response.headers.get('repr-digest'))).toBe(sha256)
    expect(await response.text()).toBe('Grüße')
    expect(await client.entries.patch('photos', path, { title: 'x' }, { ifMatch: entry.revision })).toMatchObject({ fields: { title: 'x' }, version: 2 })
    expect(await client.entries.metadata('photos', path)).toMatchObject({ version: 2, digest: sha256 })
    expect((await all(client.entries.versions('photos', path))).map(one => one.version)).toEqual([2, 1])
    await client.entries.remove('photos', path)
    expect(await refusal(client.get('photos', path))).toMatchObject({ status: 404, code: 'entry_not_found' })
  })

  it('are refused with a reason', async () => {
    expect(await refusal(client.put('photos', 'x', 'a', { sha256: '0'.repeat(64) }))).toMatchObject({ status: 400, code: 'digest_mismatch' })
    expect(await refusal(client.put('photos', 'x', 'a', { ifMatch: '0'.repeat(32) }))).toMatchObject({ status: 412 })
    expect(() => client.put('photos', '../x', 'a')).toThrow(TypeError)
    expect(() => client.get('photos', 'a//b')).toThrow(TypeError)
  })

  it('are listed page after page', async () => {
    for (let n = 0; n < 5; n++) await client.put('photos', `many/${n}`, 'x')
    expect((await all(client.list('photos', { prefix: 'many/', limit: 2 }))).map(entry => entry.path)).toEqual([
      'many/0',
      'many/1',
      'many/2',
      'many/3',
      'many/4',
    ])
    expect(await client.entries.page('photos', { delimiter: '/' })).toMatchObject({ prefixes: ['many/'] })
  })
})

describe('jobs', () => {
  const items = (...paths: string[]) => paths.map(path => ({ source: { collection: 'photos', path }, destination: { collection: 'alice/archive' } }))

  it('are submitted once for a key, and waited for', async () => {
    await client.put('photos', 'a', 'a')
    const job = await client.submit({ kind: 'copy', items: items('a'), label: 'x' }, { idempotencyKey: 'one', waitSeconds: 10 })
    expect(job).toMatchObject({ state: 'finished', outcome: 'succeeded', label: 'x' })
    expect((await client.submit({ kind: 'copy', items: items('a'), label: 'x' }, { idempotencyKey: 'one' })).id).toBe(job.id)
    expect((await client.job(job.number)).id).toBe(job.id)
    expect(await all(client.jobs.list({ label: 'x' }))).toHaveLength(1)
  })

  it('tell their items and events, and end the events by themselves', async () => {
    const { id } = await client.submit({ kind: 'copy', items: items('a', 'none') })
    await client.wait(id)
    const failed: ItemInfo[] = await all(client.items(id, { states: ['failed'] }))
    expect(failed).toMatchObject([{ seq: 1, source: { path: 'none' }, reason: { code: 'entry_not_found' } }])
    const events = await all(client.events({ id }))
    expect(events.filter(event => event.id !== null).map(event => event.type)).toEqual(['job.submitted', 'job.resolved', 'item.failed', 'job.finished'])
    const last = events.findLast(event => event.id !== null) as ServerEvent
    expect(await all(client.events({ id, after: last.id as string }))).toEqual([])
  })

  it('take manifests as streams', async () => {
    const lines = ReadableStream.from(items('a', 'many/0').map(item => new TextEncoder().encode(`${JSON.stringify(item)}\n`)))
    const { id } = await client.submit({ kind: 'copy', manifest: lines, format: 'ndjson', dryRun: true, label: 'from a stream' })
    expect(await client.wait(id)).toMatchObject({ dryRun: true, label: 'from a stream', counts: { total: 2, done: 2 } })
  })

  it('are refused with the place of the fault', async () => {
    const error = await refusal(client.submit({ kind: 'copy', items: items('a', '../b') }))
    expect(error).toMatchObject({ status: 400, errors: [{ pointer: '/items/1/source/path' }] })
    expect(error.detail.length).toBeGreaterThan(20)
    expect(await refusal(client.job('none'))).toMatchObject({ status: 404, code: 'job_not_found' })
  })
})

describe('broken lines', () => {
  it('are told as unreachable, and an abort as what it is', async () => {
    const nobody = new WaybillClient({ url: 'http://127.0.0.1:9', token })
    expect(await refusal(nobody.job('x'))).toMatchObject({ status: 0, code: 'unreachable', passing: true })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(client.wait('x', { signal })).rejects.toThrow('enough')
  })

  it('do not lose or repeat an event', async () => {
    const { id } = await client.submit({
      kind: 'copy',
      items: Array.from({ length: 60 }, (_, n) => ({ source: { collection: 'photos', path: `none/${n}` }, destination: { collection: 'photos' } })),
    })
    await client.wait(id)
    const whole = await all(client.events({ id }))
    const proxy = await cuttingProxy(new URL(server.url), 12_000)
    const through = new WaybillClient({ url: proxy.url, token })
    const stored = (events: readonly ServerEvent[]): readonly (string | null)[] => events.map(event => event.id).filter(one => one !== null)
    expect(stored(await all(through.events({ id })))).toEqual(stored(whole))
    expect(proxy.cuts()).toBeGreaterThan(0)
    proxy.close()
  })

  it('do not end a wait while the server restarts', async () => {
    const own = await mkdtemp(join(tmpdir(), 'waybill-restart-'))
    const first = await spawnServer(own)
    const waiter = new WaybillClient({ url: first.url, token: await createToken(own, 'alice', ['read', 'write']) })
    await waiter.collections.create({ id: 'photos' })
    const manifest = Array.from({ length: 20_000 }, (_, n) => `{"source":{"collection":"photos","path":"none/${n}"}}\n`).join('')
    const { id } = await waiter.submit({ kind: 'delete', manifest, format: 'ndjson' })
    await waiter.pause(id)
    const waiting = waiter.wait(id, { patienceMs: 60_000, everySeconds: 1 })
    await first.kill()
    const second = await spawnServer(own, { args: ['--port', new URL(first.url).port] })
    await waiter.resume(id)
    expect(await waiting).toMatchObject({ state: 'finished', outcome: 'failed', counts: { failed: 20_000 } })
    await second.stop()
    await rm(own, { recursive: true })
  })
})

/** Passes connections on to the server, and cuts each after so many bytes of answer. */
async function cuttingProxy(target: URL, bytes: number): Promise<{ url: string; cuts: () => number; close: () => void }> {
  const sockets = new Set<Socket>()
  let cuts = 0
  const proxy = createServer(near => {
    const far = connect(Number(target.port), target.hostname)
    let passed = 0
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy()) // a cut connection ends on both sides
      socket.on('close', () => [near, far].forEach(each => each.destroy()))
    }
    near.pipe(far)
    far.on('data', chunk => {
      near.write(chunk.subarray(0, bytes - passed))
      passed += chunk.length
      if (passed < bytes) return
      cuts++
      near.end()
      far.destroy()
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const close = (): void => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  }
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, cuts: () => cuts, close }
}
