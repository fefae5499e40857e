import { CommandLine, isDirectory } from '../test/support/command-line.ts'
import { benchAll } from './board/all.ts'
import { BENCHES } from './board/benches.ts'
import { BYTES_SIZES, bytesBench, type BytesSize } from './bytes.ts'

const USAGE = `usage: npm run bench -- NAME [--json] [--quick]
       npm run bench -- all [--json] [--quick] [--only NAME,NAME] [--page FILE]
       npm run bench -- bytes [--json] [--quick] [--files N] [--mib N] [--rounds N] [--transfers N]
Measures what the figures of the README are; bench/README.md says what each is.
${Object.entries(BENCHES)
  .map(([name, { title }]) => `  ${name.padEnd(16)} ${title}`)
  .join('\n')}
  all              all of them, into docs/benchmarks.md, in an hour or two
  --only A,B       these alone; the page keeps what it has of the others
  --page FILE      into another file
  --quick          smaller and fewer runs, to see that it works
  --json           the last line of each is one JSON object of its figures
Exit codes: 0 measured, 1 it failed, 2 it was not understood.`

const line = new CommandLine(USAGE, {
  json: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  ...{ only: { type: 'string' }, page: { type: 'string' } },
  ...{ files: { type: 'string' }, mib: { type: 'string' }, rounds: { type: 'string' }, transfers: { type: 'string' } },
})
const { values, words } = line.read(1)
/** What one of them alone is told. */
const TOLD: Readonly<Record<string, readonly (keyof typeof values)[]>> = { all: ['only', 'page'], bytes: ['files', 'mib', 'rounds', 'transfers'] }

/** Runs one bench, or all of them; with `--json` the last line of each is one JSON object of the named figures. */
async function main(name: string | undefined): Promise<number> {
  const scale = values.quick ? 'quick' : 'whole'
  const bench = benchOf(name, BYTES_SIZES[scale])
  refuseForeign(name)
  const only = values.only?.split(',').map(known) ?? Object.keys(BENCHES)
  if (values.page !== undefined) await line.refuseUnwritable('page', values.page)
  const disk = process.env['WAYBILL_BENCH_DIR']
  if (disk !== undefined && !(await isDirectory(disk))) line.refuse(`WAYBILL_BENCH_DIR is "${disk}", which is no directory`)
  if (values.quick) console.log('quick: smaller and fewer runs than the figures are defined for; only to see that everything works')
  if (bench === null) return benchAll({ scale, only, json: values.json, page: values.page })
  const { figures } = await bench(scale)
  if (values.json) console.log(JSON.stringify(figures))
  return 0
}

/** What runs; null: all. */
function benchOf(name: string | undefined, usual: BytesSize): (typeof BENCHES)[string]['run'] | null {
  if (name === undefined) return line.refuse('the name of a bench is missing')
  if (name === 'all') return null
  if (name !== 'bytes') return BENCHES[known(name)]?.run ?? null
  const size = sizeOf(usual)
  return () => bytesBench(size)
}

function known(name: string): string {
  return Object.hasOwn(BENCHES, name) ? name : line.refuse(`there is no bench "${name}"`)
}

/** An option that would be taken for heard, and is not. */
function refuseForeign(name: string | undefined): void {
  for (const [bench, options] of Object.entries(TOLD))
    for (const option of options) if (bench !== name && values[option] !== undefined) line.refuse(`--${option} is for ${bench} alone`)
}

function sizeOf(usual: BytesSize): BytesSize {
  const told = (option: 'files' | 'mib' | 'rounds' | 'transfers', otherwise: number): number => line.number(option, values[option] ?? String(otherwise))
  return {
    ...usual,
    ...{ files: told('files', usual.files), largeMib: told('mib', usual.largeMib) },
    ...{ rounds: told('rounds', usual.rounds), transfers: told('transfers', usual.transfers) },
  }
}

process.exitCode = await main(words[0])
