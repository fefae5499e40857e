import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settingsReference, settingsSchemaFile } from '../../scripts/settings-tables.ts'
import { configSchema, loadConfig, type Config } from '../../src/config.ts'
import { isWaybillError } from '../../src/model/errors.ts'
import { openStores } from '../../src/open-stores.ts'
import { directoryOf, placesOf, storesOf, trafficOf } from '../../src/store-config.ts'
import { systemClock } from '../../src/system/clock.ts'

const DAY_MS = 24 * 3600 * 1000

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'waybill-config-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

function file(text: string): string {
  const path = join(directory, `${Math.random()}.json`)
  writeFileSync(path, text)
  return path
}

function fault(sources: Parameters<typeof loadConfig>[0]): string {
  try {
    return `no fault: ${JSON.stringify(loadConfig(sources))}`
  } catch (error) {
    if (isWaybillError(error, 'invalid_request')) return error.message
    throw error
  }
}

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(loadConfig({})).toEqual({
      data: './waybill-data',
      database: null,
      host: '127.0.0.1',
      port: 7070,
      publicUrl: null,
      logLevel: 'warn',
      metrics: 'token',
      tracing: null,
      concurrency: 4,
      jsonItems: 10_000,
      submitBodyBytes: 32 * 1024 * 1024,
      jsonBodyBytes: 1024 * 1024,
      uploadBytes: 5 * 1024 ** 4,
      uploadLifeMs: 7 * DAY_MS,
      manifestLineBytes: 64 * 1024,
      requestsPerMinute: 1_000_000,
      sevenbridgesRequests: 1_000,
      signingKey: null,
      signedUrlLifeMs: 3600 * 1000,
      headerTimeoutMs: 15_000,
      bodyTimeoutMs: 60_000,
      retentionMs: { v1: 30 * DAY_MS, apollo: 30 * DAY_MS, sevenbridges: 30 * DAY_MS, cmwell: 15 * 60 * 1000 },
      auditRetentionMs: 365 * DAY_MS,
      deletedRetentionMs: 30 * DAY_MS,
      cmwellCompat: 'docs',
      webhookHttp: false,
      webhookAllow: [],
      webhookRetryMs: 5_000,
      webhookGiveUpMs: 3 * DAY_MS,
      jwt: null,
      quotas: { default: { eventStreams: 1_000 }, subjects: {} },
      stores: null,
      defaultStore: null,
    } satisfies Config)
  })

  it('is described in the reference and by a JSON Schema, both made from its own schema; when it changes: npm run settings', async () => {
    const file = (name: string): string => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))
    const [reference, schema] = [file('reference/settings.md'), file('settings.schema.json')]
    const text = readFileSync(reference, 'utf8')
    expect(await settingsReference(text, reference)).toBe(text)
    expect(await settingsSchemaFile(schema)).toBe(readFileSync(schema, 'utf8'))
    for (const [name, { description }] of Object.entries(configSchema.shape)) expect(text).toContain(description ?? `a description of ${name}`)
  })

  it.each<[string, Record<string, unknown>, string]>([
    [
      'a text for true or false',
      { stores: { a: { kind: 's3', bucket: 'b', forcePathStyle: 'yes' } } },
      'stores.a.forcePathStyle (from the command line): must be true or false, not a text in quotes',
    ],
    ['a list for an object', { retentionMs: [] }, 'retentionMs (from the command line): must be an object with members, not a list'],
    ['a number for a text', { host: 7 }, 'host (from the command line): must be a text in quotes, not a number'],
    ['an empty text', { data: '' }, 'data (from the command line): must not be empty'],
    ['a word that there is not', { logLevel: 'loud' }, 'logLevel (from the command line): must be "fatal", "error", "warn", "info", "debug" or "silent"'],
    ['what is missing', { jwt: { audience: 'a', key: 'k' } }, 'jwt.issuer (from the command line): is missing; it must be a text in quotes'],
    ['no URL', { jwt: { issuer: 'i', audience: 'a', jwksUrl: 'x' } }, 'jwt.jwksUrl (from the command line): must be a URL, such as'],
    ['too many', { stores: { a: { kind: 'local', transfers: 300 } } }, 'stores.a.transfers (from the command line): must be 256 at most'],
    ['a dialect that there is not', { retentionMs: { cmwel: 5 } }, 'there is no setting "cmwel"; the nearest is "cmwell"'],
    [
      'a setting of another kind of store',
      { stores: { a: { kind: 's3', bucket: 'b', regoin: 'x' } } },
      'there is no setting "regoin"; the nearest is "region"',
    ],
  ])('is refused with %s, in plain words', (_what, flags, sentence) => {
    expect(fault({ flags })).toContain(sentence)
  })

  it('may name its schema for editors', () => {
    expect(loadConfig({ file: file('{"$schema": "https://example.org/settings.schema.json", "port": 5}') }).port).toBe(5)
  })

  it('comes from a file, over it the environment, over both the flags', () => {
    const path = file('{"data": "/from/file", "host": "file", "port": 1, "logLevel": "error"}')
    const env = { WAYBILL_HOST: 'environment', WAYBILL_PORT: '2' }
    expect(loadConfig({ file: path, env, flags: { port: 3, data: undefined } })).toMatchObject({
      data: '/from/file',
      host: 'environment',
      port: 3,
      logLevel: 'error',
    })
  })

  it('is read from the environment by names in capitals, what has parts as JSON; empty variables count as none', () => {
    const env = {
      WAYBILL_PUBLIC_URL: 'https://files.example',
      WAYBILL_REQUESTS_PER_MINUTE: '60',
      WAYBILL_RETENTION_MS: '{"apollo": 5}',
      WAYBILL_CMWELL_COMPAT: 'server',
      WAYBILL_JWT: '{"issuer": "i", "audience": "a", "key": "k", "scopes": {"all": ["read", "write"]}}',
      WAYBILL_PORT: '',
      WAYBILL_URL: 'http://what.the.command.line.reads',
      PATH: '/bin',
    }
    expect(loadConfig({ env })).toMatchObject({
      publicUrl: 'https://files.example',
      requestsPerMinute: 60,
      retentionMs: { v1: 30 * DAY_MS, apollo: 5 },
      cmwellCompat: 'server',
      jwt: { issuer: 'i', audience: 'a', key: 'k', scopes: { all: ['read', 'write'] } },
      port: 7070,
    })
  })

  it('warns of variables that look like settings and are none, naming the nearest', async () => {
    const warned: string[] = []
    const listen = (warning: Error): void => void warned.push(warning.message)
    process.on('warning', listen)
    const others = { WAYBILL_URL: 'http://x', WAYBILL_TOKEN: 't', WAYBILL_DEBUG: '1', WAYBILL_BENCH_DIR: '/tmp', WAYBILL_PROT: '' }
    expect(loadConfig({ env: { ...others, WAYBILL_JSON_ITEM: '5', WAYBILL_REQUEST_PER_MINUTE: '7' } })).toEqual(loadConfig({}))
    await expect.poll(() => warned.length).toBe(2)
    process.off('warning', listen)
    expect(warned).toEqual([
      'the environment variable WAYBILL_JSON_ITEM is no setting; the nearest is WAYBILL_JSON_ITEMS',
      'the environment variable WAYBILL_REQUEST_PER_MINUTE is no setting; the nearest is WAYBILL_REQUESTS_PER_MINUTE',
    ])
  })

  it('takes the base of links without the slash at its end', () => {
    expect(loadConfig({ flags: { publicUrl: 'http://x.example/base//' } }).publicUrl).toBe('http://x.example/base')
    expect(loadConfig({ flags: { publicUrl: null } }).publicUrl).toBeNull()
    for (const url of ['javascript:alert(1)', 'ftp://x.example', 'x.example', '/base']) {
      expect(fault({ flags: { publicUrl: url } })).toContain('publicUrl (from the command line): must be an absolute http or https URL')
    }
  })

  it('takes numbers that are whole and within bounds, and nothing that only looks like one', () => {
    for (const port of ['-1', 65_536, '1e3', '0x10', ' 80', 1.5, true, null, [], Number.NaN, 'seven']) {
      expect(fault({ flags: { port } }), String(port)).toContain('port (from the command line): must be a whole number from 0 to 65535')
    }
    for (const [key, value] of [
      ['concurrency', 0],
      ['jsonItems', 0],
      ['jsonBodyBytes', 1023],
      ['bodyTimeoutMs', 2 ** 31],
      ['uploadBytes', 2 ** 60],
    ] as const) {
      expect(fault({ flags: { [key]: value } })).toContain(`${key} (from the command line): must be a whole number from`)
    }
    expect(fault({ flags: { retentionMs: { v1: 200 * 365 * DAY_MS } } })).toContain('retentionMs.v1 (from the command line): must be a whole number from 0 to')
  })

  it('tells every fault at once, each on a line: which setting, from where, what would be right', () => {
    const path = file('{"porty": 1, "data": 5, "logLevel": "loud"}')
    const told = fault({ file: path, env: { WAYBILL_PORT: 'x', WAYBILL_JWT: '{"issuer": "i", "audience": "a"}' }, flags: { concurrency: 999 } })
    expect(told.split('\n')).toHaveLength(7)
    expect(told).toMatch(/^the configuration is wrong in 6 places:\n/)
    expect(told).toContain(`\n  ${path}: there is no setting "porty"; the nearest is "port"`)
    expect(told).toContain(`data (from ${path}): `)
    expect(told).toContain(`logLevel (from ${path}): must be "fatal", `)
    expect(told).toContain('port (from WAYBILL_PORT): must be')
    expect(told).toContain('jwt (from WAYBILL_JWT): give either jwksUrl or key')
    expect(told).toContain('concurrency (from the command line): must be')
  })

  it('says so when a file cannot be read, or something is no JSON', () => {
    const missing = join(directory, 'nowhere.json')
    expect(fault({ file: missing })).toContain(`the configuration file ${missing} cannot be read: there is no such file`)
    const broken = file('{"port": ')
    expect(fault({ file: broken })).toContain(`${broken}: is not valid JSON`)
    const list = file('[]')
    expect(fault({ file: list })).toBe(`${list}: must hold a JSON object`)
    expect(fault({ env: { WAYBILL_RETENTION_MS: '5 days' } })).toMatch(
      /^WAYBILL_RETENTION_MS: is not valid JSON: .*; it takes JSON, such as \{"v1": 2592000000\}$/,
    )
    expect(fault({ env: { WAYBILL_WEBHOOK_ALLOW: '10.2.0.1' } })).toMatch(/; it takes JSON, such as \["10\.2\.0\.0\/16", "hooks\.internal"\]$/)
    expect(fault({ env: { WAYBILL_RETENTION_MS: '{"v9": 5}' } })).toContain('retentionMs (from WAYBILL_RETENTION_MS): there is no setting "v9"')
  })

  it.each([
    [1000, 1000],
    ['1000', 1000],
    ['64K', 64 * 1024],
    ['10M', 10 * 1024 * 1024],
    ['2G', 2 * 1024 * 1024 * 1024],
    [null, null],
  ])('takes the bandwidth %j of a store as %j bytes a second', (bandwidth, bytes) => {
    const config = loadConfig({ flags: { stores: { local: { kind: 'local', transfers: 8, bandwidth } } } })
    expect(trafficOf(config)).toEqual(new Map([['local', { transfers: 8, bandwidth: bytes }]]))
  })

  it.each(['10 MB', '-1', '0', 1.5, '', '10m'])('refuses the bandwidth %j', bandwidth => {
    expect(fault({ flags: { stores: { local: { kind: 'local', bandwidth } } } })).toContain('must be bytes a second')
  })

  it.each([0, 257, 1.5, '8'])('refuses %j transfers', transfers => {
    expect(fault({ flags: { stores: { local: { kind: 'local', transfers } } } })).toContain('stores.local.transfers')
  })

  it('names the stores, the first being the default', () => {
    const stores = {
      archive: { kind: 's3', bucket: 'b', prefix: 'p/', endpoint: 'http://127.0.0.1:9', accessKeyIdVariable: 'WAYBILL_KEY', secretAccessKeyVariable: 'SECRET' },
      local: { kind: 'local' },
      disk: { kind: 'local', directory: '/mnt/disk' },
      cloud: { kind: 'azure', container: 'c' },
    }
    const config = loadConfig({ file: file(JSON.stringify({ data: '/data', stores })) })
    const usual = { transfers: 16, bandwidth: null }
    expect(config.stores).toEqual({
      ...{ archive: { ...usual, ...stores.archive }, local: { ...usual, ...stores.local }, disk: { ...usual, ...stores.disk } },
      cloud: { ...usual, ...stores.cloud, connectionStringVariable: 'AZURE_STORAGE_CONNECTION_STRING' },
    })
    expect(storesOf(config).map(([name]) => name)).toEqual(['archive', 'local', 'disk', 'cloud'])
    expect(storesOf({ ...config, defaultStore: 'disk' }).map(([name]) => name)).toEqual(['disk', 'archive', 'local', 'cloud'])
    expect(storesOf(loadConfig({})).map(([name]) => name)).toEqual(['local'])
    expect(loadConfig({ env: { WAYBILL_STORES: JSON.stringify(stores), WAYBILL_DEFAULT_STORE: 'cloud' } }).defaultStore).toBe('cloud')
    expect(directoryOf('/data', 'local', {})).toBe('/data/store')
    expect(directoryOf('/data', 'other', {})).toBe('/data/stores/other')
    expect(directoryOf('/data', 'disk', stores.disk)).toBe('/mnt/disk')
  })

  it('warns of no variable that a store takes a secret from', async () => {
    const warned: string[] = []
    const listen = (warning: Error): void => void warned.push(warning.message)
    process.on('warning', listen)
    const s3 = { kind: 's3', bucket: 'b', accessKeyIdVariable: 'WAYBILL_KEY', secretAccessKeyVariable: 'WAYBILL_SECRET' }
    loadConfig({ flags: { stores: { s3 } }, env: { WAYBILL_KEY: 'k', WAYBILL_SECRET: 's', WAYBILL_OTHER: 'x' } })
    await expect.poll(() => warned.length).toBe(1)
    process.off('warning', listen)
    expect(warned[0]).toContain('WAYBILL_OTHER is no setting')
  })

  it.each<[string, unknown, string]>([
    ['no store', {}, 'stores (from the command line): must name one store at least'],
    ['no kind', { a: {} }, 'stores.a.kind (from the command line): must be "local", "s3", "azure" or "attached"'],
    ['a kind there is not', { a: { kind: 'ftp' } }, 'must be "local", "s3", "azure" or "attached"'],
    ['no bucket', { a: { kind: 's3' } }, 'stores.a.bucket (from the command line): '],
    ['a bucket with a path', { a: { kind: 's3', bucket: 'b/c' } }, 'must be a name without slashes and spaces'],
    [
      'a setting there is not',
      { a: { kind: 's3', bucket: 'b', secretAccessKey: 'hush' } },
      'there is no setting "secretAccessKey"; the nearest is "secretAccessKeyVariable"',
    ],
    [
      'a secret for the name of its variable',
      { a: { kind: 'azure', container: 'c', connectionStringVariable: 'AccountKey=hush;' } },
      'must be the name of an environment variable',
    ],
    ['half of the credentials', { a: { kind: 's3', bucket: 'b', accessKeyIdVariable: 'K' } }, 'give both accessKeyIdVariable and secretAccessKeyVariable'],
    ['a token alone', { a: { kind: 's3', bucket: 'b', sessionTokenVariable: 'T' } }, 'give both accessKeyIdVariable and secretAccessKeyVariable'],
    [
      'a password in an address',
      { a: { kind: 's3', bucket: 'b', endpoint: 'http://me:hush@x' } },
      'stores.a.endpoint (from the command line): must hold no name and no password',
    ],
    ['a prefix with strange characters', { a: { kind: 's3', bucket: 'b', prefix: 'ä?' } }, 'may have letters, digits and'],
    ['a number for a name', { 7: { kind: 'local' } }, 'the name of a store begins with a letter'],
    [
      'one directory twice',
      { local: { kind: 'local', directory: '/x' }, b: { kind: 'local', directory: '/x/' } },
      'stores.b (from the command line): is in the same place as the store "local"',
    ],
    [
      'one bucket twice',
      { a: { kind: 's3', bucket: 'b', prefix: '/p' }, b: { kind: 's3', bucket: 'b', prefix: 'p/' } },
      'is in the same place as the store "a"',
    ],
    ['one container twice', { a: { kind: 'azure', container: 'c' }, b: { kind: 'azure', container: 'c' } }, 'is in the same place as the store "a"'],
    ['a place alone', { p: { kind: 'attached', directory: '/p' } }, 'must name one store at least that is not attached'],
    ['a place of nothing', { a: { kind: 'local' }, p: { kind: 'attached' } }, 'give either directory or bucket'],
    [
      'a directory with settings of a bucket',
      { a: { kind: 'local' }, p: { kind: 'attached', directory: '/p', region: 'x' } },
      'a directory has no settings beside directory, readonly, transfers and bandwidth',
    ],
    ['half of the credentials of a place', { a: { kind: 'local' }, p: { kind: 'attached', bucket: 'b', accessKeyIdVariable: 'K' } }, 'give both'],
    [
      'a place in the data directory',
      { a: { kind: 'local', directory: '/a' }, p: { kind: 'attached', directory: './waybill-data/x' } },
      'stores.p (from the command line): overlaps with the data directory',
    ],
    [
      'the data directory itself',
      { a: { kind: 'local', directory: '/a' }, p: { kind: 'attached', directory: './waybill-data' } },
      'stores.p (from the command line): overlaps with the data directory',
    ],
    [
      'a place around a store',
      { a: { kind: 'local', directory: '/srv/a' }, p: { kind: 'attached', directory: '/srv' } },
      'overlaps with the store "a"; attach a place that neither holds it nor lies in it',
    ],
    [
      'a place in another',
      { a: { kind: 'local' }, p: { kind: 'attached', bucket: 'b', prefix: 'x' }, q: { kind: 'attached', bucket: 'b', prefix: 'x/y' } },
      'stores.q (from the command line): overlaps with the store "p"',
    ],
    ['a place in a bucket of blobs', { a: { kind: 's3', bucket: 'b' }, p: { kind: 'attached', bucket: 'b', prefix: 'x' } }, 'overlaps with the store "a"'],
  ])('refuses %s in a sentence without secrets', (_what, stores, sentence) => {
    const told = fault({ flags: { stores } })
    expect(told).toContain(sentence)
    expect(told).not.toContain('hush')
  })

  it('sees through links where places overlap, also beneath what is not there yet', () => {
    mkdirSync(join(directory, 'photos'))
    symlinkSync(join(directory, 'photos'), join(directory, 'link'))
    const a = { kind: 'local', directory: join(directory, 'a') }
    const p = { kind: 'attached', directory: join(directory, 'photos') }
    const told = (linked: string): string => fault({ flags: { stores: { a, p, q: { kind: 'attached', directory: join(directory, linked) } } } })
    expect(told('link')).toContain('is in the same place as the store "p"')
    expect(told('link/new/one')).toContain('stores.q (from the command line): overlaps with the store "p"')
    expect(fault({ flags: { data: join(directory, 'link'), stores: { a, p } } })).toContain(
      'stores.p (from the command line): overlaps with the data directory',
    )
  })

  it('refuses a default store that there is not', () => {
    expect(fault({ flags: { stores: { a: { kind: 'local' } }, defaultStore: 'b' } })).toContain(
      'defaultStore (from the command line): there is no store "b"; there are a',
    )
    expect(fault({ flags: { defaultStore: 'archive' } })).toContain('there is no store "archive"; there are local')
    expect(loadConfig({ flags: { defaultStore: 'local' } }).defaultStore).toBe('local')
    const stores = { a: { kind: 'local' }, p: { kind: 'attached', directory: '/p' } }
    expect(fault({ flags: { stores, defaultStore: 'p' } })).toContain('there is no store "p"; there are a')
  })

  it('tells managed stores and places apart; neighbours are no overlap', () => {
    const stores = {
      p: { kind: 'attached', directory: '/srv/photos' },
      a: { kind: 'local', directory: '/srv/photos-blobs' },
      q: { kind: 'attached', bucket: 'b', prefix: 'x', readonly: true },
      r: { kind: 'attached', bucket: 'b', prefix: 'xy' },
    }
    const config = loadConfig({ flags: { stores } })
    expect(storesOf(config).map(([name]) => name)).toEqual(['a'])
    expect(placesOf(config).map(([name, { readonly }]) => [name, readonly])).toEqual([
      ['p', false],
      ['q', true],
      ['r', false],
    ])
  })

  it('says which variable a store misses, and opens nothing before it is asked to', async () => {
    const open = (stores: unknown, env: NodeJS.ProcessEnv): Promise<unknown> => openStores(loadConfig({ flags: { data: directory, stores } }), systemClock, env)
    const archive = { kind: 's3', bucket: 'b', endpoint: 'http://127.0.0.1:9', accessKeyIdVariable: 'KEY', secretAccessKeyVariable: 'SECRET' }
    await expect(open({ archive }, { KEY: 'k' })).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'the store "archive" needs a secret from the environment variable SECRET, which is not set',
    })
    expect(await open({ archive }, { KEY: 'k', SECRET: 's' })).toMatchObject([{ name: 'archive', shared: true }])
    await expect(open({ cloud: { kind: 'azure', container: 'c' } }, {})).rejects.toMatchObject({
      message: expect.stringContaining('AZURE_STORAGE_CONNECTION_STRING'),
    })
  })

  it('is not fooled by keys with a meaning in JavaScript', () => {
    expect(fault({ file: file('{"__proto__": {"port": 5}}') })).toContain('there is no setting "__proto__"')
    expect(fault({ file: file('{"constructor": 5}') })).toContain('there is no setting "constructor"')
  })
})
