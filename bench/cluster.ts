import { Http } from '../test/support/http.ts'
import { Cluster } from '../test/support/cluster.ts'
import { ask } from '../test/support/postgres-database.ts'
import { figure, grouped, median, say, seconds } from './figures.ts'
import { createCollections, timedCopy } from './jobs.ts'
import { sayMachine } from './machine.ts'
import type { Measured, Row, Scale } from './measured.ts'
import { uploadSome } from './tree.ts'

/** How much is measured: the job's files, and how often. */
interface Size {
  readonly items: number
  readonly rounds: number
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: { items: 500_000, rounds: 6 },
  quick: { items: 50_000, rounds: 1 },
  tiny: { items: 2_000, rounds: 1 },
}
const NODES = [1, 2, 4] as const
/** Files that are uploaded; the collection is filled by copies of them. */
const UPLOADED = 1_000
const NOTE = 'PostgreSQL and all servers are on this one machine: more of them cannot be faster here, and must not be slower'
/** PostgreSQL as it is installed: every commit waits for the disk. Only its memory is what a small machine of its own would give it. */
export const POSTGRES = ['-c', 'shared_buffers=512MB', '-c', 'max_wal_size=4GB']

/** One job on a cluster of 1, 2 and 4 nodes over one PostgreSQL, in turn. See bench/README.md. */
export async function clusterBench(scale: Scale): Promise<Measured> {
  const size = SIZES[scale]
  const cluster = await Cluster.start(POSTGRES, process.env['WAYBILL_BENCH_DIR'])
  try {
    sayMachine(cluster.directory)
    await fill(cluster, size.items)
    const before = await written(cluster)
    const took = await rounds(cluster, size)
    sayWritten(before, await written(cluster), size.items * size.rounds * NODES.length)
    const figures: Record<string, number> = {}
    const rows: Row[] = []
    for (const nodes of NODES) {
      const times = took.get(nodes) ?? []
      const itemsPerSecond = size.items / median(times)
      say(`job, ${grouped(size.items)} files, nodes: ${nodes}`, `${seconds(times)}   ${grouped(itemsPerSecond)} items/s`)
      figures[`items_per_second_${nodes}`] = figure(itemsPerSecond)
      const what = `one job over ${grouped(size.items)} files on PostgreSQL, servers: ${nodes}`
      rows.push({ name: `items_per_second_${nodes}`, what, unit: 'items/s', better: 'more', ours: times.map(one => size.items / one), note: NOTE })
    }
    return { figures, rows }
  } finally {
    await cluster.stop()
  }
}

interface Written {
  readonly walBytes: number
  readonly tableBytes: Readonly<Record<string, number>>
}

/** What PostgreSQL has written to its log so far, and how large the ledger's tables are with their indexes. */
async function written({ postgres }: Cluster): Promise<Written> {
  const [log] = await ask(postgres.url, "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8 AS bytes")
  const tables = await ask(
    postgres.url,
    "SELECT relname, pg_total_relation_size(oid)::float8 AS bytes FROM pg_class WHERE relnamespace = 'waybill'::regnamespace AND relkind = 'r'",
  )
  return { walBytes: Number(log?.['bytes']), tableBytes: Object.fromEntries(tables.map(({ relname, bytes }) => [String(relname), Number(bytes)])) }
}

function sayWritten(before: Written, after: Written, items: number): void {
  const grown = Object.entries(after.tableBytes)
    .map(([table, bytes]) => ({ table, bytes: (bytes - (before.tableBytes[table] ?? 0)) / items }))
    .filter(({ bytes }) => bytes >= 1)
    .toSorted((a, b) => b.bytes - a.bytes)
  say('bytes a file, tables and indexes', grown.map(({ table, bytes }) => `${table} ${Math.round(bytes)}`).join(', '))
  say('bytes a file, write-ahead log', grouped((after.walBytes - before.walBytes) / items))
}

async function rounds(cluster: Cluster, { items, rounds: count }: Size): Promise<Map<number, number[]>> {
  const took = new Map<number, number[]>(NODES.map(nodes => [nodes, []]))
  for (let round = 0; round < count; round++) {
    // each comes first once: the tables grow from job to job
    for (const nodes of [...NODES.slice(round % NODES.length), ...NODES.slice(0, round % NODES.length)]) {
      await cluster.scaleTo(nodes)
      await ask(cluster.postgres.url, 'CHECKPOINT')
      const lasted = await over(cluster, async http => {
        const copy = `copy-${nodes}-${round}`
        await createCollections(http, copy)
        return timedCopy(http, { collection: 'source', prefix: '' }, { collection: copy, prefix: '' }, items)
      })
      took.get(nodes)?.push(lasted)
    }
  }
  return took
}

/** Uploads some files, and copies them until there are enough. */
async function fill(cluster: Cluster, items: number): Promise<void> {
  await cluster.scaleTo(1)
  await over(cluster, async http => {
    await createCollections(http, 'uploaded', 'source')
    await uploadSome(http, 'uploaded', UPLOADED)
    for (let n = 0; n < items / UPLOADED; n++) {
      await timedCopy(http, { collection: 'uploaded', prefix: '' }, { collection: 'source', prefix: `part-${String(n).padStart(4, '0')}/` }, UPLOADED)
    }
  })
}

async function over<T>(cluster: Cluster, use: (http: Http) => Promise<T>): Promise<T> {
  const [node] = cluster.nodes
  if (node === undefined) throw new Error('the cluster has no node')
  const http = new Http(node.url, cluster.token)
  try {
    return await use(http)
  } finally {
    http.close()
  }
}
