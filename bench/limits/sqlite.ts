import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { backUp } from '../../src/administration.ts'
import { Database, type Params } from '../../src/ledger/sqlite/database.ts'
import { CHUNK_ITEMS } from '../../src/ledger/shared/intake.ts'
import { grouped } from '../figures.ts'
import { createCollections, drained, fillByCopies, oneFileJob, timedCopy } from '../jobs.ts'
import { loadGenerator } from '../load.ts'
import { measured, type Measured, type Row, type Scale } from '../measured.ts'
import { readAll, settle } from '../peers.ts'
import { filePath } from '../tree.ts'
import { inWorld, type World } from '../world.ts'

/** The part of SQLite's own speed that is aimed for, with everything that a job is beside its rows. */
const LIMIT_GOAL = 0.6

interface Size {
  readonly rounds: number
  readonly items: number
  readonly seconds: number
  readonly connections: readonly number[]
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: { rounds: 3, items: 1_000_000, seconds: 5, connections: [1, 64] },
  quick: { rounds: 1, items: 200_000, seconds: 2, connections: [1, 64] },
  tiny: { rounds: 1, items: 10_000, seconds: 0.3, connections: [2] },
}

/** Jobs beside SQLite alone, which writes the same rows into the same tables on the same disk, and nothing else: no plan, no lease, no counters, no HTTP. */
export function bareSqlite(scale: Scale): Promise<Measured> {
  const size = SIZES[scale]
  return inWorld(async world => {
    await createCollections(world.http, 'big', 'inbox')
    await fillByCopies(world.http, 'big', size.items)
    return measured([await bigJobs(world, size), ...(await submits(world, size))])
  })
}

/** Each round: the job; a backup, in which its rows are; these rows, written by SQLite alone into the backup before. */
async function bigJobs({ http, directory }: World, { rounds, items }: Size): Promise<Row> {
  const [ours, bare]: [number[], number[]] = [[], []]
  const backup = async (round: number): Promise<string> => {
    const file = join(directory, `ledger-${round}.db`)
    await backUp(join(directory, 'data'), file, () => undefined)
    return file
  }
  let before = await backup(0)
  for (let round = 0; round < rounds; round++) {
    const destination = `copy-${round}`
    await createCollections(http, destination)
    await settle()
    ours.push(items / (await timedCopy(http, { collection: 'big', prefix: '' }, { collection: destination, prefix: '' }, items)))
    const after = await backup(round + 1)
    bare.push(items / (await bareRows(before, after, destination, items)))
    await rm(before)
    before = after
  }
  const what = `one job over ${grouped(items)} files`
  const peer = { name: 'bare SQLite', values: bare }
  const note = `bare: the same entries and items in listing order, INSERT ... SELECT of ${grouped(CHUNK_ITEMS)} each a transaction, the same pragmas; the goal is ${LIMIT_GOAL}`
  return { name: 'job_beside_bare_sqlite', what, unit: 'items/s', better: 'more', ours, peer, goal: LIMIT_GOAL, note }
}

/** Seconds that SQLite takes to write the rows that `after` has beyond `before`: the entries of a collection, and the items of the newest job. */
async function bareRows(before: string, after: string, collection: string, items: number): Promise<number> {
  const file = `${before}.bare`
  await copyFile(before, file)
  await readAll(after)
  await settle()
  const db = Database.openWriter(file)
  try {
    db.exec(`ATTACH '${after}' AS made`)
    const steps = stepsOf(db, collection)
    const entries = `INSERT INTO main.entry SELECT * FROM made.entry WHERE collection = :collection AND path > :after AND path <= :upTo ORDER BY path`
    const columns = db.all('PRAGMA main.table_info(item)').map(({ name }) => String(name)) // without those that are generated
    const rows = `INSERT INTO main.item (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM made.item WHERE id BETWEEN :first AND :last ORDER BY id`
    let written = 0
    const begin = performance.now()
    for (const step of steps) {
      db.begin()
      written += db.run(entries, step) + db.run(rows, step)
      db.commit()
    }
    const took = (performance.now() - begin) / 1000
    if (written !== 2 * items) throw new Error(`bare SQLite wrote ${written} rows, not ${2 * items}`)
    return took
  } finally {
    db.close()
    await Promise.all([file, `${file}-wal`, `${file}-shm`].map(path => rm(path, { force: true })))
  }
}

/** What each transaction writes: entries up to every so many-th path, and as many items. */
function stepsOf(db: Database, id: string): Params[] {
  const collection = Number(db.get('SELECT key FROM made.collection WHERE id = :id', { id })?.['key'])
  const first = Number(db.get('SELECT min(id) AS first FROM made.item WHERE id >= (SELECT max(id) >> 32 << 32 FROM made.item)')?.['first'])
  const paths = `SELECT path, row_number() OVER (ORDER BY path) AS n, count(*) OVER () AS all_of_them FROM made.entry WHERE collection = :collection`
  const ends = db.all(`SELECT path FROM (${paths}) WHERE n % ${CHUNK_ITEMS} = 0 OR n = all_of_them ORDER BY n`, { collection })
  return ends.map(({ path }, at) => {
    const begin = first + at * CHUNK_ITEMS
    return { collection, after: at === 0 ? '' : String(ends[at - 1]?.['path']), upTo: String(path), first: begin, last: begin + CHUNK_ITEMS - 1 }
  })
}

async function submits(world: World, { rounds, seconds, connections }: Size): Promise<Row[]> {
  const rows: Row[] = []
  for (const count of connections) {
    const [ours, bare]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      const post = oneFileJob('seed', filePath(0), 'inbox')
      const order = { url: `${world.server.url}/v1/jobs`, token: world.token, connections: count, seconds, post }
      ours.push((await (await loadGenerator()).run(order)).perSecond)
      await drained(world.http)
      await settle()
      bare.push(bareCommits(join(world.directory, `commits-${count}-${round}.db`), seconds, post))
    }
    const what = `jobs of one file, submitted over ${count} ${count === 1 ? 'connection' : 'connections'}`
    const peer = { name: 'bare SQLite, one row a transaction', values: bare }
    const note = 'both durable; with several connections ours shares flushes of the disk among jobs'
    rows.push({ name: `submits_beside_bare_commits_${count}`, what, unit: 'a second', better: 'more', ours, peer, note })
  }
  return rows
}

/** Durable transactions of one row a second. */
function bareCommits(file: string, seconds: number, body: string): number {
  const db = Database.openWriter(file)
  try {
    db.exec('CREATE TABLE bare (n INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT')
    const begin = performance.now()
    let commits = 0
    while (performance.now() - begin < seconds * 1000) {
      db.begin()
      db.run('INSERT INTO bare (body) VALUES (:body)', { body })
      db.commit()
      commits++
    }
    return commits / ((performance.now() - begin) / 1000)
  } finally {
    db.close()
  }
}
