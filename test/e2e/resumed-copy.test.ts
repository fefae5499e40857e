import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WaybillClient, type ItemInfo, type JobInfo } from '../../src/client/index.ts'
import { createToken, spawnServer, type ServerProcess } from '../support/server-process.ts'
import { Http } from '../support/http.ts'
import { sha256 } from '../support/sha256.ts'
import { waybill } from './command.ts'

const MIB = 1024 * 1024
const LARGE = randomBytes(24 * MIB)

let root = ''
let servers: ServerProcess[] = []
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'waybill-resumed-'))
})
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
  await rm(root, { recursive: true })
})

/** A server with two local stores on the same data; `bandwidth` of the further one. */
async function serve(bandwidth: string | null): Promise<ServerProcess> {
  const file = join(root, 'config.json')
  await writeFile(file, JSON.stringify({ stores: { local: { kind: 'local' }, far: { kind: 'local', directory: join(root, 'far'), bandwidth } } }))
  const server = await spawnServer(join(root, 'data'), { args: ['--config', file] })
  servers.push(server)
  return server
}

describe('a large copy between stores', () => {
  it('tells how far it has come, and goes on from there after a kill', async () => {
    const token = await createToken(join(root, 'data'), 'alice', ['read', 'write'])
    const server = await serve('2M')
    const http = new Http(server.url, token)
    await http.json('POST', '/v1/collections', { id: 'near' })
    await http.json('POST', '/v1/collections', { id: 'far-away', store: 'far' })
    expect(await http.send('PUT', '/v1/collections/near/entries/large.bin', LARGE)).toMatchObject({ status: 201 })
    // the bytes are to be read, so no link is made
    const { id } = await http.json<JobInfo>('POST', '/v1/jobs', {
      ...{ kind: 'copy', verify: 'digest' },
      items: [{ source: { collection: 'near', path: 'large.bin' }, destination: { collection: 'far-away' } }],
    })
    const bytesOf = async (): Promise<number> => (await http.json<{ items: ItemInfo[] }>('GET', `/v1/jobs/${id}/items`)).items[0]?.bytes ?? 0
    while ((await bytesOf()) === 0) await new Promise(resolve => setTimeout(resolve, 20))
    expect(await bytesOf()).toBeLessThan(LARGE.length)
    const tracked = await waybill(['track', id], { env: { WAYBILL_URL: server.url, WAYBILL_TOKEN: token }, cwd: root })
    expect(tracked.out).toMatch(/running +near:large\.bin -> far-away:large\.bin: [0-9.]+ MB so far/)
    http.close()
    await server.kill()
    servers = []
    const left = join(root, 'far', 'tmp', sha256(LARGE))
    const before = await stat(left)
    expect(before.size).toBeGreaterThan(0)
    expect(before.size).toBeLessThan(LARGE.length)

    const client = new WaybillClient({ url: (await serve(null)).url, token })
    expect(await client.wait(id)).toMatchObject({ outcome: 'succeeded', bytes: { done: LARGE.length } })
    const blob = join(root, 'far', 'blobs', sha256(LARGE).slice(0, 2), sha256(LARGE).slice(2))
    expect((await stat(blob)).ino, 'the file that was begun is the one that was ended').toBe(before.ino)
    expect(await readdir(join(root, 'far', 'tmp'))).toEqual([])
    expect(sha256(await (await client.entries.download('far-away', 'large.bin')).bytes())).toBe(sha256(LARGE))
  })
})
