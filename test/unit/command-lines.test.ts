import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

function command(file: string, ...args: string[]): Promise<Ended> {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url))
  return new Promise(resolve =>
    execFile(process.execPath, [path, ...args], (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err })),
  )
}

/** Each with what it was told wrongly, and what it must name. What all share is asked of the one that starts quickest. */
const COMMANDS: readonly (readonly [file: string, wrong: readonly string[], named: string])[] = [
  ['bench/main.ts', ['copy', '--page', 'page.md'], '--page is for all alone'],
  ['bench/main.ts', ['all', '--page', ''], '--page takes the name of a file, not ""'],
  ['test/torture/main.ts', ['--points', 'after commit,after lunch'], '"after lunch"'],
  ['test/simulation/main.ts', ['--steps', ''], '--steps takes a whole number from 1 on, not ""'],
  ['test/soak/main.ts', ['--plot', '/nowhere/soak.svg'], '--plot /nowhere/soak.svg cannot be written'],
  ['test/soak/main.ts', ['--minutes', '0.5'], '--minutes takes a number from 1 on, not "0.5"'],
  ['test/fuzz/main.ts', ['--times', '1.5'], '--times takes a whole number from 1 on, not "1.5"'],
  ['test/fuzz/main.ts', ['--seeds', '7'], "Unknown option '--seeds'"],
  ['test/fuzz/main.ts', ['7'], 'options go behind "--"'],
  ['test/fuzz/main.ts', ['--seed', '-7'], '--seed has no value: what follows it begins with "-"'],
  ['scripts/licences.ts', ['--chekc'], "Unknown option '--chekc'"],
  ['scripts/sbom.ts', ['sbom.json'], '"sbom.json" is one word too many'],
  ['scripts/settings.ts', ['--chekc'], "Unknown option '--chekc'"],
]

it.concurrent.each([...new Set(COMMANDS.map(([file]) => file))])('%s tells how it is used', async file => {
  const { code, out, err } = await command(file, '--help')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^usage: npm run (--silent )?\w+ [->]/)
})

it.concurrent.each(COMMANDS)('%s answers %j with one sentence', async (file, wrong, named) => {
  const { code, out, err } = await command(file, ...wrong)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(named)
  expect(err.trim().split('\n')).toHaveLength(1)
})
