import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Http } from '../../test/support/http.ts'
import type { ServerProcess } from '../../test/support/server-process.ts'
import { createCollections, drained, type JobSeen } from '../jobs.ts'
import { inRounds, measured, type Measured, type Scale } from '../measured.ts'
import { manyTimes } from '../side-by-side.ts'
import { filePath, importTree, makeTree } from '../tree.ts'
import { inWorld, type World } from '../world.ts'
import { DAEMON, RcloneDaemon } from './rclone-daemon.ts'

const KILLS: Readonly<Record<Scale, number>> = { whole: 20, quick: 3, tiny: 1 }
const AT_ONCE = 8
/** Jobs come in for a random time between these, in milliseconds. */
const SOONEST_MS = 200
const LATEST_MS = 1200

/** One kill: the share of the acknowledged jobs that is known afterwards, and the time from the start of the next process to its first answer. */
interface Kill {
  readonly known: number
  readonly backMs: number
}

/** What each knows of the jobs that it acknowledged after `kill -9` while they came in. */
export function daemonKill(scale: Scale): Promise<Measured> {
  return inWorld(async world => {
    const tree = join(world.directory, 'tree')
    await makeTree(tree, 1)
    await createCollections(world.http, 'tree', 'inbox')
    await importTree(world.http, tree, 'tree', 1)
    let server = world.server
    const [ours, theirs]: [Kill[], Kill[]] = [[], []]
    await inRounds(KILLS[scale], async round => {
      const [kill, next] = await killOurs(world, server, round)
      server = next
      ours.push(kill)
      theirs.push(await killTheirs(tree, join(world.directory, `copies-${round}`)))
    })
    const peer = (of: (kill: Kill) => number): { name: string; values: number[] } => ({ name: DAEMON, values: theirs.map(of) })
    const percent = (kill: Kill): number => kill.known * 100
    const [kills, note] = [
      'kill -9 while jobs of one file come in',
      'a new daemon counts its calls from 1 again: what it answers under an old number is about another call, and does not count',
    ]
    return measured([
      {
        name: 'known_after_kill_percent',
        what: `${kills}: acknowledged jobs that are known afterwards`,
        unit: '%',
        better: 'more',
        ours: ours.map(percent),
        peer: peer(percent),
        note,
      },
      {
        name: 'back_after_kill_ms',
        what: `${kills}: from the next start to the first answer`,
        unit: 'ms',
        better: 'less',
        ours: ours.map(it => it.backMs),
        peer: peer(it => it.backMs),
      },
    ])
  })
}

async function killOurs(world: World, server: ServerProcess, round: number): Promise<[Kill, ServerProcess]> {
  const http = new Http(server.url, world.token)
  const source = { collection: 'tree', path: filePath(0) }
  const submit = async (n: number): Promise<string> => {
    const items = [{ source, destination: { collection: 'inbox', path: `${round}/${n}.bin` } }]
    return (await http.json<JobSeen>('POST', '/v1/jobs', { kind: 'copy', items })).id
  }
  const acknowledged = await untilKilled(submit, () => server.kill())
  http.close()
  const begin = performance.now()
  const next = await world.again()
  const asking = new Http(next.url, world.token)
  const [backMs, known] = await knownOf(acknowledged, begin, async id => (await asking.send('GET', `/v1/jobs/${id}`)).status === 200)
  await drained(asking)
  asking.close()
  return [{ known, backMs }, next]
}

async function killTheirs(srcFs: string, dstFs: string): Promise<Kill> {
  const daemon = await RcloneDaemon.start()
  const submit = (n: number): Promise<number> => daemon.submit('operations/copyfile', { srcFs, srcRemote: filePath(0), dstFs, dstRemote: `${n}.bin` })
  const acknowledged = await untilKilled(submit, () => daemon.kill())
  const killedAt = Date.now()
  const begin = performance.now()
  const next = await RcloneDaemon.start()
  try {
    const [backMs, known] = await knownOf(acknowledged, begin, async jobid => {
      const { status, body } = await next.ask('job/status', { jobid })
      return status === 200 && Date.parse((JSON.parse(body) as { startTime: string }).startTime) < killedAt
    })
    return { known, backMs }
  } finally {
    await next.kill()
  }
}

/** Submits over some connections until the process is killed; the answers that came. */
async function untilKilled<Id>(submit: (n: number) => Promise<Id>, kill: () => Promise<unknown>): Promise<Id[]> {
  const acknowledged: Id[] = []
  let [killed, sent] = [false, 0]
  const submitter = async (): Promise<void> => {
    while (!killed) {
      try {
        acknowledged.push(await submit(sent++))
      } catch (error) {
        if (!killed) throw error // afterwards: what was on its way broke off
      }
    }
  }
  const submitters = Promise.all(Array.from({ length: AT_ONCE }, submitter))
  const killing = sleep(SOONEST_MS + Math.random() * (LATEST_MS - SOONEST_MS)).then(() => {
    killed = true
    return kill()
  })
  await Promise.all([submitters, killing])
  return acknowledged
}

/** How long the first answer took since `begin`, and the share that is known. */
async function knownOf<Id>(ids: readonly Id[], begin: number, isKnown: (id: Id) => Promise<boolean>): Promise<[backMs: number, known: number]> {
  const [first, ...others] = ids
  if (first === undefined) throw new Error('no job was acknowledged before the kill')
  const answers = [await isKnown(first)]
  const backMs = performance.now() - begin
  answers.push(...(await manyTimes(others.length, AT_ONCE, n => isKnown(others[n] as Id))))
  return [backMs, answers.filter(Boolean).length / ids.length]
}
