import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClientError, type ItemInfo, type ServerEvent, type SubmitItem, WaybillClient } from '../../src/client/index.ts'
import { gathered } from '../support/gathered.ts'
import { createToken, type ServerProcess, spawnServer } from '../support/server-process.ts'
import { sha256 } from '../support/sha256.ts'

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
    expect((await gathered(client.collections.list({ prefix: 'alice/s' }))).map(one => one.id)).toEqual(['alice/short'])
    await client.collections.grant('alice/short', 'bob', 'readonly')
    expect(await gathered(client.collections.grants('alice/short'))).toMatchObject([{ subject: 'alice' }, { subject: 'bob', role: 'readonly' }])
    await client.collections.revoke('alice/short', 'bob')
    expect(await client.collections.lock('alice/short', 'a/b c', { ttlSeconds: 60 })).toMatchObject({ holder: 'alice' })
    await client.collections.unlock('alice/short', 'a/b c')
    await client.upload('alice/short', 'a', 'a')
    expect(await refusal(client.collections.remove('alice/short'))).toMatchObject({ status: 409, code: 'collection_not_empty' })
    const emptying = await client.collections.remove('alice/short', { force: true })
    await client.wait(emptying?.id as string)
    expect(await client.collections.remove('alice/short')).toBeNull()
    expect(await refusal(client.collections.get('alice/short'))).toMatchObject({ status: 404, code: 'collection_not_found' })
  })
})

