// Prints the bill of materials, CycloneDX as JSON: the packages that come with an installed server, those of docs/licences.md. `npm sbom --omit dev` is not
// that: it also leaves out what a server and something else both need, as pg and zod.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CommandLine } from '../test/support/command-line.ts'

const USAGE = `usage: npm run --silent sbom > sbom.json
Prints the bill of materials of an installed server, CycloneDX as JSON. Exit codes: 0 done, 2 it was not understood.`

interface Bill {
  readonly metadata: { readonly component: { readonly name: string } }
  readonly components: readonly { readonly 'bom-ref': string; readonly properties?: readonly { readonly name: string; readonly value: string }[] }[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MOST_BYTES = 64 * 2 ** 20

function withoutDevelopment(bill: Bill): Bill {
  const isLeft = ({ properties = [] }: Bill['components'][number]): boolean =>
    properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true')
  const left = new Set(bill.components.filter(isLeft).map(one => one['bom-ref']))
  const components = bill.components.filter(one => !left.has(one['bom-ref']))
  const dependencies = bill.dependencies
    .filter(({ ref }) => !left.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(one => !left.has(one)) }))
  return { ...bill, components, dependencies }
}

/** npm calls the product by the directory that it lies in. */
function named(bill: Bill): Bill {
  const { name } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { readonly name: string }
  return { ...bill, metadata: { ...bill.metadata, component: { ...bill.metadata.component, name } } }
}

new CommandLine(USAGE, {}).read()
const whole = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], { cwd: ROOT, encoding: 'utf8', maxBuffer: MOST_BYTES })
console.log(JSON.stringify(named(withoutDevelopment(JSON.parse(whole) as Bill)), null, 2))
