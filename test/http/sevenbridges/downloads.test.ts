import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashToken, mintToken } from '../../../src/access/tokens.ts'
import { loadConfig, type ConfigInput } from '../../../src/config.ts'
import { startServer, type RunningServer } from '../../../src/main.ts'
import { PROJECT, download, startTransfers, urlOf, type Transfers } from './transfers.ts'
import { Client, callerOf } from './world.ts'

const HOUR_MS = 3600 * 1000

let t: Transfers
beforeAll(async () => {
  t = await startTransfers()
})
afterAll(() => t.close())

/** Stores a version of a file as alice, and returns the file's id. */
async function store(path: string, bytes: string, engine: RunningServer['engine'] = t.server.engine): Promise<string> {
  const { entry } = await engine.entries.put(callerOf('alice'), PROJECT, path, Readable.from([Buffer.from(bytes)]), { mediaType: 'text/html' })
  return entry.entityId.replaceAll('-', '')
}

async function told(answer: Response): Promise<[number, string | null, string | null, string]> {
  return [answer.status, answer.headers.get('content-range'), answer.headers.get('content-length'), await answer.text()]
}

describe('a download', () => {
  it('as the official client does it', async () => {
    const file = await store('dir/a.txt', '0123456789')
    const url = await urlOf(t.alice, file)
    expect(url.startsWith(`${t.server.url}/download/`)).toBe(true)
    expect(await download(url, 4)).toBe('0123456789')
    expect(await download(url, 5)).toBe('0123456789')
    // File.content asks for the same URL with the client's usual headers
    expect((await t.alice.send('GET', url, 'null')).body).toBe('0123456789')
  })

  it('gives ranges, and HEAD', async () => {
    const url = await urlOf(t.alice, await store('b', '0123456789'))
    const range = (header: string): Promise<Response> => fetch(url, { headers: { range: header } })
    expect(await told(await fetch(url))).toEqual([200, null, '10', '0123456789'])
    expect(await told(await range('bytes=0-3'))).toEqual([206, 'bytes 0-3/10', '4', '0123'])
    expect(await told(await range('bytes=8-99'))).toEqual([206, 'bytes 8-9/10', '2', '89'])
    expect(await told(await range('bytes=-3'))).toEqual([206, 'bytes 7-9/10', '3', '789'])
    const outside = await range('bytes=10-')
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */10'])
    expect(await told(await fetch(url, { method: 'HEAD' }))).toEqual([200, null, '10', ''])
    const headers = (await fetch(url)).headers
    expect(headers.get('content-disposition')).toContain('attachment; filename="b"')
    expect(headers.get('content-security-policy'), 'nothing of it runs in a browser').toContain('sandbox')
    expect(headers.get('accept-ranges')).toBe('bytes')
    expect(await told(await fetch(await urlOf(t.alice, await store('empty', ''))))).toEqual([200, null, '0', ''])
  })

  it('is not of another version that came to have the number, as after a restore', async () => {
    const url = await urlOf(t.alice, await store('renumbered', 'first'))
    const db = new DatabaseSync(join(t.server.data, 'ledger.db'), { timeout: 5_000 })
    db.exec(`UPDATE entry SET revision = randomblob(16) WHERE path = 'renumbered'`)
    db.close()
    expect((await fetch(url)).status).toBe(404)
  })

  it('is of the version that was there, and no other', async () => {
    const file = await store('c', 'first')
    const url = await urlOf(t.alice, file)
    await store('c', 'second')
    expect(await (await fetch(url)).text()).toBe('first')
    expect(await (await fetch(await urlOf(t.alice, file))).text()).toBe('second')
  })

  it('is of files that the caller may read', async () => {
    const file = await store('folder/d', 'd')
    const folder = await t.alice.json<{ parent: string }>('GET', `/v2/files/${file}`)
    expect(await t.alice.refusal('GET', `/v2/files/${folder.parent}/download_info`)).toMatchObject({ status: 400, code: 5033 })
    expect(await t.alice.refusal('GET', '/v2/files/0123456789abcdef01234567/download_info')).toMatchObject({ status: 404, code: 5002 })
    const bob = await t.client('bob')
    expect(await bob.refusal('GET', `/v2/files/${file}/download_info`)).toMatchObject({ status: 404, code: 5002 })
    const writer = await t.client('alice', ['write'])
    expect((await writer.refusal('GET', `/v2/files/${file}/download_info`)).status).toBe(403)
  })
})

