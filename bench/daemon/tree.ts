import { join } from 'node:path'
import { grouped } from '../figures.ts'
import { createCollections, timedCopy } from '../jobs.ts'
import { measured, type Measured, type Scale } from '../measured.ts'
import { readAll, settle } from '../peers.ts'
import { importTree, makeTree } from '../tree.ts'
import { inWorld } from '../world.ts'
import { DAEMON, withDaemon } from './rclone-daemon.ts'

interface Tree {
  readonly name: string
  readonly files: number
}

interface Size {
  readonly rounds: number
  readonly trees: readonly Tree[]
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: {
    rounds: 5,
    trees: [
      { name: '5k', files: 5_000 },
      { name: '100k', files: 100_000 },
    ],
  },
  quick: { rounds: 1, trees: [{ name: '5k', files: 5_000 }] },
  tiny: { rounds: 1, trees: [{ name: '5k', files: 20 }] },
}

/** One job over many files. */
export function daemonTree(scale: Scale): Promise<Measured> {
  const { rounds, trees } = SIZES[scale]
  return inWorld(async ({ http, directory }) =>
    withDaemon(async daemon => {
      await createCollections(http, 'copies')
      const rows = []
      for (const { name, files } of trees) {
        const [tree, collection] = [join(directory, name), `tree-${name}`]
        await makeTree(tree, files)
        await createCollections(http, collection)
        await importTree(http, tree, collection, files)
        const [ours, theirs]: [number[], number[]] = [[], []]
        for (let round = 0; round < rounds; round++) {
          await settle()
          ours.push(files / (await timedCopy(http, { collection, prefix: '' }, { collection: 'copies', prefix: `${name}-${round}/` }, files)))
          await readAll(tree)
          await settle()
          theirs.push(files / (await daemon.timed('sync/copy', { srcFs: tree, dstFs: join(directory, `${name}-${round}`) })))
        }
        rows.push({
          ...{
            name: `files_per_second_${name}`,
            what: `one job over ${grouped(files)} files of 4 KiB`,
            unit: 'files/s',
            better: 'more' as const,
            ours,
          },
          ...{ peer: { name: DAEMON, values: theirs }, note: 'ours copies by reference and ends durable; the daemon moves bytes and leaves them in the cache' },
        })
      }
      return measured(rows)
    }),
  )
}
