// Writes the tables of docs/reference/settings.md and docs/settings.schema.json from the schema of the settings; with `--check`, fails when they are others.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { CommandLine } from '../test/support/command-line.ts'
import { settingsReference, settingsSchemaFile } from './settings-tables.ts'

const REFERENCE = fileURLToPath(new URL('../docs/reference/settings.md', import.meta.url))
const SCHEMA = fileURLToPath(new URL('../docs/settings.schema.json', import.meta.url))

const USAGE = `usage: npm run settings -- [--check]
Writes the tables of docs/reference/settings.md, and docs/settings.schema.json; with --check it writes nothing, and fails when they are others.
Exit codes: 0 done, 1 one of them is another, 2 it was not understood.`

const { check } = new CommandLine(USAGE, { check: { type: 'boolean', default: false } }).read().values
const [reference, schema] = [await readFile(REFERENCE, 'utf8'), await readFile(SCHEMA, 'utf8')]
const wanted = [
  { file: REFERENCE, there: reference, text: await settingsReference(reference, REFERENCE) },
  { file: SCHEMA, there: schema, text: await settingsSchemaFile(SCHEMA) },
]
for (const { file, there, text } of wanted) {
  if (there === text) continue
  if (!check) await writeFile(file, text)
  else {
    console.error(`${file} is not what the settings are; run: npm run settings`)
    process.exitCode = 1
  }
}