describe('the URL', () => {
  it('holds for reading this one file, as it was signed', async () => {
    const [url, other] = [await urlOf(t.alice, await store('e', 'e')), await urlOf(t.alice, await store('f', 'f'))]
    const [path = '', query = ''] = url.split('?')
    const refused = async (changed: string): Promise<void> => {
      const answer = await fetch(changed)
      expect([answer.status, ((await answer.json()) as { code: string }).code], changed).toEqual([403, 'invalid_signature'])
    }
    await refused(path)
    await refused(`${other.split('?')[0]}?${query}`)
    await refused(`${path}?${query.replace(/expires=\d+/, 'expires=9999999999')}`)
    await refused(`${path}?${query}A`)
    await refused(`${path.replace('/download/', '/download/x')}?${query}`)
    for (const method of ['PUT', 'POST', 'DELETE']) expect((await fetch(url, { method })).status, method).toBe(405)
    expect((await fetch(url.replace('/download/', '/upload/'), { method: 'PUT', body: 'x' })).status).toBe(403)
    expect((await fetch(url)).status).toBe(200)
  })

  it('gives what the one who asked for it may still read, and ends', async () => {
    const file = await store('g', 'g')
    await t.server.ledger.setGrant(PROJECT, 'bob', 'readonly')
    const url = await urlOf(await t.client('bob'), file)
    expect((await fetch(url)).status).toBe(200)
    await t.server.ledger.removeGrant(PROJECT, 'bob')
    expect((await fetch(url)).status).toBe(404)
    await t.server.ledger.setGrant(PROJECT, 'bob', 'readonly')
    t.clock.advance(HOUR_MS - 1000)
    expect((await fetch(url)).status).toBe(200)
    t.clock.advance(1000)
    const late = await fetch(url)
    expect(late.status).toBe(403)
    expect(((await late.json()) as { detail: string }).detail).toContain('expired at')
  })
})

describe('after a restart', () => {
  /** Starts a server on the directory, does something and stops it. */
  async function during<T>(data: string, config: ConfigInput, work: (server: RunningServer) => Promise<T>): Promise<T> {
    const server = await startServer(loadConfig({ flags: { data, port: 0, logLevel: 'error', ...config } }))
    try {
      return await work(server)
    } finally {
      await server.close()
    }
  }

  it('URLs hold still, unless there is another key', async () => {
    const data = await mkdtemp(join(tmpdir(), 'waybill-restart-'))
    try {
      const path = await during(data, {}, async server => {
        await server.engine.collections.create(callerOf('alice'), { id: PROJECT })
        const secret = mintToken()
        await server.ledger.createToken({ id: 'token', subject: 'alice', scopes: ['read'], expiresAt: null, hash: hashToken(secret) })
        const client = new Client(server.url, secret)
        const url = await urlOf(client, await store('kept', 'kept', server.engine))
        client.close()
        return url.slice(server.url.length)
      })
      expect((await stat(join(data, 'signing-key'))).mode & 0o777).toBe(0o600)
      const again = (config: ConfigInput): Promise<number> => during(data, config, async server => (await fetch(server.url + path)).status)
      expect(await again({})).toBe(200)
      expect(await again({ signingKey: 'another key that is long enough, too' })).toBe(403)
      expect(await again({})).toBe(200)
    } finally {
      await rm(data, { recursive: true })
    }
  })
})