describe('entries', () => {
  it('keep their bytes under any name', async () => {
    const path = 'ü/%41+?#&/ .txt'
    const bytes = new TextEncoder().encode('Grüße')
    const digest = sha256(bytes)
    const entry = await client.upload('photos', path, bytes, { mediaType: 'text/plain', sha256: digest, ifNoneMatch: '*' })
    expect(entry).toMatchObject({ path, size: 7, digest, version: 1 })
    const response = await client.download('photos', path)
    expect(response.headers.get('etag')).toBe(`"${entry.revision}"`)
    expect(await response.text()).toBe('Grüße')
    expect(await client.entries.patch('photos', path, { fields: { title: 'x' } }, { ifMatch: entry.revision })).toMatchObject({
      fields: { title: 'x' },
      version: 2,
    })
    expect(await client.entries.metadata('photos', path)).toMatchObject({ version: 2, digest })
    expect((await gathered(client.entries.versions('photos', path))).map(one => one.version)).toEqual([2, 1])
    await client.entries.remove('photos', path)
    expect(await refusal(client.download('photos', path))).toMatchObject({ status: 404, code: 'entry_not_found' })
  })

  it('are refused with a reason', async () => {
    expect(await refusal(client.upload('photos', 'x', 'a', { sha256: '0'.repeat(64) }))).toMatchObject({ status: 400, code: 'digest_mismatch' })
    expect(await refusal(client.upload('photos', 'x', 'a', { ifMatch: '0'.repeat(32) }))).toMatchObject({ status: 412 })
    await expect(client.upload('photos', '../x', 'a')).rejects.toThrow(TypeError)
    await expect(client.download('photos', 'a//b')).rejects.toThrow(TypeError)
  })

  it('are uploaded from whatever bytes are in, with their digest', async () => {
    const text = 'x'.repeat(300_000)
    const digest = sha256(text)
    const stream = (): ReadableStream<Uint8Array> => new Blob([text]).stream()
    for (const body of [text, new TextEncoder().encode(text), new Blob([text]), stream(), stream, () => text]) {
      expect(await client.upload('photos', 'in', body)).toMatchObject({ size: 300_000, digest })
    }
    const gathering = new WaybillClient({ url: server.url, token, streamBodies: false })
    expect(await gathering.upload('photos', 'in', stream())).toMatchObject({ size: 300_000, digest })
    expect(await refusal(client.upload('photos', 'in', stream(), { sha256: '0'.repeat(64) }))).toMatchObject({ status: 400, code: 'digest_mismatch' })
  })

  it('are downloaded as a whole, in part, and as they were', async () => {
    await client.upload('photos', 'out', '0123456789')
    await client.upload('photos', 'out', '')
    const text = async (...options: Parameters<typeof client.download> extends [string, string, ...infer Rest] ? Rest : never): Promise<string> =>
      (await client.download('photos', 'out', ...options)).text()
    expect(await text()).toBe('')
    expect(await text({ version: 1 })).toBe('0123456789')
    expect(await text({ version: 1, range: { start: 2, end: 4 } })).toBe('234')
    expect(await text({ version: 1, range: { start: 7 } })).toBe('789')
    expect(await refusal(client.download('photos', 'out', { version: 1, range: { start: 10 } }))).toMatchObject({ status: 416 })
  })

  it('are listed page after page', async () => {
    for (let n = 0; n < 5; n++) await client.upload('photos', `many/${n}`, 'x')
    expect((await gathered(client.list('photos', { prefix: 'many/', limit: 2 }))).map(entry => entry.path)).toEqual([
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
  beforeAll(async () => {
    for (const path of ['a', 'many/0', 'many/1', 'many/2', 'many/3', 'many/4']) await client.upload('photos', path, path)
  })

  const items = (...paths: string[]): SubmitItem[] =>
    paths.map(path => ({ source: { collection: 'photos', path }, destination: { collection: 'alice/archive' } }))

  it('are submitted once for a key, and waited for', async () => {
    const job = await client.submit({ kind: 'copy', items: items('a'), label: 'x' }, { idempotencyKey: 'one', waitSeconds: 10 })
    expect(job).toMatchObject({ state: 'finished', outcome: 'succeeded', label: 'x' })
    expect((await client.submit({ kind: 'copy', items: items('a'), label: 'x' }, { idempotencyKey: 'one' })).id).toBe(job.id)
    expect((await client.job(job.number)).id).toBe(job.id)
    expect(await gathered(client.jobs.list({ label: 'x' }))).toHaveLength(1)
  })

  it('carry a key by themselves, another for each call', async () => {
    for (const idempotencyKey of [undefined, undefined, null]) {
      await client.submit({ kind: 'copy', items: items('a'), label: 'keyed' }, idempotencyKey === undefined ? {} : { idempotencyKey })
    }
    expect(await gathered(client.jobs.list({ label: 'keyed' }))).toHaveLength(3)
  })

  it('tell their items, events and report, and end the events by themselves', async () => {
    const stale = '0'.repeat(32)
    const [first] = items('a')
    const evicted: SubmitItem = { source: { collection: 'photos', path: 'a', ifMatch: stale }, destination: { collection: 'alice/archive', path: 'b' } }
    const { id } = await client.submit({ kind: 'copy', items: [first as SubmitItem, ...items('none'), evicted], label: 'told' })
    await client.wait(id)
    const failed: ItemInfo[] = await gathered(client.items(id, { states: ['failed'] }))
    expect(failed).toMatchObject([{ seq: 1, source: { path: 'none' }, reason: { code: 'entry_not_found' } }])
    const stored = (await gathered(client.watch(id))).filter(event => event.id !== null)
    const at: unknown = expect.any(String)
    const counts = { total: 3, pending: 0, running: 0, done: 1, skipped: 0, failed: 1, evicted: 1, cancelled: 0 }
    // every member that the types promise, and no other
    expect(stored.map(event => event.data).toSorted((one, other) => (one.type < other.type ? -1 : 1))).toEqual([
      {
        type: 'item.evicted',
        job: id,
        at,
        seq: 2,
        source: expect.objectContaining({ path: 'a' }),
        destination: expect.objectContaining({ path: 'b' }),
        reason: expect.objectContaining({ code: 'condition_failed', expected: stale }),
      },
      {
        type: 'item.failed',
        job: id,
        at,
        seq: 1,
        source: expect.objectContaining({ path: 'none' }),
        destination: expect.objectContaining({ path: 'none' }),
        reason: expect.objectContaining({ code: 'entry_not_found' }),
      },
      { type: 'job.finished', job: id, at, outcome: 'partial', counts },
      { type: 'job.resolved', job: id, at, total: 3 },
      { type: 'job.submitted', job: id, at, kind: 'copy', label: 'told' },
    ])
    const last = stored.at(-1) as ServerEvent
    expect(await gathered(client.watch(id, { after: last.id as string }))).toEqual([])
    const lines = (await (await client.report(id, { format: 'ndjson', states: ['failed', 'evicted'] })).text()).trimEnd().split('\n')
    expect(lines.map(line => (JSON.parse(line) as ItemInfo).seq)).toEqual([1, 2])
    expect(await (await client.report(id)).text()).toMatch(/^seq,state,/)
  })

  it('are seen among the events of all jobs', async () => {
    const stop = new AbortController()
    const seen: string[] = []
    const { id } = await client.submit({ kind: 'copy', items: items('a') }, { waitSeconds: 60 })
    await expect(async () => {
      for await (const event of client.jobs.events({ after: '0', signal: stop.signal })) {
        if (event.type === 'job.progress' || event.data.job !== id) continue
        seen.push(event.type)
        if (event.type === 'job.finished') stop.abort(new Error('seen enough'))
      }
    }).rejects.toThrow('seen enough')
    expect(seen).toEqual(['job.submitted', 'job.resolved', 'job.finished'])
  })

  it('are paused, resumed, cancelled and retried', async () => {
    const manifest = Array.from({ length: 20_000 }, (_, n) => ({ source: { collection: 'photos', path: `later/${n}` } }))
    const { id } = await client.submit({ kind: 'delete', items: manifest })
    expect(await client.pause(id)).toMatchObject({ paused: true })
    expect(await client.resume(id)).toMatchObject({ paused: false })
    await client.wait(id)
    await client.upload('photos', 'later/7', 'x')
    await client.retry(id)
    expect(await client.wait(id)).toMatchObject({ outcome: 'partial', counts: { done: 1, failed: 19_999 } })
    expect(await refusal(client.cancel(id))).toMatchObject({ status: 409, code: 'job_finished' })
  })

  it.each([
    ['an array', (list: SubmitItem[]) => list],
    ['an iterator', (list: SubmitItem[]) => list.values()],
    ['an async generator', (list: SubmitItem[]) => ReadableStream.from(list).values() as AsyncIterable<SubmitItem>],
    ['a function', (list: SubmitItem[]) => () => list.values()],
  ])('take %s of any length', async (_name, form) => {
    const list = Array.from({ length: 12_345 }, (_, n) => ({
      source: { collection: 'photos', path: `many/${n % 5}` },
      destination: { collection: 'alice/archive', path: `n/${n}` },
    }))
    for (const through of [client, new WaybillClient({ url: server.url, token, streamBodies: false })]) {
      const { id } = await through.submit({ kind: 'copy', items: form(list), dryRun: true, label: 'long' })
      expect(await through.wait(id)).toMatchObject({ label: 'long', dryRun: true, outcome: 'succeeded', counts: { total: 12_345, done: 12_345 } })
    }
  })

  it('take manifests as they are', async () => {
    const lines = ReadableStream.from(items('a', 'many/0').map(item => new TextEncoder().encode(`${JSON.stringify(item)}\n`)))
    const { id } = await client.submit({ kind: 'copy', manifest: lines, format: 'ndjson', dryRun: true, label: 'from a stream' })
    expect(await client.wait(id)).toMatchObject({ dryRun: true, label: 'from a stream', counts: { total: 2, done: 2 } })
    const csv = 'sourceCollection,sourcePath,destinationCollection\nphotos,a,alice/archive\n'
    expect(await client.submit({ kind: 'copy', manifest: csv, format: 'csv' }, { waitSeconds: 60 })).toMatchObject({ counts: { done: 1 } })
  })

  it('of selections take no items that can only be streamed', async () => {
    const select = [{ source: { collection: 'photos' }, destination: { collection: 'alice/archive' } }]
    await expect(client.submit({ kind: 'copy', items: items('a').values(), select })).rejects.toThrow(TypeError)
    expect(await client.submit({ kind: 'copy', items: items('a'), select, dryRun: true }, { waitSeconds: 60 })).toMatchObject({ outcome: 'succeeded' })
  })

  it('are refused with the place of the fault', async () => {
    const error = await refusal(client.submit({ kind: 'copy', items: items('a', '../b') }))
    expect(error).toMatchObject({ status: 400, errors: [{ pointer: '/items/1/source/path' }] })
    expect(error.detail.length).toBeGreaterThan(20)
    expect(error.retryable).toBe(false)
    expect(await refusal(client.job('none'))).toMatchObject({ status: 404, code: 'job_not_found' })
  })
})
