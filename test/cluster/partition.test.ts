import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Cluster } from '../support/cluster.ts'
import { startCuttingProxy, type CuttingProxy } from '../support/cutting-proxy.ts'
import { ask } from '../support/postgres-database.ts'
import { Http } from '../support/http.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { Caller, type JobSeen } from './caller.ts'
import { everythingOf, ledgerFaults } from './ledger-faults.ts'

const FILES = 300
const FILE_BYTES = 512 * 1024
/** Each file so often: every chunk of a job reads all blobs, which takes it a while. */
const TIMES = 14

let cluster: Cluster
let caller: Caller
let proxy: CuttingProxy
let cutOff: ServerProcess
let there: Http

beforeAll(async () => {
  cluster = await Cluster.start()
  caller = new Caller(cluster)
  await cluster.addNode()
  proxy = await startCuttingProxy(cluster.postgres.url)
  cutOff = await cluster.addNode(proxy.url)
  cluster.nodes.delete(cutOff) // nobody else asks it for anything
  there = new Http(cutOff.url, cluster.token)
  await caller.ask('POST', '/v1/collections', { id: 'source' })
  for (let n = 0; n < FILES; n++) await caller.ask('PUT', `/v1/collections/source/entries/${n}`, randomBytes(FILE_BYTES))
}, 240_000)
afterAll(async () => {
  proxy.partition(false)
  there.close()
  await cutOff.stop()
  caller.close()
  await cluster.stop()
  proxy.close()
}, 240_000)

async function holds(job: JobSeen): Promise<boolean> {
  const rows = await ask(
    cluster.postgres.url,
    `SELECT 1 FROM waybill.chunk WHERE state = 1 AND worker LIKE '%/${cutOff.pid}' AND job = (SELECT key FROM waybill.job WHERE id = '${job.id}')`,
  )
  return rows.length > 0
}

/** A job of which the node that is cut off holds a chunk, just then. */
async function cut(): Promise<{ job: JobSeen; to: string }> {
  for (let n = 0; ; n++) {
    const to = `copies-${n}`
    await caller.ask('POST', '/v1/collections', { id: to })
    const items = Array.from({ length: FILES * TIMES }, (_, at) => ({
      source: { collection: 'source', path: `${at % FILES}` },
      destination: { collection: to, path: `${at}` },
    }))
    // asked for there, it is taken in hand there first
    const job = await there.json<JobSeen>('POST', '/v1/jobs', { kind: 'copy', verify: 'digest', items })
    while ((await caller.job(job.id)).state !== 'finished') {
      if (!(await holds(job))) continue
      // stopped, it cannot let go of what it holds before it is cut off
      process.kill(cutOff.pid, 'SIGSTOP')
      await pause(50) // what it had sent has arrived
      const held = await holds(job)
      if (held) proxy.partition(true)
      process.kill(cutOff.pid, 'SIGCONT')
      if (held) return { job, to }
    }
  }
}

it('a node that is cut off from the database while it holds a lease writes nothing when it is back, and works again', { timeout: 400_000 }, async () => {
  const { job, to } = await cut()
  expect(await caller.finished(job.id, 90_000)).toMatchObject({ outcome: 'succeeded', counts: { done: FILES * TIMES } })
  const before = await everythingOf(cluster.postgres.url, job.id, to)
  proxy.partition(false)
  await expect.poll(async () => (await fetch(`${cutOff.url}/readyz`)).status, { timeout: 90_000, interval: 500 }).toBe(200)
  await pause(3_000) // for what it had still in hand
  expect(await everythingOf(cluster.postgres.url, job.id, to)).toBe(before)
  expect(await ledgerFaults(cluster.postgres.url)).toEqual([])
  const [row] = await ask(
    cluster.postgres.url,
    `SELECT count(*)::int AS entries, max(version) AS newest FROM waybill.entry WHERE collection = (SELECT key FROM waybill.collection WHERE id = '${to}')`,
  )
  expect(row).toEqual({ entries: FILES * TIMES, newest: 1 })
})
