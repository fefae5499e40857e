import { readFile, writeFile } from 'node:fs/promises'
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

/** Runs benches one after the other and writes the scoreboard and its values, anew after each: what breaks off leaves what was measured. Returns the exit code, 1 when a bench failed. */
export async function benchAll({ scale, only, json, page = PAGE }: AllOptions): Promise<number> {
  for (const program of ['rclone', 'rsync']) await debianProgram(program)
  const now: Now = { date: new Date().toISOString().slice(0, 10), facts: await factsNow() }
  const names = Object.keys(BENCHES)
  const sections = new Map((await keptSections(page, scale)).map(section => [section.name, section]))
  for (const name of names.filter(bench => only.includes(bench))) {
    sections.set(name, await sectionFrom(name, scale, json, now))
    const ordered = names.flatMap(bench => sections.get(bench) ?? [])
    const left = names.filter(bench => !sections.has(bench))
    await write(page, pageOf({ scale, facts: now.facts, sections: ordered, left }), 'markdown')
    await write(valuesOf(page), JSON.stringify({ scale, sections: ordered } satisfies Values), 'json')
  }
  return only.some(name => 'failure' in (sections.get(name)?.came ?? {})) ? 1 : 0
}

/** When and where a run is. */
type Now = Pick<Section, 'date' | 'facts'>

/** What stands beside the page: every value of it. */
interface Values {
  readonly scale: Scale
  readonly sections: readonly Section[]
}

/** What earlier runs of the same size have measured, so that one bench can be run anew. */
async function keptSections(page: string, scale: Scale): Promise<readonly Section[]> {
  const text = await readFile(valuesOf(page), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  const values = text === null ? null : (JSON.parse(text) as Values)
  return values?.scale === scale ? values.sections : []
}

function valuesOf(page: string): string {
  return page.replace(/(\.md)?$/, '.json')
}

async function write(file: string, text: string, parser: 'markdown' | 'json'): Promise<void> {
  await writeFile(file, await format(text, { ...(await resolveConfig(PAGE)), parser }))
}

/** A bench that fails takes no other with it: the page says so in its place. */
async function sectionFrom(name: string, scale: Scale, json: boolean, now: Now): Promise<Section> {
  const bench = BENCHES[name]
  if (bench === undefined) throw new Error(`there is no bench ${name}`)
  console.log(`\n== ${name}`)
  const begin = performance.now()
  const minutes = (): number => (performance.now() - begin) / 60_000
  try {
    const { figures, rows } = await bench.run(scale)
    if (json) console.log(JSON.stringify({ bench: name, ...figures }))
    return { name, title: bench.title, ...now, minutes: minutes(), came: { rows } }
  } catch (error) {
    console.error(error)
    return { name, title: bench.title, ...now, minutes: minutes(), came: { failure: (error as Error).message.slice(0, 500) } }
  }
}
