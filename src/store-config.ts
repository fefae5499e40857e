import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { z } from 'zod'

/** The library's own name for it, and so the one that is looked at unless another is told. */
const AZURE_VARIABLE = 'AZURE_STORAGE_CONNECTION_STRING'

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable (the secret itself belongs into that variable)')
/** The characters that every service takes in a key as they are; 512 leave room for what follows. */
const prefix = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9!_.*'()/-]*$/, "may have letters, digits and ! - _ . * ' ( ) / only")
  .optional()
  .describe('what the keys of the store begin with; nothing else may lie beneath it')
const place = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^/\s]+$/, 'must be a name without slashes and spaces')

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }

const BANDWIDTH_FAULT = 'must be bytes a second: a whole number from 1, or one with K, M or G behind it, as in "10M"'

/** Bytes a second: a number, or digits with K, M or G (of 1024) behind them. */
const bandwidth = z
  .union([z.number(), z.string().regex(/^[0-9]+[KMG]?$/, BANDWIDTH_FAULT)], BANDWIDTH_FAULT)
  .transform(value => (typeof value === 'number' ? value : Number.parseInt(value, 10) * (UNITS[value.replaceAll(/[0-9]/g, '')] ?? Number.NaN)))
  .refine(value => Number.isSafeInteger(value) && value >= 1, BANDWIDTH_FAULT)

/** What jobs may ask of a store of any kind. */
const traffic = {
  transfers: z.int().min(1).max(256).default(16).describe('blobs copied from it or to it at once, by all jobs together'),
  bandwidth: bandwidth.nullable().default(null).describe('bytes a second that jobs read from it or write to it; null: as many as can'),
}

const local = z.strictObject({
  kind: z.literal('local'),
  ...traffic,
  directory: z.string().min(1).optional().describe('where the bytes lie; by default within the data directory'),
})

/** How a bucket is found and asked. */
const bucketSettings = {
  prefix,
  endpoint: z
    .url({ protocol: /^https?$/, error: 'must be an absolute http or https URL' })
    .refine(url => new URL(url).username === '' && new URL(url).password === '', 'must hold no name and no password')
    .optional()
    .describe('another service than AWS'),
  region: z.string().min(1).optional().describe('by default what AWS_REGION says, and us-east-1 with an endpoint'),
  forcePathStyle: z.boolean().optional().describe('the bucket in the path instead of the host name; by default with an endpoint'),
  checksums: z.enum(['when_required', 'when_supported']).optional().describe('by default when_required with an endpoint'),
  accessKeyIdVariable: variable.optional().describe('environment variable with the id of the access key; by default the usual sources of AWS'),
  secretAccessKeyVariable: variable.optional().describe('environment variable with the secret access key'),
  sessionTokenVariable: variable.optional().describe('environment variable with the session token, where there is one'),
}

type Credentials = { readonly [K in 'accessKeyIdVariable' | 'secretAccessKeyVariable' | 'sessionTokenVariable']?: string | undefined }

function areWhole({ accessKeyIdVariable, secretAccessKeyVariable, sessionTokenVariable }: Credentials): boolean {
  return (
    (accessKeyIdVariable === undefined) === (secretAccessKeyVariable === undefined) && (sessionTokenVariable === undefined || accessKeyIdVariable !== undefined)
  )
}

const WHOLE_CREDENTIALS =
  'give both accessKeyIdVariable and secretAccessKeyVariable (and sessionTokenVariable only with them), or none for the usual sources of AWS'

const s3 = z
  .strictObject({ kind: z.literal('s3'), ...traffic, bucket: place.describe('the bucket, which must be there'), ...bucketSettings })
  .refine(areWhole, WHOLE_CREDENTIALS)

