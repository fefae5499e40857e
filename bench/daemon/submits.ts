import { join } from 'node:path'
import { createCollections, drained, oneFileJob } from '../jobs.ts'
import { EACH, loadGenerator, type LoadOrder, type LoadResult } from '../load.ts'
import { measured, type Measured, type Row, type Scale } from '../measured.ts'
import { settle } from '../peers.ts'
import { filePath, makeTree, importTree } from '../tree.ts'
import { inWorld, type World } from '../world.ts'
import { DAEMON, withDaemon } from './rclone-daemon.ts'

interface Size {
  readonly rounds: number
  readonly seconds: number
  readonly connections: readonly number[]
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: { rounds: 3, seconds: 5, connections: [1, 8, 64] },
  quick: { rounds: 1, seconds: 2, connections: [1, 8, 64] },
  tiny: { rounds: 1, seconds: 0.3, connections: [2] },
}

/** A load, and how many of its jobs a second were finished, from the first submission to the last job's end. */
interface Run {
  readonly load: LoadResult
  readonly workedOff: number
}

/** Jobs of one file, submitted over some connections. */
export function daemonSubmits(scale: Scale): Promise<Measured> {
  const { rounds, seconds, connections } = SIZES[scale]
  return inWorld(async world => {
    const tree = join(world.directory, 'tree')
    await makeTree(tree, 1)
    await createCollections(world.http, 'tree', 'inbox')
    await importTree(world.http, tree, 'tree', 1)
    const rows: Row[] = []
    for (const count of connections) {
      const [ours, theirs]: [Run[], Run[]] = [[], []]
      for (let round = 0; round < rounds; round++) {
        ours.push(await submitOurs(world, count, seconds))
        await settle()
        theirs.push(await submitTheirs(tree, join(world.directory, `copies-${count}-${round}`), count, seconds))
        await settle()
      }
      rows.push(...rowsOf(count, ours, theirs))
    }
    return measured(rows)
  })
}

function rowsOf(connections: number, ours: readonly Run[], theirs: readonly Run[]): Row[] {
  const over = `jobs of one file, ${connections} ${connections === 1 ? 'connection' : 'connections'}`
  const row = (name: string, what: string, unit: string, better: Row['better'], of: (run: Run) => number): Row => ({
    ...{ name: `${name}_${connections}`, what: `${over}: ${what}`, unit, better, ours: ours.map(of) },
    ...{ peer: { name: DAEMON, values: theirs.map(of) }, note: 'ours answers when the job is on disk; the daemon keeps its jobs in memory alone' },
  })
  return [
    row('submits_per_second', 'submitted', 'jobs/s', 'more', run => run.load.perSecond),
    row('submit_p99_ms', '99 % answered within', 'ms', 'less', run => run.load.p99),
    row('jobs_worked_off_per_second', 'submitted and finished', 'jobs/s', 'more', run => run.workedOff),
  ]
}

async function submitOurs({ server, token, http }: World, connections: number, seconds: number): Promise<Run> {
  const order = { url: `${server.url}/v1/jobs`, token, connections, seconds, post: oneFileJob('tree', filePath(0), 'inbox') }
  return submitted(order, () => drained(http))
}

/** Each run has a daemon and a destination of its own. */
function submitTheirs(srcFs: string, dstFs: string, connections: number, seconds: number): Promise<Run> {
  return withDaemon(daemon => {
    const post = JSON.stringify({ srcFs, srcRemote: filePath(0), dstFs, dstRemote: EACH, _async: true })
    const order = { url: `${daemon.url}/operations/copyfile`, token: 'none', connections, seconds, post }
    return submitted(order, load => daemon.arrived(load.answered, dstFs))
  })
}

async function submitted(order: LoadOrder, allDone: (load: LoadResult) => Promise<void>): Promise<Run> {
  const generator = await loadGenerator()
  const begin = performance.now()
  const load = await generator.run(order)
  await allDone(load)
  return { load, workedOff: load.answered / ((performance.now() - begin) / 1000) }
}
