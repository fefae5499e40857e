import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cluster } from '../support/cluster.ts'
import { ask } from '../support/postgres-database.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { Caller, type JobSeen } from './caller.ts'
import { everythingOf, ledgerFaults } from './ledger-faults.ts'

const FILES = 300
const FILE_BYTES = 512 * 1024
/** Each file so often: the chunks of a job read the same blobs again. */
const TIMES = 20

/** Jobs whose chunks are held under leases, because their bytes are read first. */
describe('a node that holds leases', () => {
  let cluster: Cluster
  let caller: Caller
  let jobs = 0

  beforeAll(async () => {
    cluster = await Cluster.start()
    caller = new Caller(cluster)
    await cluster.addNode()
    await caller.ask('POST', '/v1/collections', { id: 'source' })
    for (let n = 0; n < FILES; n++) await caller.ask('PUT', `/v1/collections/source/entries/${n}`, randomBytes(FILE_BYTES))
  }, 120_000)
  afterAll(async () => {
    caller.close()
    await cluster.stop()
  }, 60_000)

  /** Submits a job of three chunks that are read, and waits until a node reads one. */
  async function begin(): Promise<{ job: JobSeen; to: string; holder: ServerProcess }> {
    const to = `copies-${++jobs}`
    await caller.ask('POST', '/v1/collections', { id: to })
    const items = Array.from({ length: FILES * TIMES }, (_, n) => ({
      source: { collection: 'source', path: `${n % FILES}` },
      destination: { collection: to, path: `${n}` },
    }))
    const job = await caller.submit(to, { kind: 'copy', verify: 'digest', items })
    for (;;) {
      const [holder] = await holders(job)
      if (holder !== undefined) return { job, to, holder }
      await pause(5)
    }
  }

  /** The nodes that hold chunks of the job now. */
  async function holders(job: JobSeen): Promise<ServerProcess[]> {
    const rows = await ask(
      cluster.postgres.url,
      `SELECT DISTINCT worker FROM waybill.chunk WHERE state = 1 AND job = (SELECT key FROM waybill.job WHERE id = '${job.id}')`,
    )
    const pids = rows.map(({ worker }) => Number(String(worker).split('/').at(-1)))
    return [...cluster.nodes].filter(({ pid }) => pids.includes(pid))
  }

  async function held(by: ServerProcess): Promise<unknown> {
    const [row] = await ask(cluster.postgres.url, `SELECT count(*)::int AS held FROM waybill.chunk WHERE state = 1 AND worker LIKE '%/${by.pid}'`)
    return row?.['held']
  }

  /** A job whose holder was stopped by SIGSTOP while it held a chunk; it is asked nothing any more. */
  async function frozen(): Promise<Awaited<ReturnType<typeof begin>>> {
    for (;;) {
      const begun = await begin()
      process.kill(begun.holder.pid, 'SIGSTOP')
      if ((await held(begun.holder)) !== 0) {
        cluster.nodes.delete(begun.holder)
        return begun
      }
      process.kill(begun.holder.pid, 'SIGCONT') // it was done just then
    }
  }

  async function expectDone(job: JobSeen, to: string): Promise<void> {
    expect(await caller.finished(job.id, 60_000)).toMatchObject({ outcome: 'succeeded', counts: { done: FILES * TIMES } })
    const [row] = await ask(
      cluster.postgres.url,
      `SELECT count(*)::int AS entries, max(version) AS newest FROM waybill.entry WHERE collection = (SELECT key FROM waybill.collection WHERE id = '${to}')`,
    )
    expect(row).toEqual({ entries: FILES * TIMES, newest: 1 })
    expect(await ledgerFaults(cluster.postgres.url)).toEqual([])
  }

  it('and is killed has them taken over within 30 s', { timeout: 120_000 }, async () => {
    await cluster.scaleTo(2)
    const { job, to, holder } = await begin()
    await cluster.kill(holder)
    await expect.poll(() => held(holder), { timeout: 30_000 }).toBe(0)
    await expectDone(job, to)
  })

  it('and is stopped gives them back before it is gone', { timeout: 120_000 }, async () => {
    await cluster.scaleTo(2)
    const { job, to, holder } = await begin()
    cluster.nodes.delete(holder)
    expect(await holder.stop()).toBe(0)
    expect(await held(holder)).toBe(0)
    await expectDone(job, to)
  })

  it('and sleeps beyond their end writes nothing when it wakes', { timeout: 180_000 }, async () => {
    await cluster.scaleTo(2)
    const { job, to, holder } = await frozen()
    try {
      await expectDone(job, to)
      const before = await everythingOf(cluster.postgres.url, job.id, to)
      process.kill(holder.pid, 'SIGCONT')
      // it reads on, wants to write what it has read, and is refused
      await expect.poll(() => holder.output(), { timeout: 30_000 }).toMatch(/stale_lease/)
      await pause(1_000)
      expect(await everythingOf(cluster.postgres.url, job.id, to)).toBe(before)
    } finally {
      process.kill(holder.pid, 'SIGCONT')
      cluster.nodes.add(holder)
    }
  })
})
