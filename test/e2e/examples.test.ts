import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SubmitItem, WaybillClient } from '../../src/client/index.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { sha256 } from '../support/sha256.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

let server: TestServer
let token = ''
let client: WaybillClient
let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-examples-'))
  server = await startTestServer({ webhookHttp: true, webhookAllow: ['127.0.0.1'] })
  token = await server.token('alice')
  client = new WaybillClient({ url: server.url, token })
  for (const id of ['photos', 'archive']) await client.collections.create({ id })
  for (const path of ['2026/a.png', '2026/b.png', '2025/c.png']) await client.upload('photos', path, path)
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true })
})

/** Runs an example as its first lines say, with the client of this source tree; its lines. */
async function example(name: string, ...args: string[]): Promise<readonly string[]> {
  const env = { ...process.env, WAYBILL_URL: server.url, WAYBILL_TOKEN: token }
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=waybill-source', join(ROOT, 'examples', name), ...args], { env })
  return stdout.trimEnd().split('\n')
}

/** A port that nobody listens on just now. */
async function freePort(): Promise<number> {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  taken.close()
  await once(taken, 'close')
  return port
}

const deletions = (...paths: string[]): SubmitItem[] => paths.map(path => ({ source: { collection: 'photos', path } }))

it('every example is in the guide', async () => {
  const guide = await readFile(join(ROOT, 'docs/guides/client.md'), 'utf8')
  const linked = [...guide.matchAll(/\(\.\.\/\.\.\/examples\/([^)]+)\)/g)].map(match => match[1])
  expect(linked.toSorted()).toEqual(await readdir(join(ROOT, 'examples')))
})

describe('the example', () => {
  it('copies a prefix and waits', async () => {
    const lines = await example('copy-and-wait.ts', 'photos', '2026/', 'archive', 'copied/')
    expect(lines[0]).toMatch(/^job \S{36} is submitted$/)
    expect(lines.slice(-2)).toEqual(['2 of 2 done', 'succeeded: 2 copied, 0 failed'])
    expect(await (await client.download('archive', 'copied/b.png')).text()).toBe('2026/b.png')
  })

  it('submits a million items that are never in memory', { timeout: 300_000 }, async () => {
    const lines = await example('submit-a-million.ts', 'photos', '2025/c.png', 'archive', '1000000')
    expect(lines[0]).toMatch(/ has 1000000 items$/)
    // an array of them alone takes more
    expect(Number(/(\d+) MiB/.exec(lines[1] ?? '')?.[1])).toBeLessThan(200)
    expect(lines[2]).toBe('succeeded: 1000000 done')
    expect(await client.entries.metadata('archive', 'copies/1000000')).toMatchObject({ size: 10 })
  })

  it('watches a job live', async () => {
    const { id } = await client.submit({ kind: 'delete', items: deletions('none') })
    const lines = await example('watch.ts', id)
    expect(lines[0]).toMatch(/^a delete job, submitted at 2/)
    expect(lines).toContain('it has 1 items')
    expect(lines).toContain('none: There is no file "none" in "photos".')
    expect(lines).toContain('finished: failed')
  })

  it('finds what failed and tries it again', async () => {
    const { id } = await client.submit({ kind: 'delete', items: deletions('late', '2026/a.png') }, { waitSeconds: 60 })
    await client.upload('photos', 'late', 'here now')
    expect(await example('retry-failed.ts', id)).toEqual([
      '1 of 2 items failed',
      'late, attempt 1: There is no file "late" in "photos". (entry_not_found: somebody has to mend it)',
      'succeeded: 2 done, 0 failed again',
    ])
    const error = await example('retry-failed.ts', 'none').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 1, stderr: expect.stringMatching(/^404 job_not_found: .{10,}\n$/) as string })
  })

  it('receives the events of a collection', async () => {
    const port = await freePort()
    const lines = example('webhook-receiver.ts', 'photos', `http://127.0.0.1:${port}/`)
    // as soon as there is a webhook; what is sent before it listens is sent again
    await expect.poll(async () => (await client.webhooks.list({ collection: 'photos' }).next()).done, { timeout: 20_000 }).toBe(false)
    await client.submit({ kind: 'delete', items: deletions('none') })
    const [ready, ...told] = await lines
    expect(ready).toMatch(/^webhook \S{36} is ready$/)
    // in no promised order: it ends with the job, perhaps before it is told of the item
    expect(told).toContain('finished: failed')
    for (const line of told) expect(['finished: failed', 'none: There is no file "none" in "photos".']).toContain(line)
    expect((await client.webhooks.list({ collection: 'photos' }).next()).done).toBe(true)
  })

  it('uploads and downloads with checks', async () => {
    const [file, again] = [join(directory, 'picture.png'), join(directory, 'again.png')]
    const bytes = Uint8Array.from({ length: 100_000 }, (_, n) => n % 251)
    await writeFile(file, bytes)
    const stored = [`stored 100000 bytes as version 1, SHA-256 ${sha256(bytes)}`, 'it begins with 0 1 2 3', `wrote ${again}`]
    expect(await example('upload-and-download.ts', file, 'photos', 'up.png', again)).toEqual(stored)
    expect(sha256(await readFile(again))).toBe(sha256(bytes))
    expect((await example('upload-and-download.ts', file, 'photos', 'up.png', again))[0]).toBe('photos:up.png is there already, and stays as it is')
  })
})
