import { median } from '../figures.ts'
import { ratiosOf, type Row, type Scale, spread, verdictOf } from '../measured.ts'
import type { Facts } from './facts.ts'

/** What came of one bench. */
export interface Section {
  readonly name: string
  readonly title: string
  /** Of the run that it was measured in. */
  readonly date: string
  readonly facts: Facts
  /** The minutes that it took. */
  readonly minutes: number
  /** Its rows; or why there are none. */
  readonly came: { readonly rows: readonly Row[] } | { readonly failure: string }
}

/** Everything that the page says; `facts` are those of the newest run. */
export interface Board {
  readonly scale: Scale
  readonly facts: Facts
  readonly sections: readonly Section[]
  /** Benches that were not run, by name. */
  readonly left: readonly string[]
}

const INTRO = `# Benchmarks

The figures of the [README](../README.md#figures) and more, each measured in one run with what it is compared with, in turn, round by round. All values are in [benchmarks.json](benchmarks.json). [bench/README.md](../bench/README.md) says what exactly is done. Losses stand beside the rest.`

const READING = `Where there were several rounds, a cell is the median, with the range in brackets. The ratio is that of each round's pair: how many times as good ours is, above 1 in our favour, whichever way better lies. _Even_ is within a twentieth of 1; **behind** is a loss, and **missed** a goal not reached.`

/** The scoreboard as Markdown. */
export function pageOf({ scale, facts, sections, left }: Board): string {
  const parts = [
    INTRO,
    ...warnings(scale, left),
    READING,
    table(['measured on', ''], facts),
    summary(sections),
    ...sections.map(section => sectionOf(section, facts)),
  ]
  return `${parts.join('\n\n')}\n`
}

function warnings(scale: Scale, left: readonly string[]): string[] {
  const small = '**A small run (`--quick`): smaller sizes, one round each, only to see how the page looks. These are not the figures of the README.**'
  const missing = `**Not run:** ${left.map(name => `\`${name}\``).join(', ')}.`
  return [...(scale === 'whole' ? [] : [small]), ...(left.length === 0 ? [] : [missing])]
}

/** How many rows came out how, and the losses by name. */
function summary(sections: readonly Section[]): string {
  const rows = sections.flatMap(({ name: bench, came }) => ('rows' in came ? came.rows.map(row => ({ ...row, bench })) : []))
  const those = (...verdicts: readonly string[]): typeof rows => rows.filter(row => verdicts.includes(verdictOf(row)))
  const lost = those('behind', 'missed')
  const counts = `${those('ahead', 'met').length} ahead of the peer or at the goal, ${those('even').length} even, ${lost.length} behind; ${those('no peer').length} have no peer.`
  const names = lost.map(row => `- **${row.name}** (\`${row.bench}\`): ${row.what}, ${ratio(row)} times as good as ${row.peer?.name ?? ''}${goalOf(row)}`)
  return ['## In short', `Of ${rows.length} rows ${counts}`, ...(lost.length === 0 ? [] : [`Behind:\n\n${names.join('\n')}`])].join('\n\n')
}

function sectionOf({ name, title, date, facts, minutes, came }: Section, newest: Facts): string {
  const others = facts.filter(([fact, value]) => !newest.some(([same, now]) => same === fact && now === value))
  const when = [minutes < 1 ? 'less than a minute' : `${Math.round(minutes)} min`, date, ...others.map(([fact, value]) => `${fact}: ${value}`)]
  const head = `## ${title}\n\n\`npm run bench -- ${name}\`, ${when.join(', ')}`
  if ('failure' in came) return `${head}\n\n**It failed, so there are no figures:** ${came.failure}`
  const rows = came.rows.map(row => {
    const { what, unit, ours, peer } = row
    const verdict = verdictOf(row)
    const told = verdict === 'behind' || verdict === 'missed' ? `**${verdict}**` : verdict
    const theirs = peer === undefined ? ['', ''] : [`${peer.name}: ${spread(peer.values)}`, spread(ratiosOf(row))]
    return [`\`${row.name}\`: ${what}`, unit, spread(ours), ...theirs, told]
  })
  const notes = notesOf(came.rows)
  return [head, table(['what', 'unit', 'Waybill', 'peer', 'ratio', ''], rows), ...(notes.length === 0 ? [] : [notes.join('\n')])].join('\n\n')
}

/** Each note once, with the rows that it is about where it is not about all of them. */
function notesOf(rows: readonly Row[]): string[] {
  const about = Map.groupBy(
    rows.filter(({ note }) => note !== undefined),
    ({ note }) => note,
  )
  return Array.from(about, ([note, those]) => `- ${those.length === rows.length ? '' : `${those.map(({ name }) => `\`${name}\``).join(', ')}: `}${note}`)
}

function goalOf({ goal }: Row): string {
  return goal === undefined ? '' : ` (the goal: ${goal})`
}

function ratio(row: Row): string {
  return spread([median(ratiosOf(row))])
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
