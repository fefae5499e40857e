import { parseArgs } from 'node:util'
import { benchAll } from './board/all.ts'
import { BENCHES } from './board/benches.ts'
import { BYTES_SIZES, bytesBench, type BytesSize } from './bytes.ts'

const USAGE = `usage: npm run bench -- <bench> [--json] [--quick]
       npm run bench -- all [--json] [--quick] [--only a,b] [--page file]
benches: ${Object.keys(BENCHES).join(', ')}; bytes takes [--files N] [--mib N] [--rounds N] [--transfers N], too`

/** Runs one bench, or all of them; with `--json` the last line of each is one JSON object of the named figures. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      ...{ only: { type: 'string' }, page: { type: 'string' } },
      ...{ files: { type: 'string' }, mib: { type: 'string' }, rounds: { type: 'string' }, transfers: { type: 'string' } },
    },
  })
  const scale = values.quick ? 'quick' : 'whole'
  const [name = '', ...others] = positionals
  const only = values.only?.split(',') ?? Object.keys(BENCHES)
  const bench = name === 'bytes' ? () => bytesBench(sizeOf(BYTES_SIZES[scale], values)) : BENCHES[name]?.run
  if (others.length > 0 || (name !== 'all' && bench === undefined) || only.some(one => BENCHES[one] === undefined)) {
    console.error(USAGE)
    return 2
  }
  if (values.quick) console.log('quick: smaller and fewer runs than the figures are defined for; only to see that everything works')
  if (bench === undefined) return benchAll({ scale, only, json: values.json, page: values.page })
  const { figures } = await bench(scale)
  if (values.json) console.log(JSON.stringify(figures))
  return 0
}

function sizeOf(usual: BytesSize, wish: { readonly files?: string; readonly mib?: string; readonly rounds?: string; readonly transfers?: string }): BytesSize {
  const { files = usual.files, mib = usual.largeMib, rounds = usual.rounds, transfers = usual.transfers } = wish
  return { ...usual, files: Number(files), largeMib: Number(mib), rounds: Number(rounds), transfers: Number(transfers) }
}

process.exitCode = await main()
