import { parseArgs } from 'node:util'
import { apiBench } from './api.ts'
import { clusterBench } from './cluster.ts'
import { copyBench } from './copy.ts'
import { sizeBench } from './size.ts'
import { updateBench } from './update.ts'

const BENCHES: Readonly<Record<string, (quick: boolean) => Promise<Record<string, number | null>>>> = {
  copy: copyBench,
  api: apiBench,
  update: updateBench,
  cluster: clusterBench,
  size: sizeBench,
}
const USAGE = 'usage: npm run bench -- copy|api|update|cluster|size [--json] [--quick]'

/** Runs one bench; with `--json` the last line is one JSON object of the named figures. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
  })
  const bench = positionals.length === 1 ? BENCHES[positionals[0] ?? ''] : undefined
  if (bench === undefined) {
    console.error(USAGE)
    return 2
  }
  if (values.quick) console.log('quick: smaller and fewer runs than the figures are defined for; only to see that everything works')
  const figures = await bench(values.quick)
  if (values.json) console.log(JSON.stringify(figures))
  return 0
}

process.exitCode = await main()
