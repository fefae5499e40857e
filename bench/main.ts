import { parseArgs } from 'node:util'
import { apiBench } from './api.ts'
import { bytesBench, QUICK, WHOLE, type BytesSize } from './bytes.ts'
import { clusterBench } from './cluster.ts'
import { consoleBench } from './console.ts'
import { copyBench } from './copy.ts'
import { sizeBench } from './size.ts'
import { updateBench } from './update.ts'

const USAGE =
  'usage: npm run bench -- copy|api|update|cluster|bytes|size|console [--json] [--quick]; bytes takes [--files N] [--mib N] [--rounds N] [--transfers N], too'

/** Runs one bench; with `--json` the last line is one JSON object of the named figures. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      ...{ files: { type: 'string' }, mib: { type: 'string' }, rounds: { type: 'string' }, transfers: { type: 'string' } },
    },
  })
  const benches: Readonly<Record<string, (quick: boolean) => Promise<Record<string, number | null>>>> = {
    ...{ copy: copyBench, api: apiBench, update: updateBench, cluster: clusterBench, size: sizeBench, console: consoleBench },
    bytes: quick => bytesBench(sizeOf(quick ? QUICK : WHOLE, values)),
  }
  const bench = positionals.length === 1 ? benches[positionals[0] ?? ''] : undefined
  if (bench === undefined) {
    console.error(USAGE)
    return 2
  }
  if (values.quick) console.log('quick: smaller and fewer runs than the figures are defined for; only to see that everything works')
  const figures = await bench(values.quick)
  if (values.json) console.log(JSON.stringify(figures))
  return 0
}

function sizeOf(usual: BytesSize, wish: { readonly files?: string; readonly mib?: string; readonly rounds?: string; readonly transfers?: string }): BytesSize {
  const { files = usual.files, mib = usual.largeMib, rounds = usual.rounds, transfers = usual.transfers } = wish
  return { files: Number(files), largeMib: Number(mib), rounds: Number(rounds), transfers: Number(transfers) }
}

process.exitCode = await main()
