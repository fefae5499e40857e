// Prints the bill of materials, CycloneDX as JSON: the packages that come with an installed server, those of docs/licences.md. `npm sbom --omit dev` is not
// that: it also leaves out what a server and something else both need, as pg and zod.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

interface Bill {
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

const whole = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], { cwd: ROOT, encoding: 'utf8', maxBuffer: MOST_BYTES })
console.log(JSON.stringify(withoutDevelopment(JSON.parse(whole) as Bill), null, 2))
