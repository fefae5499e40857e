import type { Config } from './config.ts'
import { WaybillError } from './model/errors.ts'
import type { BlobStore } from './ports/blob-store.ts'
import type { Clock } from './ports/clock.ts'
import { SILENT, type Observer } from './ports/observer.ts'
import type { Place } from './ports/place.ts'
import type { S3StoreOptions } from './stores/s3/s3-service.ts'
import { directoryOf, placesOf, storesOf, type AttachedConfig, type ManagedConfig } from './store-config.ts'

/**
 * Opens the managed stores of a configuration, the default one first. Each kind's code is loaded only when a store of that kind is configured: the libraries of the services
 * are larger than the server. Asks no service anything. Throws `invalid_request` for what the environment lacks, and what a local store throws.
 */
export async function openStores(
  config: Pick<Config, 'data' | 'database' | 'stores' | 'defaultStore'>,
  clock: Clock,
  env: NodeJS.ProcessEnv = process.env,
  observer: Observer = SILENT,
): Promise<BlobStore[]> {
  const stores: BlobStore[] = []
  for (const [name, store] of storesOf(config)) stores.push(await openStore(config, name, store, { clock, env, observer }))
  return stores
}

/** What every store is opened with. */
interface Surroundings {
  readonly clock: Clock
  readonly env: NodeJS.ProcessEnv
  readonly observer: Observer
}

async function openStore(
  { data, database }: Pick<Config, 'data' | 'database'>,
  name: string,
  store: ManagedConfig,
  { clock, env, observer }: Surroundings,
): Promise<BlobStore> {
  const onRetry = (): void => observer.storeRetried(name)
  const secret = (variable: string): string => secretOf(name, variable, env)
  switch (store.kind) {
    case 'local': {
      const { openLocalBlobStore } = await import('./stores/local/local-blob-store.ts')
      // servers on one database work on the same stores
      return openLocalBlobStore({ name, directory: directoryOf(data, name, store), clock, shared: database !== null })
    }
    case 's3': {
      const { openS3BlobStore } = await import('./stores/s3/s3-blob-store.ts')
      return openS3BlobStore({ name, clock, onRetry, ...bucketOf(store, secret), bucket: store.bucket })
    }
    case 'azure': {
      const { container, prefix, connectionStringVariable } = store
      const { openAzureBlobStore } = await import('./stores/azure/azure-blob-store.ts')
      return openAzureBlobStore({ name, clock, onRetry, container, prefix, connectionString: secret(connectionStringVariable) })
    }
  }
}

/** Where servers agree on what none of them was told: the value of whoever proposed one first. */
interface Agreement {
  agreed(name: string, proposed: Uint8Array): Promise<Uint8Array>
}

/**
 * Makes sure that the servers on one ledger have the same directories under the names of its local stores (which are open): what one writes the others must be
 * able to read. Throws `unavailable` for another directory.
 */
export async function agreeOnDirectories(config: Pick<Config, 'data' | 'stores' | 'defaultStore'>, servers: Agreement): Promise<void> {
  for (const [name, store] of storesOf(config)) {
    if (store.kind !== 'local') continue
    const { directoryMark } = await import('./stores/local/directory-mark.ts')
    const directory = directoryOf(config.data, name, store)
    const mark = Buffer.from(await directoryMark(name, directory))
    if (mark.equals(await servers.agreed(`mark of the store ${name}`, mark))) continue
    throw new WaybillError(
      'unavailable',
      `${directory} is not the directory that the other servers on this database have for the store "${name}": give all of them one that they share, as on a network file system, or an S3 or Azure store`,
    )
  }
}

/** Opens the places of a configuration. Throws what `openStores` throws. */
export async function openPlaces(
  config: Pick<Config, 'database' | 'stores'>,
  clock: Clock,
  env: NodeJS.ProcessEnv = process.env,
  observer: Observer = SILENT,
): Promise<Place[]> {
  const places: Place[] = []
  for (const [name, store] of placesOf(config)) places.push(await openPlace(config, name, store, { clock, env, observer }))
  return places
}

async function openPlace({ database }: Pick<Config, 'database'>, name: string, store: AttachedConfig, { clock, env, observer }: Surroundings): Promise<Place> {
  const { readonly, directory, bucket } = store
  if (directory !== undefined) {
    const { openDirectoryPlace } = await import('./stores/directory/directory-place.ts')
    return openDirectoryPlace({ name, directory, readonly, clock, shared: database !== null })
  }
  if (bucket === undefined) throw new Error(`the store "${name}" is attached to nothing`)
  const { openS3Place } = await import('./stores/s3/s3-place.ts')
  const settings = bucketOf(store, variable => secretOf(name, variable, env))
  const onRetry = (): void => observer.storeRetried(name)
  return openS3Place({ name, clock, onRetry, ...settings, bucket, readonly, conditionalWrites: store.conditionalWrites ?? store.endpoint === undefined })
}

/** How the bucket of a store is found and asked, its secrets looked up. */
function bucketOf(
  store: Extract<ManagedConfig, { kind: 's3' }> | AttachedConfig,
  secret: (variable: string) => string,
): Pick<S3StoreOptions, 'prefix' | 'endpoint' | 'region' | 'forcePathStyle' | 'checksums' | 'credentials'> {
  const { prefix, endpoint, region, forcePathStyle, checksums, accessKeyIdVariable, secretAccessKeyVariable, sessionTokenVariable } = store
  const place = { prefix, endpoint, region, forcePathStyle, checksums }
  if (accessKeyIdVariable === undefined || secretAccessKeyVariable === undefined) return place
  const session = sessionTokenVariable === undefined ? {} : { sessionToken: secret(sessionTokenVariable) }
  return { ...place, credentials: { accessKeyId: secret(accessKeyIdVariable), secretAccessKey: secret(secretAccessKeyVariable), ...session } }
}

function secretOf(store: string, variable: string, env: NodeJS.ProcessEnv): string {
  const value = env[variable]
  if (value !== undefined && value !== '') return value
  throw new WaybillError('invalid_request', `the store "${store}" needs a secret from the environment variable ${variable}, which is not set`)
}
