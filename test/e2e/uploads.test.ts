import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken, spawnServer, type ServerProcess } from '../support/server-process.ts'

const PART = 4 * 1024 * 1024
const PARTS = 6
/** Four starts of a server, each up to a minute on a loaded machine. */
const MOST_MS = 240_000

let data = ''
let token = ''
let server: ServerProcess
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'waybill-uploads-'))
  server = await spawnServer(data)
  token = await createToken(data, 'alice', ['read', 'write'])
}, MOST_MS)
afterAll(async () => {
  await server.stop()
  await rm(data, { recursive: true, force: true })
})

function call(method: string, path: string, body?: object): Promise<Response> {
  const headers = { 'x-sbg-auth-token': token, 'content-type': 'application/json' }
  return fetch(server.url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
}

async function json<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await call(method, path, body)
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}

/** As a power cut would, and then on again. */
async function crash(): Promise<void> {
  await server.kill()
  server = await spawnServer(data)
}

describe('an upload in parts', () => {
  it(
    'goes on after each crash, with the URLs that were given out, and becomes one version',
    async () => {
      const bytes = randomBytes(PART * PARTS - 17)
      const project = (await json<{ id: string }>('POST', '/v2/projects', { name: 'crashes' })).id
      const { upload_id: id } = await json<{ upload_id: string }>('POST', '/v2/upload/multipart', { project, name: 'f', size: bytes.length, part_size: PART })
      const base = `/v2/upload/multipart/${id}`
      const pathOf = async (number: number): Promise<string> => (await json<{ url: string }>('GET', `${base}/part/${number}`)).url.slice(server.url.length)
      const put = (path: string, number: number): Promise<Response> =>
        fetch(server.url + path, { method: 'PUT', body: bytes.subarray((number - 1) * PART, number * PART) })

      const later = await pathOf(2)
      expect((await put(await pathOf(1), 1)).status).toBe(200)
      // this one may or may not have been stored when the power goes
      const cut = Promise.allSettled([put(await pathOf(3), 3)])
      await crash()
      await cut
      expect((await put(later, 2)).status).toBe(200)
      for (let number = 3; number <= PARTS; number += 1) expect((await put(await pathOf(number), number)).status).toBe(200)

      const completing = Promise.allSettled([call('POST', `${base}/complete`)])
      await crash()
      await completing
      const file = await json<{ id: string; size: number; href: string }>('POST', `${base}/complete`)
      await crash()
      expect(await json('POST', `${base}/complete`)).toEqual({ ...file, href: expect.stringContaining(file.id) as string })

      const { url } = await json<{ url: string }>('GET', `/v2/files/${file.id}/download_info`)
      const read = Buffer.from(await (await fetch(url)).arrayBuffer())
      expect(createHash('sha256').update(read).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
      const versions = await fetch(`${server.url}/v1/collections/${encodeURIComponent(project)}/versions/f`, { headers: { authorization: `Bearer ${token}` } })
      expect(((await versions.json()) as { items: unknown[] }).items).toHaveLength(1)
    },
    MOST_MS,
  )
})
