import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

interface Locked {
  readonly version: string
  readonly license?: string
  readonly dev?: boolean
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly allowScripts: Readonly<Record<string, boolean>>
}

interface Bill {
  readonly metadata: { readonly component: { readonly name: string } }
  readonly components: readonly { readonly 'bom-ref': string }[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

const root = fileURLToPath(new URL('../../..', import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as Manifest
const { packages } = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')) as { packages: Record<string, Locked> }
const locked = Object.entries(packages).filter(([path]) => path !== '')

/** Licences that let the product be used and passed on as it is, without a duty beyond naming their owners. */
const TAKEN = new Set(['MIT', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', '0BSD', 'BlueOak-1.0.0', '(MIT OR CC0-1.0)', 'CC0-1.0', 'Unlicense'])

describe('the packages', () => {
  // the lockfile leaves out where a package is from when that is the registry
  it('are pinned, each to one version from the one registry, with its hash', () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies }
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
    for (const [name, version] of Object.entries(all)) expect(packages[`node_modules/${name}`]?.version, name).toBe(version)
    const loose = locked.filter(
      ([, { resolved, integrity }]) =>
        (resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/')) || integrity?.startsWith('sha512-') !== true,
    )
    expect(loose.map(([path]) => path)).toEqual([])
  })

  it('run no scripts when they are installed, but for those that package.json names; it names no others', () => {
    const withScripts = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path.replace(/^.*node_modules\//, ''))
    expect(Object.keys(manifest.allowScripts).toSorted()).toEqual([...new Set(withScripts)].toSorted())
  })

  it('that a server brings with it run none at all', () => {
    const shipped = locked.filter(([, { dev, hasInstallScript }]) => dev !== true && hasInstallScript === true)
    expect(shipped.map(([path]) => path).filter(path => manifest.allowScripts[path.replace(/^.*node_modules\//, '')] !== false)).toEqual([])
  })

  it('that a server brings with it are under licences that we take, and docs/licences.md lists them', () => {
    expect(locked.filter(([, { dev, license }]) => dev !== true && !TAKEN.has(license ?? '')).map(([path]) => path)).toEqual([])
    execFileSync(process.execPath, [`${root}/scripts/licences.ts`, '--check'], { stdio: 'pipe' })
  })

  it('that a server brings with it, and no others, are in the bill of materials', () => {
    const bill = JSON.parse(execFileSync(process.execPath, [`${root}/scripts/sbom.ts`], { encoding: 'utf8', stdio: 'pipe' })) as Bill
    expect(bill.metadata.component.name).toBe('waybill')
    const shipped = locked.filter(([, { dev }]) => dev !== true).map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`)
    expect(bill.components.map(one => one['bom-ref']).toSorted()).toEqual([...new Set(shipped)].toSorted())
    const refs = new Set([`waybill@${packages['']?.version}`, ...shipped])
    expect(bill.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]).filter(ref => !refs.has(ref))).toEqual([])
  })
})

describe('docs/threat-model.md', () => {
  it('names tests that are there', () => {
    const text = readFileSync(`${root}/docs/threat-model.md`, 'utf8')
    const named = [...text.matchAll(/`(test\/[^`]+)`/g)].map(match => match[1] ?? '')
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter(path => !existsSync(`${root}/${path}`))).toEqual([])
  })
})
