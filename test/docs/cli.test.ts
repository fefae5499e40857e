import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { waybill } from '../../src/cli/program.ts'
import { textOf } from './pages.ts'

/** What every command over HTTP has, and every one on a ledger: said once. */
const COMMON = new Set(['--url', '--token', '--data', '--database'])

/** A row of a table of commands: those that it is about, and all that it says. */
interface Row {
  readonly commands: readonly string[]
  readonly text: string
}

const page = textOf('docs/reference/cli.md').replace(/^```.*?^```$/gms, '')

/** Every row of the tables of commands. */
const rows: readonly Row[] = [...page.matchAll(/^\| command .*\n\| -.*\n((?:\|.*\n)+)/gm)].flatMap(([, lines = '']) =>
  lines
    .trim()
    .split('\n')
    .map(text => ({ commands: [...(text.split(' | ')[0] ?? '').matchAll(/`([a-z]+(?: (?:create|list|revoke))?)\b/g)].map(([, name = '']) => name), text })),
)

/** The paragraphs that speak of a command, beside the tables. */
const saidOf = (words: string): string =>
  page
    .split('\n\n')
    .filter(text => !text.startsWith('|') && text.includes(`\`${words}\``))
    .join('\n')

/** Every command that does something, by its words. */
function commandsOf(parent: Command, before = ''): { readonly words: string; readonly command: Command }[] {
  return parent.commands.flatMap(command => {
    const words = `${before}${command.name()}`
    return command.commands.length === 0 ? [{ words, command }] : commandsOf(command, `${words} `)
  })
}

const flagsIn = (text: string): string[] => [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag)
const commands = commandsOf(waybill())

it.each(commands.map(({ words, command }) => [words, command] as const))('`%s` is in the reference, with every option', (words, command) => {
  const found = rows.filter(row => row.commands.includes(words))
  expect(found, 'exactly one row').toHaveLength(1)
  const said = new Set([...COMMON, ...flagsIn(`${found[0]?.text ?? ''}\n${saidOf(words)}`)])
  expect(command.options.map(option => option.long ?? '').filter(flag => !said.has(flag))).toEqual([])
})

it('every option in a row of the reference is one of the commands of that row', () => {
  for (const { commands: names, text } of rows) {
    const meant = commands.filter(({ words }) => names.includes(words))
    expect(meant.map(({ words }) => words).toSorted(), text.slice(0, 60)).toEqual([...new Set(names)].toSorted())
    const known = new Set(meant.flatMap(({ command }) => command.options.map(option => option.long)))
    expect(
      flagsIn(text).filter(flag => !known.has(flag)),
      text.slice(0, 60),
    ).toEqual([])
  }
})