const attached = z
  .strictObject({
    kind: z.literal('attached'),
    ...traffic,
    directory: z.string().min(1).optional().describe('the directory whose files are attached; it must be there'),
    bucket: place.optional().describe('instead: the bucket'),
    readonly: z.boolean().default(false).describe('nothing is ever written there'),
    conditionalWrites: z.boolean().optional().describe('whether the service refuses a write whose condition fails; by default without an endpoint'),
    ...bucketSettings,
  })
  .refine(areWhole, WHOLE_CREDENTIALS)
  .refine(store => (store.directory === undefined) !== (store.bucket === undefined), 'give either directory or bucket')
  .refine(
    ({ kind: _kind, readonly: _readonly, transfers: _transfers, bandwidth: _bandwidth, directory, ...more }) =>
      directory === undefined || Object.values(more).every(value => value === undefined),
    'a directory has no settings beside directory, readonly, transfers and bandwidth',
  )

const azure = z.strictObject({
  kind: z.literal('azure'),
  ...traffic,
  container: place.describe('the container, which must be there'),
  prefix,
  connectionStringVariable: variable.default(AZURE_VARIABLE).describe('environment variable with the connection string'),
})

/** One store, of any kind. */
const store = z.discriminatedUnion('kind', [local, s3, azure, attached], { error: 'must be "local", "s3", "azure" or "attached"' })

/** Names begin with a letter: the order in which a file names them is kept, which JavaScript does not do for numbers. */
const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/

/** The stores by their names. */
export const storesSchema = z.record(z.string(), store)

export type StoreConfig = z.infer<typeof store>
/** One that is managed: everything in it is ours. */
export type ManagedConfig = Exclude<StoreConfig, { kind: 'attached' }>
/** One that is there already, for others, too. */
export type AttachedConfig = Extract<StoreConfig, { kind: 'attached' }>
export type StoresConfig = z.infer<typeof storesSchema>

/** What there is when nothing is said: one store in the data directory. */
const ALONE: StoresConfig = storesSchema.parse({ local: { kind: 'local' } })

/** The managed stores of a configuration, the default one first. */
export function storesOf(config: { readonly stores: StoresConfig | null; readonly defaultStore: string | null }): [name: string, store: ManagedConfig][] {
  const stores = Object.entries(config.stores ?? ALONE).flatMap(([name, one]): [string, ManagedConfig][] => (one.kind === 'attached' ? [] : [[name, one]]))
  return [...stores.filter(([each]) => each === config.defaultStore), ...stores.filter(([each]) => each !== config.defaultStore)]
}

/** How much jobs may ask of each store and place, by its name. */
export function trafficOf(config: Parameters<typeof storesOf>[0]): Map<string, { readonly transfers: number; readonly bandwidth: number | null }> {
  return new Map([...storesOf(config), ...placesOf(config)].map(([name, { transfers, bandwidth }]) => [name, { transfers, bandwidth }]))
}

/** The kind of each store and place, by its name. */
export function storeKinds(config: Parameters<typeof storesOf>[0]): Map<string, StoreConfig['kind']> {
  return new Map([...storesOf(config), ...placesOf(config)].map(([name, { kind }]) => [name, kind]))
}

/** The places of a configuration that collections can be attached to. */
export function placesOf(config: { readonly stores: StoresConfig | null }): [name: string, store: AttachedConfig][] {
  return Object.entries(config.stores ?? {}).flatMap(([name, one]): [string, AttachedConfig][] => (one.kind === 'attached' ? [[name, one]] : []))
}

/** Where a local store lies: the one named `local` where the only one lies of a server that says nothing of stores. */
export function directoryOf(data: string, name: string, store: { readonly directory?: string | undefined }): string {
  return resolve(store.directory ?? (name === 'local' ? join(data, 'store') : join(data, 'stores', name)))
}

/** The environment variables that stores take their secrets from. */
export function secretVariables(stores: StoresConfig | null): string[] {
  return Object.values(stores ?? {}).flatMap(each => {
    if (each.kind === 'azure') return [each.connectionStringVariable]
    return each.kind === 's3' || each.kind === 'attached'
      ? [each.accessKeyIdVariable, each.secretAccessKeyVariable, each.sessionTokenVariable].filter(found => found !== undefined)
      : []
  })
}

