import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { backUp } from '../src/administration.ts'
import { figure, grouped, say } from './figures.ts'
import { createCollections, finished, timedCopy, type JobSeen } from './jobs.ts'
import { sayMachine } from './machine.ts'
import type { Measured, Row, Scale } from './measured.ts'
import { residentMb } from './memory.ts'
import { filePath, uploadSome } from './tree.ts'
import { inWorld, type World } from './world.ts'

/** How much is measured: files in the collection, and jobs of one file. */
interface Size {
  readonly files: number
  readonly jobs: number
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: { files: 200_000, jobs: 5_000 },
  quick: { files: 20_000, jobs: 500 },
  tiny: { files: 1_000, jobs: 100 },
}
const UPLOADED = 1000
/** With this before them paths have 48 characters: much of a row is its paths. */
const BENEATH = 'archive/2026/projects/number'
/** Tables whose rows are too few to say anything are left out. */
const LEAST_ROWS = 100

/** The tables that a figure is made of, and what a row of each is. */
const ROWS = [
  { name: 'entry', what: 'a file of a collection' },
  { name: 'history', what: 'an older version' },
  { name: 'item', what: 'an item of a finished job' },
  { name: 'event', what: 'an event' },
  { name: 'job', what: 'a job' },
] as const

interface Table {
  readonly rows: number
  readonly bytes: number
}

/** What a row of each table of the ledger takes on the disk, its indexes included. See bench/README.md. */
export function sizeBench(scale: Scale): Promise<Measured> {
  const { files, jobs } = SIZES[scale]
  return inWorld(async world => {
    sayMachine(world.directory)
    await fill(world.http, files, jobs)
    const tables = await measured(world)
    const each = (name: string): number | null => {
      const table = tables.get(name)
      return table === undefined ? null : figure(table.bytes / table.rows)
    }
    for (const [name, { rows, bytes }] of tables) say(name, `${grouped(bytes / rows)} bytes a row   (${grouped(rows)} rows, ${grouped(bytes)} bytes)`)
    say('memory', `${Math.round(residentMb(world.server.pid))} MB now, ${Math.round(residentMb(world.server.pid, 'VmHWM'))} MB at most`)
    const rows = ROWS.flatMap(({ name, what }): Row[] => {
      const bytes = each(name)
      return bytes === null ? [] : [{ name: `${name}_bytes`, what: `${what}, on the disk with its indexes`, unit: 'bytes', better: 'less', ours: [bytes] }]
    })
    return { figures: Object.fromEntries(ROWS.map(({ name }) => [`${name}_bytes`, each(name)])), rows }
  })
}

/** A collection with its files, all of them copied over themselves once, so that each has a version before; and small jobs. */
async function fill(http: World['http'], files: number, jobs: number): Promise<void> {
  await createCollections(http, 'seed', 'full', 'inbox')
  await uploadSome(http, 'seed', UPLOADED)
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < files / UPLOADED; n++) {
      const prefix = `${BENEATH}-${String(n).padStart(5, '0')}/`
      await timedCopy(http, { collection: 'seed', prefix: '' }, { collection: 'full', prefix }, UPLOADED)
    }
  }
  for (let n = 0; n < jobs; n++) {
    const item = { source: { collection: 'seed', path: filePath(n % UPLOADED) }, destination: { collection: 'inbox', path: `${BENEATH}/${n}.bin` } }
    await finished(http, await http.json<JobSeen>('POST', '/v1/jobs', { kind: 'copy', items: [item] }, { prefer: 'wait=60' }), 1)
  }
}

/** Counts in a backup, which is one moment and no server writes. */
async function measured({ directory }: World): Promise<Map<string, Table>> {
  const copy = join(directory, 'ledger-copy.db')
  await backUp(join(directory, 'data'), copy, () => undefined)
  const ledger = new DatabaseSync(copy, { readOnly: true })
  try {
    const sizes = ledger.prepare(
      `SELECT s.tbl_name AS name, sum(d.pgsize) AS bytes FROM dbstat AS d JOIN sqlite_schema AS s USING (name) WHERE d.aggregate = TRUE GROUP BY 1 ORDER BY 2 DESC`,
    )
    const tables = sizes.all() as { readonly name: string; readonly bytes: number }[]
    const counted = tables.map(({ name, bytes }): [string, Table] => {
      const { rows } = ledger.prepare(`SELECT count(*) AS rows FROM "${name}"`).get() as { readonly rows: number }
      return [name, { rows, bytes }]
    })
    return new Map(counted.filter(([, { rows }]) => rows >= LEAST_ROWS))
  } finally {
    ledger.close()
  }
}
