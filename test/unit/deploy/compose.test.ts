import { existsSync } from 'node:fs'
import { DCLinter } from 'dclint'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { DRAIN_SECONDS, pathOf, settingsOf, textOf, variablesOf } from './files.ts'

interface Service {
  readonly build?: string
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly stop_grace_period: string
}

const TEXT = textOf('compose.yaml')
const EXAMPLE = variablesOf(textOf('.env.example'))
/** The example as somebody would fill it in. */
const FILLED = { ...EXAMPLE, POSTGRES_PASSWORD: 'c0ffee', S3_ACCESS_KEY_ID: 'GKc0ffee', S3_SECRET_ACCESS_KEY: 'c0ffee', GARAGE_RPC_SECRET: 'c0ffee' }
const { services, volumes } = parse(interpolated(TEXT, FILLED), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, null>>
}
const NODES = Object.entries(services).filter(([, service]) => service.build !== undefined)

/** `${NAME:-default}` and `${NAME:?sentence}` as Compose puts values in their place: an empty one counts as none. */
function interpolated(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}/g, (_whole, name: string, kind: string | undefined, other: string | undefined) => {
    const value = values[name] ?? ''
    if (value !== '' || kind === undefined) return value
    if (kind === '?') throw new Error(`${name}: ${other ?? ''}`)
    return other ?? ''
  })
}

/** The server's configuration in a node, as its command, its file and its environment make it. */
async function configOf({ command = [], environment = {} }: Service): ReturnType<typeof settingsOf> {
  expect(command).toEqual(['serve', '--config', '/etc/waybill/waybill.json'])
  return settingsOf(environment, 'deploy/waybill.json')
}

describe('compose.yaml', () => {
  it('is valid by the schema of the Compose specification, and by the rules of a linter', () => {
    // the linter does not look behind variables: where ports are published is tested below
    const linter = new DCLinter({ rules: { 'no-build-and-image': 0, 'no-unbound-port-interfaces': 0 }, quiet: false, debug: false, exclude: [] })
    const [result] = linter.lintFiles([pathOf('compose.yaml')], false) as { messages: { line: number; message: string }[] }[]
    expect(result?.messages.map(({ line, message }) => `line ${line}: ${message}`)).toEqual([])
  })

  it('has two nodes whose settings the server takes, variables included', async () => {
    expect(NODES.map(([name]) => name)).toEqual(['node1', 'node2'])
    for (const [, node] of NODES) {
      const { config, warned } = await configOf(node)
      expect(warned).toEqual([])
      const { files } = config.stores ?? {}
      if (files?.kind !== 's3') throw new Error('the store of the nodes is not in a bucket')
      expect([node.environment?.[files.accessKeyIdVariable ?? ''], node.environment?.[files.secretAccessKeyVariable ?? '']]).toEqual([
        services['s3']?.environment?.['GARAGE_DEFAULT_ACCESS_KEY'],
        services['s3']?.environment?.['GARAGE_DEFAULT_SECRET_KEY'],
      ])
      expect(files.bucket).toBe(services['s3']?.environment?.['GARAGE_DEFAULT_BUCKET'])
      const garage = textOf('deploy/garage.toml')
      expect(garage).toContain(`s3_region = "${files.region}"`)
      expect(garage).toContain(`api_bind_addr = "[::]:${new URL(files.endpoint ?? '').port}"`)
      expect(new URL(files.endpoint ?? '').hostname).toBe('s3')
    }
  })

  it('gives the nodes the database that it makes', () => {
    const made = services['postgres']?.environment ?? {}
    for (const [, node] of NODES) {
      const url = new URL(node.environment?.['WAYBILL_DATABASE'] ?? '')
      expect([url.username, url.password, url.hostname, url.port, url.pathname]).toEqual([
        made['POSTGRES_USER'],
        made['POSTGRES_PASSWORD'],
        'postgres',
        '5432',
        `/${made['POSTGRES_DB'] ?? ''}`,
      ])
    }
  })

  it('starts each service when those it needs are healthy, and tells of each whether it is', () => {
    for (const [name, { build, healthcheck, depends_on: needed = {} }] of Object.entries(services)) {
      // a node's is in its image
      if (build === undefined) expect(healthcheck?.test.length, name).toBeGreaterThan(1)
      for (const [other, { condition }] of Object.entries(needed)) {
        expect([Object.keys(services).includes(other), condition]).toEqual([true, 'service_healthy'])
      }
    }
    for (const [, node] of NODES) expect(Object.keys(node.depends_on ?? {}).toSorted()).toEqual(['postgres', 's3'])
    expect(Object.keys(services['proxy']?.depends_on ?? {})).toEqual(NODES.map(([name]) => name))
  })

  it('balances over all nodes, at their port', () => {
    const upstreams = /^\treverse_proxy (.*) \{$/m.exec(textOf('deploy/Caddyfile'))?.[1]
    expect(upstreams).toBe(NODES.map(([name]) => `${name}:7070`).join(' '))
  })

  it('lets nodes finish before they are killed', () => {
    for (const [name, node] of NODES) expect(Number(/^(\d+)s$/.exec(node.stop_grace_period)?.[1]), name).toBeGreaterThan(DRAIN_SECONDS)
  })

  it('mounts files that are there and volumes that it names', () => {
    for (const [source = ''] of Object.values(services).flatMap(service => (service.volumes ?? []).map(volume => volume.split(':')))) {
      expect(source.startsWith('./') ? existsSync(pathOf(source)) : Object.keys(volumes).includes(source), source).toBe(true)
    }
  })

  it('takes every variable from .env.example, refuses to start without a secret, and is reached from this machine alone unless told otherwise', () => {
    const used = [...new Set([...TEXT.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name))]
    expect(used.toSorted()).toEqual(Object.keys(EXAMPLE).toSorted())
    for (const secret of Object.keys(EXAMPLE).filter(name => /SECRET|PASSWORD|KEY/.test(name))) {
      expect(EXAMPLE[secret]).toBe('')
      expect(() => interpolated(TEXT, { ...FILLED, [secret]: '' })).toThrow(`${secret}: give it a value in .env`)
    }
    const published = Object.values((parse(interpolated(TEXT, { ...FILLED, LISTEN_ADDRESS: '' }), { merge: true }) as { services: typeof services }).services)
    expect(published.flatMap(service => service.ports ?? [])).toEqual(['127.0.0.1:7070:80', '127.0.0.1:7443:443'])
  })
})
