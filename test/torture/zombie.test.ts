import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { brokenIn } from '../../src/ledger/sqlite/soundness.ts'
import { Http } from '../support/http.ts'
import { createToken, spawnServer, type ServerProcess } from '../support/server-process.ts'
import { Desk, type JobSeen } from './errands/desk.ts'
import { Tally } from './tally.ts'

/** On PostgreSQL: test/cluster/leases.test.ts (a node that sleeps) and test/cluster/partition.test.ts (one that is cut off). */
describe('two servers on one data directory', () => {
  let data: string
  let first: ServerProcess
  let token: string
  let http: Http
  let desk: Desk

  beforeEach(async () => {
    data = join(await mkdtemp(join(tmpdir(), 'waybill-zombie-')), 'data')
    token = await createToken(data, 'zombie', ['read', 'write'])
    first = await spawnServer(data)
    connect(first)
    await http.json('POST', '/v1/collections', { id: 'c' })
    await desk.put('c', 'file', Buffer.alloc(100_000, 'a file '))
  }, 180_000)
  afterEach(async () => {
    http.close()
    expect(desk.faults).toEqual([])
    await rm(join(data, '..'), { recursive: true, force: true })
  })

  function connect(server: ServerProcess): void {
    http = new Http(server.url, token)
    desk = new Desk(http, new Tally())
  }

  async function submit(to: string, n: number): Promise<string> {
    const items = Array.from({ length: n }, (_, at) => ({ source: { collection: 'c', path: 'file' }, destination: { collection: 'c', path: `${to}/${at}` } }))
    return (await http.json<JobSeen>('POST', '/v1/jobs', { kind: 'copy', verify: 'digest', items })).id
  }

  const refused = /data directory .* is in use by another server; stop that one first/

  it('is refused, also while the first one is only asleep, in the middle of its work', async () => {
    await expect(spawnServer(data)).rejects.toThrow(refused)
    const id = await submit('asleep', 3_000)
    process.kill(first.pid, 'SIGSTOP')
    try {
      await expect(spawnServer(data)).rejects.toThrow(refused)
    } finally {
      process.kill(first.pid, 'SIGCONT')
    }
    await desk.expectDone(id, 3_000)
    await first.stop()
    expect(brokenIn(join(data, 'ledger.db'), Date.now())).toEqual([])
  }, 180_000)

  it('is taken over at once when the first one was killed, with what that had begun', async () => {
    const id = await submit('killed', 3_000)
    await first.kill()
    http.close()
    const second = await spawnServer(data)
    connect(second)
    await desk.expectDone(id, 3_000)
    await expect(spawnServer(data)).rejects.toThrow(refused)
    await second.stop()
    expect(brokenIn(join(data, 'ledger.db'), Date.now())).toEqual([])
  }, 180_000)
})
