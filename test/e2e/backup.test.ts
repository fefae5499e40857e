import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backUp } from '../../src/administration.ts'
import { WaybillClient } from '../../src/client/index.ts'
import { createToken, spawnServer, type ServerProcess } from '../support/server-process.ts'
import { gathered } from '../support/gathered.ts'
import { sha256 } from '../support/sha256.ts'
import { waybill } from './command.ts'

let root = ''
let data = ''
let token = ''
let server: ServerProcess
let client: WaybillClient

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'waybill-backup-'))
  data = join(root, 'data')
  server = await spawnServer(data)
  token = await createToken(data, 'alice', ['read', 'write'])
  client = new WaybillClient({ url: server.url, token })
  await client.collections.create({ id: 'papers' })
})
afterAll(async () => {
  await server.stop()
  await rm(root, { recursive: true })
})

/** Puts file after file until told to stop. Returns how many there are. */
function keepWriting(): { stop(): Promise<number> } {
  let going = true
  const written = (async () => {
    let count = 0
    for (; going; count++) await client.put('papers', `file-${String(count).padStart(5, '0')}`, `text ${count}`)
    return count
  })()
  return {
    stop: () => {
      going = false
      return written
    },
  }
}

describe('backup', () => {
  it('is taken beside a server that works, and with the store makes a data directory that a server runs on', async () => {
    await client.put('papers', 'before', 'there before')
    const writing = keepWriting()
    const file = join(root, 'ledger-1.db')
    const run = await waybill(['backup', '--data', data, file])
    const written = await writing.stop()
    expect(run).toMatchObject({ code: 0, out: `${file}\n` })
    expect(written).toBeGreaterThan(0)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await readdir(root)).filter(name => name.startsWith('ledger-1.db'))).toEqual(['ledger-1.db'])

    const restored = join(root, 'restored')
    await mkdir(restored)
    await cp(file, join(restored, 'ledger.db'))
    await cp(join(data, 'store'), join(restored, 'store'), { recursive: true })
    const second = await spawnServer(restored)
    try {
      const there = new WaybillClient({ url: second.url, token })
      const entries = await gathered(there.entries.list('papers'))
      const files = entries.map(entry => entry.path).filter(path => path !== 'before')
      expect(entries.length - files.length).toBe(1)
      // those that were put first, without a gap: the ledger as it was at one moment
      expect(files).toEqual(Array.from({ length: files.length }, (_, number) => `file-${String(number).padStart(5, '0')}`))
      for (const { path, digest } of entries) {
        expect(sha256(Buffer.from(await (await there.get('papers', path)).arrayBuffer()))).toBe(digest)
      }
    } finally {
      await second.stop()
    }
  })

  it('holds one moment, whatever is committed meanwhile', async () => {
    const file = join(data, 'ledger.db')
    const other = new DatabaseSync(file, { timeout: 5000 })
    // enough for several steps
    other.exec(`CREATE TABLE padding (bytes BLOB) STRICT; CREATE TABLE meanwhile (number INTEGER) STRICT;
      INSERT INTO padding SELECT randomblob(1048576) FROM json_each('${JSON.stringify(Array.from({ length: 50 }, () => 0))}')`)
    const target = join(root, 'ledger-2.db')
    let steps = 0
    await backUp(data, target, () => {
      if (++steps <= 20) other.exec(`INSERT INTO meanwhile VALUES (${steps})`)
    })
    other.exec('DROP TABLE padding; DROP TABLE meanwhile')
    other.close()
    expect(steps).toBeGreaterThan(1)
    const copy = new DatabaseSync(target, { readOnly: true })
    expect([copy.prepare('SELECT count(*) AS rows FROM padding').get(), copy.prepare('SELECT count(*) AS rows FROM meanwhile').get()]).toEqual([
      { rows: 50 },
      { rows: 0 },
    ])
    copy.close()
  })

  it('works without a server, and leaves the schema as it is', async () => {
    const older = join(root, 'older')
    await mkdir(older)
    const ledger = new DatabaseSync(join(older, 'ledger.db'))
    ledger.exec('PRAGMA journal_mode = WAL; PRAGMA user_version = 3; CREATE TABLE something (x)')
    ledger.close()
    const target = join(root, 'ledger-3.db')
    expect((await waybill(['backup', '--data', older, target])).code).toBe(0)
    for (const file of [target, join(older, 'ledger.db')]) {
      const opened = new DatabaseSync(file, { readOnly: true })
      expect(opened.prepare('PRAGMA user_version').get()).toEqual({ user_version: 3 })
      opened.close()
    }
  })

  it('never takes the place of a file, and makes nothing where there is no ledger', async () => {
    const taken = join(root, 'taken')
    await writeFile(taken, 'mine')
    expect(await waybill(['backup', '--data', data, taken])).toMatchObject({
      code: 3,
      err: `waybill: There is something at ${taken}; give a backup a name of its own.\n`,
    })
    const nowhere = join(root, 'nowhere')
    expect(await waybill(['backup', '--data', nowhere, join(root, 'ledger-4.db')])).toMatchObject({
      code: 2,
      err: `waybill: There is no data directory at ${nowhere}; name the one that the server runs on.\n`,
    })
    expect(await waybill(['backup', '--data', data, join(nowhere, 'ledger.db')])).toMatchObject({
      code: 2,
      err: `waybill: There is no file or directory ${nowhere}.\n`,
    })
    expect((await readdir(root)).filter(name => name === 'nowhere' || name.includes('ledger-4') || name.includes('partial'))).toEqual([])
  })
})
