import { join } from 'node:path'
import { grouped } from '../figures.ts'
import { timedCopy } from '../jobs.ts'
import { LARGE_FILE, makeLarge, uploadLarge } from '../large.ts'
import { measured, type Measured, type Row, type Scale } from '../measured.ts'
import { CP, readAll, settle, timedPeer } from '../peers.ts'
import { inWorld, type World } from '../world.ts'
import { DAEMON, type RcloneDaemon, withDaemon } from './rclone-daemon.ts'

interface Size {
  readonly rounds: number
  readonly mib: number
}

const SIZES: Readonly<Record<Scale, Size>> = { whole: { rounds: 5, mib: 1024 }, quick: { rounds: 1, mib: 256 }, tiny: { rounds: 1, mib: 2 } }

/** Seconds of one round. */
interface Round {
  readonly reference: number
  readonly between: number
  readonly unchecked: number
  readonly checked: number
  readonly cp: number
}

/** One large file: a job within a store, a job from store to store, the daemon with and without its check of hashes, and `cp`. */
export function daemonLarge(scale: Scale): Promise<Measured> {
  const { rounds, mib } = SIZES[scale]
  const config = (directory: string): unknown => {
    const names = ['near', ...Array.from({ length: rounds }, (_, round) => `far-${round}`)]
    return { stores: Object.fromEntries(names.map(name => [name, { kind: 'local', directory: join(directory, `store-${name}`) }])), defaultStore: 'near' }
  }
  return inWorld(
    async world =>
      withDaemon(async daemon => {
        const tree = join(world.directory, 'large')
        await makeLarge(tree, mib)
        await world.http.json('POST', '/v1/collections', { id: 'large' })
        await uploadLarge(world, tree)
        const times: Round[] = []
        for (let round = 0; round < rounds; round++) times.push(await oneRound(world, daemon, tree, round))
        return measured(rowsOf(times, mib))
      }),
    { config },
  )
}

async function oneRound({ http, directory }: World, daemon: RcloneDaemon, tree: string, round: number): Promise<Round> {
  const job = async (collection: string, store: string): Promise<number> => {
    await http.json('POST', '/v1/collections', { id: collection, store })
    await readAll(join(directory, 'store-near'))
    await settle()
    return timedCopy(http, { collection: 'large', prefix: '' }, { collection, prefix: '' }, 1)
  }
  const theirs = async (name: string, config: unknown): Promise<number> => {
    await readAll(tree)
    await settle()
    const dstFs = join(directory, `${name}-${round}`)
    return daemon.timed('operations/copyfile', { srcFs: tree, srcRemote: LARGE_FILE, dstFs, dstRemote: LARGE_FILE, _config: config })
  }
  const reference = await job(`same-${round}`, 'near')
  const unchecked = await theirs('unchecked', { IgnoreChecksum: true })
  const between = await job(`far-${round}`, `far-${round}`)
  const checked = await theirs('checked', {})
  await settle()
  const cp = (await timedPeer(CP, tree, join(directory, `cp-${round}`))).ended
  return { reference, between, unchecked, checked, cp }
}

function rowsOf(times: readonly Round[], mib: number): Row[] {
  const row = (name: string, what: string, own: keyof Round, peer: string, other: keyof Round, note: string): Row => ({
    ...{ name, what: `one file of ${grouped(mib)} MiB, ${what}`, unit: 's', better: 'less', note },
    ...{ ours: times.map(time => time[own]), peer: { name: peer, values: times.map(time => time[other]) } },
  })
  const linked = 'ours hashes the source and makes a link, durable; the peer makes a second copy in the cache'
  return [
    row('large_same_store_s', 'within one store', 'reference', `${DAEMON}, no hash check`, 'unchecked', 'ours copies by reference: no byte is read'),
    row('large_between_stores_s', 'from one local store to another', 'between', `${DAEMON}, hashes checked`, 'checked', linked),
    row('large_beside_cp_s', 'from one local store to another', 'between', CP.name, 'cp', linked),
  ]
}
