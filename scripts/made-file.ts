import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { CommandLine } from '../test/support/command-line.ts'

/** A file of the repository that a script makes from others. */
export interface MadeFile {
  /** From the root of the repository. */
  readonly file: string
  /** The script, as package.json names it. */
  readonly script: string
  /** What the file must be, as in "is not what the server serves". */
  readonly what: string
}

/** Prints what the file is to be; told to `--check`, only says when it is another, and the process ends with 1. */
export async function printOrCheck({ file, script, what }: MadeFile, make: () => Promise<string>): Promise<void> {
  const usage = `usage: npm run --silent ${script} -- [--check]
Prints ${file} as it is to be; with --check it prints nothing, and fails when the file is another.
Exit codes: 0 done, 1 the file is another, 2 it was not understood.`
  const { values } = new CommandLine(usage, { check: { type: 'boolean', default: false } }).read()
  const text = await make()
  if (!values.check) process.stdout.write(text)
  else if ((await readFile(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8')) !== text) {
    console.error(`${file} is not ${what}; run: npm run --silent ${script} > ${file}`)
    process.exitCode = 1
  }
}
