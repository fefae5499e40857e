import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { debianProgram } from '../../test/support/servers/debian.ts'
import type { Scale } from '../measured.ts'
import { BENCHES } from './benches.ts'
import { factsNow } from './facts.ts'
import { pageOf, type Section } from './page.ts'

const PAGE = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url))

/** What a run of all benches is told. */
export interface AllOptions {
  readonly scale: Scale
  /** Names of the benches to run. */
  readonly only: readonly string[]
  readonly json: boolean
  /** Where the page is written; default: docs/benchmarks.md. */
  readonly page: string | undefined
}

/** Runs benches one after the other and writes the scoreboard, anew after each: what breaks off leaves what was measured. Returns the exit code, 1 when a bench failed. */
export async function benchAll({ scale, only, json, page = PAGE }: AllOptions): Promise<number> {
  for (const program of ['rclone', 'rsync']) await debianProgram(program)
  const date = new Date().toISOString().slice(0, 10)
  const facts = await factsNow()
  const sections: Section[] = []
  for (const name of Object.keys(BENCHES).filter(bench => only.includes(bench))) {
    const section = await sectionFrom(name, scale, json)
    sections.push(section)
    const left = Object.keys(BENCHES).filter(bench => !sections.some(done => done.name === bench))
    const text = pageOf({ date, scale, facts, sections, left })
    await writeFile(page, await format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' }))
  }
  return sections.some(({ came }) => 'failure' in came) ? 1 : 0
}

/** A bench that fails takes no other with it: the page says so in its place. */
async function sectionFrom(name: string, scale: Scale, json: boolean): Promise<Section> {
  const bench = BENCHES[name]
  if (bench === undefined) throw new Error(`there is no bench ${name}`)
  console.log(`\n== ${name}`)
  const begin = performance.now()
  const minutes = (): number => (performance.now() - begin) / 60_000
  try {
    const { figures, rows } = await bench.run(scale)
    if (json) console.log(JSON.stringify({ bench: name, ...figures }))
    return { name, title: bench.title, minutes: minutes(), came: { rows } }
  } catch (error) {
    console.error(error)
    return { name, title: bench.title, minutes: minutes(), came: { failure: (error as Error).message.slice(0, 500) } }
  }
}