/** What is wrong with the stores taken together: which setting, and a sentence. */
export function faultsOfStores(config: {
  readonly data: string
  readonly stores: StoresConfig | null
  readonly defaultStore: string | null
}): { readonly path: string[]; readonly message: string }[] {
  const stores = storesOf(config)
  const faults: { path: string[]; message: string }[] = []
  if (stores.length === 0) faults.push({ path: ['stores'], message: 'must name one store at least that is not attached' })
  else if (config.defaultStore !== null && stores[0]?.[0] !== config.defaultStore) {
    faults.push({
      path: ['defaultStore'],
      message: `there is no store ${JSON.stringify(config.defaultStore)}; there are ${stores.map(([each]) => each).join(', ')}`,
    })
  }
  for (const each of Object.keys(config.stores ?? {})) {
    if (!NAME.test(each))
      faults.push({
        path: ['stores', each],
        message: 'the name of a store begins with a letter and has 1 to 64 letters, digits, dots, hyphens and underscores',
      })
  }
  // Each store sweeps away what its own collections do not need: in one place, two would delete each other's files.
  const seen = new Map<string, string>()
  for (const [each, one] of Object.entries(config.stores ?? {})) {
    const where = placeOf(config.data, each, one)
    const other = seen.get(where)
    if (other !== undefined) faults.push({ path: ['stores', each], message: `is in the same place as the store ${JSON.stringify(other)}; give each its own` })
    seen.set(where, each)
  }
  return [...faults, ...overlaps(config)]
}

/** What an attached place holds is shown, and may be written over: nothing of ours may lie in it, nor it in anything of ours or in another place. */
function overlaps({ data, stores }: { readonly data: string; readonly stores: StoresConfig | null }): { readonly path: string[]; readonly message: string }[] {
  const ours = storesOf({ stores, defaultStore: null }).map(([name, one]) => ({ name: `the store ${JSON.stringify(name)}`, where: placeOf(data, name, one) }))
  const dataDirectory = { name: 'the data directory', where: `local ${realPath(data)}` }
  const known = [dataDirectory, ...ours]
  return placesOf({ stores }).flatMap(([name, one]) => {
    const where = placeOf(data, name, one)
    // two stores in one place are told before
    const isSame = (each: (typeof known)[number]): boolean => each.where === where && each === dataDirectory
    const other = known.find(each => isSame(each) || isBeneath(where, each.where) || isBeneath(each.where, where))
    known.push({ name: `the store ${JSON.stringify(name)}`, where })
    return other === undefined ? [] : [{ path: ['stores', name], message: `overlaps with ${other.name}; attach a place that neither holds it nor lies in it` }]
  })
}

function isBeneath(inner: string, outer: string): boolean {
  return inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`)
}

/** Where a store lies, as a text that begins with that of what it lies in. */
function placeOf(data: string, name: string, store: StoreConfig): string {
  if (store.kind === 'local') return `local ${realPath(directoryOf(data, name, store))}`
  const beneath = (store.prefix ?? '').replaceAll(/^\/+|\/+$/g, '')
  if (store.kind === 'azure') return placeText(['azure', store.connectionStringVariable, store.container], beneath)
  if (store.kind === 'attached' && store.directory !== undefined) return `local ${realPath(store.directory)}`
  return placeText(['s3', store.endpoint === undefined ? '' : new URL(store.endpoint).host, store.bucket], beneath)
}

/** Where a path leads, links and all; as much of it as is there. */
function realPath(path: string): string {
  const whole = resolve(path)
  try {
    return realpathSync(whole)
  } catch {
    // not there (yet), or not to be seen: then what it lies in decides
    return dirname(whole) === whole ? whole : join(realPath(dirname(whole)), basename(whole))
  }
}

function placeText(service: readonly unknown[], beneath: string): string {
  return `${JSON.stringify(service)}${beneath === '' ? '' : `/${beneath}`}`
}
