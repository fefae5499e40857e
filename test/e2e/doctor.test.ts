import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gathered } from '../support/gathered.ts'
import { examine } from '../../src/doctor.ts'
import { loadConfig } from '../../src/config.ts'
import { spawnServer, type ServerProcess } from '../support/server-process.ts'
import { waybill } from './command.ts'

describe('doctor', () => {
  let root = ''
  let data = ''
  let server: ServerProcess

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'waybill-doctor-'))
    data = join(root, 'data')
    server = await spawnServer(data)
  })
  afterAll(async () => {
    await server.stop()
    await rm(root, { recursive: true })
  })

  it('finds a working server well, and leaves nothing behind', async () => {
    const before = await readdir(join(data, 'store'), { recursive: true })
    const { code, out } = await waybill(['doctor', '--data', data])
    expect([code, out.split('\n').map(line => line.slice(0, 20).trimEnd())]).toEqual([
      0,
      ['ok    Node.js', 'ok    data directory', 'ok    ledger', 'ok    rows', 'ok    store local', ''],
    ])
    expect((await readdir(join(data, 'store'), { recursive: true })).filter(name => /[0-9a-f]{62}$/.test(name))).toEqual(
      before.filter(name => /[0-9a-f]{62}$/.test(name)),
    )
  })

  it('takes two dry runs of the same copies for no damage: they made nothing', async () => {
    const made = await waybill(['token', 'create', '--data', data, '--subject', 'alice', '--scopes', 'read,write'])
    const env = { WAYBILL_URL: server.url, WAYBILL_TOKEN: made.out.trim() }
    const file = join(root, 'a.txt')
    await writeFile(file, 'bytes')
    for (const words of [
      ['collection', 'create', 'papers'],
      ['put', file, 'papers:'],
      ['cp', 'papers:', 'papers:copy/', '--dry-run'],
      ['cp', 'papers:', 'papers:copy/', '--dry-run'],
      ['cp', 'papers:', 'papers:copy/', '--wait'],
    ]) {
      expect(await waybill(words, { env })).toMatchObject({ code: 0 })
    }
    await rm(file)
    const { code, out } = await waybill(['doctor', '--data', data])
    expect([code, out]).toEqual([0, expect.stringContaining('ok    rows')])
  })

  it('says what is wrong and what to do, makes nothing, and exits with 2', async () => {
    const missing = join(root, 'missing')
    const { code, out } = await waybill(['doctor', '--data', missing, '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(out.split('\n')[1] ?? '')).toEqual({
      what: 'data directory',
      well: false,
      found: `there is nothing at ${missing}; name the directory that the server runs on, or start a server to make it`,
    })
    expect(await readdir(root)).toEqual(['data'])
  })

  it('tries each store, and tells which cannot be used', async () => {
    const file = join(root, 'file')
    await writeFile(file, '')
    const config = loadConfig({ flags: { data, stores: { local: { kind: 'local' }, other: { kind: 'local', directory: join(file, 'beneath') } } } })
    const found = await gathered(examine(config))
    expect(found.at(-1)).toMatchObject({ what: 'stores', well: false })
    await rm(file)
  })

  it('tells where an attached directory is missing, and what to do', async () => {
    const directory = join(root, 'not-mounted')
    const config = loadConfig({ flags: { data, stores: { local: { kind: 'local' }, photos: { kind: 'attached', directory } } } })
    const found = await gathered(examine(config))
    expect(found.at(-1)).toEqual({
      what: 'store photos',
      well: false,
      found: `the store "photos" cannot be used just now (ENOENT, its directory is not there; make or mount it): ${directory}`,
    })
  })
})
