import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Cluster } from '../support/cluster.ts'
import { ask } from '../support/postgres-database.ts'
import { Caller, type JobSeen } from './caller.ts'
import { ledgerFaults } from './ledger-faults.ts'

const ITEMS = 200_000
const UPLOADED = 500
/** When so much of the big job is done, a node is killed; and once, in the middle, PostgreSQL is restarted. */
const KILLS_AT = [0.05, 0.2, 0.35, 0.6, 0.8]
const RESTART_AT = 0.5

describe.each([2, 4])('%i nodes on one PostgreSQL', nodes => {
  it('lose nothing and double nothing while they are killed and PostgreSQL is restarted', { timeout: 300_000 }, async () => {
    const cluster = await Cluster.start()
    const caller = new Caller(cluster)
    try {
      await cluster.scaleTo(nodes)
      await fill(caller)
      const big = await caller.submit('big', {
        kind: 'copy',
        select: [{ source: { collection: 'source', prefix: '' }, destination: { collection: 'copies', prefix: '' } }],
      })
      const over = new AbortController()
      const beside = smallJobs(caller, over.signal)
      const faults = await disturb(cluster, caller, big)
      const done = await caller.finished(big.id)
      over.abort()
      const small = await beside
      const ended = await Promise.all(small.map(({ id }) => caller.finished(id)))

      expect(faults).toEqual([])
      expect(await ledgerFaults(cluster.postgres.url)).toEqual([])
      expect(done).toMatchObject({ outcome: 'succeeded', counts: { total: ITEMS, done: ITEMS, failed: 0 } })
      expect(await versions(cluster, 'copies')).toEqual({ entries: ITEMS, newest: 1, superseded: 0 })
      // I5: whatever was sent twice, and to whom, is one job
      expect(new Set(small.map(({ id }) => id)).size).toBe(small.length)
      for (const job of ended) expect(job).toMatchObject({ outcome: 'succeeded', counts: { total: 3, done: 3 } })
      expect(await versions(cluster, 'inbox')).toEqual({ entries: 3 * small.length, newest: 1, superseded: 0 })
      expect(small.length).toBeGreaterThan(10)
      expect(caller.lost).toBeGreaterThan(0)
    } finally {
      caller.close()
      await cluster.stop()
    }
  })
})

async function fill(caller: Caller): Promise<void> {
  for (const id of ['uploaded', 'source', 'copies', 'inbox']) await caller.ask('POST', '/v1/collections', { id })
  for (let n = 0; n < UPLOADED; n++) await caller.ask('PUT', `/v1/collections/uploaded/entries/file-${n}`, Buffer.from(`file ${n}`))
  const jobs: JobSeen[] = []
  for (let n = 0; n < ITEMS / UPLOADED; n++) {
    const select = [{ source: { collection: 'uploaded', prefix: '' }, destination: { collection: 'source', prefix: `part-${n}/` } }]
    jobs.push(await caller.submit(`fill-${n}`, { kind: 'copy', select }))
  }
  for (const { id } of jobs) expect(await caller.finished(id)).toMatchObject({ outcome: 'succeeded' })
}

/** Kills nodes in the middle of the job, each replaced by a new one, and looks at the tables after each. */
async function disturb(cluster: Cluster, caller: Caller, big: JobSeen): Promise<string[]> {
  const faults: string[] = []
  for (const part of [...KILLS_AT, RESTART_AT].toSorted((a, b) => a - b)) {
    while (((await caller.job(big.id)).counts['done'] as number) < ITEMS * part) await pause(10)
    if (part === RESTART_AT) await cluster.postgres.restart()
    else {
      const [oldest] = cluster.nodes
      if (oldest !== undefined) await cluster.kill(oldest)
      await cluster.addNode()
    }
    faults.push(...(await ledgerFaults(cluster.postgres.url)))
  }
  return faults
}

/** Sends small jobs, one after the other, until it is told to stop. */
async function smallJobs(caller: Caller, stop: AbortSignal): Promise<JobSeen[]> {
  const jobs: JobSeen[] = []
  while (!stop.aborted) {
    const items = [0, 1, 2].map(n => ({
      source: { collection: 'uploaded', path: `file-${n}` },
      destination: { collection: 'inbox', path: `${jobs.length}/${n}` },
    }))
    jobs.push(await caller.submit(`small-${jobs.length}`, { kind: 'copy', items }))
  }
  return jobs
}

async function versions(cluster: Cluster, collection: string): Promise<unknown> {
  const [row] = await ask(
    cluster.postgres.url,
    `SELECT (SELECT count(*) FROM waybill.entry WHERE collection = c.key)::int AS entries, (SELECT max(version) FROM waybill.entry WHERE collection = c.key) AS newest,
      (SELECT count(*) FROM waybill.history WHERE collection = c.key)::int AS superseded FROM waybill.collection c WHERE id = '${collection}'`,
  )
  return row
}
