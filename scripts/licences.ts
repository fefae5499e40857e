// Prints docs/licences.md, the licences of all packages that come with an installed server, as package-lock.json has them; with `--check`, fails when the
// file has others.
import { readFile } from 'node:fs/promises'
import prettier from 'prettier'
import { printOrCheck } from './made-file.ts'

const FILE = new URL('../docs/licences.md', import.meta.url)
const LOCKFILE = new URL('../package-lock.json', import.meta.url)

interface Locked {
  readonly version: string
  readonly license?: string
  readonly dev?: boolean
}

async function page(): Promise<string> {
  const { packages } = JSON.parse(await readFile(LOCKFILE, 'utf8')) as { packages: Readonly<Record<string, Locked>> }
  const rows = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version, license = 'not told' }]) => `| ${path.replace(/^.*node_modules\//, '')} | ${version} | ${license} |`)
  const text = `# Licences

Waybill is under the Apache License 2.0. An installed server brings these packages with it; what only its tests and its build use is not among them. Made by \`npm run --silent licences\` from package-lock.json; \`npm run --silent sbom > sbom.json\` lists the same packages for programs (CycloneDX), with their hashes.

| package | version | licence |
| --- | --- | --- |
${[...new Set(rows)].sort().join('\n')}
`
  return prettier.format(text, { ...(await prettier.resolveConfig(FILE)), parser: 'markdown' })
}

await printOrCheck({ file: 'docs/licences.md', script: 'licences', what: 'what package-lock.json says' }, page)
