import type { Config } from './config.ts'
import { WaybillError } from './model/errors.ts'
import type { BlobStore } from './ports/blob-store.ts'
import type { Clock } from './ports/clock.ts'
import { directoryOf, storesOf, type StoreConfig } from './store-config.ts'

/**
 * Opens the stores of a configuration, the default one first. Each kind's code is loaded only when a store of that kind is configured: the libraries of the services
 * are larger than the server. Asks no service anything. Throws `invalid_request` for what the environment lacks, and what a local store throws.
 */
export async function openStores(
  config: Pick<Config, 'data' | 'database' | 'stores' | 'defaultStore'>,
  clock: Clock,
  env: NodeJS.ProcessEnv = process.env,
): Promise<BlobStore[]> {
  const stores: BlobStore[] = []
  for (const [name, store] of storesOf(config)) stores.push(await openStore(config, name, store, clock, env))
  return stores
}

async function openStore(
  { data, database }: Pick<Config, 'data' | 'database'>,
  name: string,
  store: StoreConfig,
  clock: Clock,
  env: NodeJS.ProcessEnv,
): Promise<BlobStore> {
  const secret = (variable: string): string => secretOf(name, variable, env)
  switch (store.kind) {
    case 'local': {
      const { openLocalBlobStore } = await import('./stores/local/local-blob-store.ts')
      // servers on one database work on the same stores
      return openLocalBlobStore({ name, directory: directoryOf(data, name, store), clock, shared: database !== null })
    }
    case 's3': {
      const { accessKeyIdVariable, secretAccessKeyVariable, sessionTokenVariable, kind: _kind, transfers: _transfers, bandwidth: _bandwidth, ...place } = store
      const credentials =
        accessKeyIdVariable === undefined || secretAccessKeyVariable === undefined
          ? undefined
          : {
              accessKeyId: secret(accessKeyIdVariable),
              secretAccessKey: secret(secretAccessKeyVariable),
              ...(sessionTokenVariable === undefined ? {} : { sessionToken: secret(sessionTokenVariable) }),
            }
      const { openS3BlobStore } = await import('./stores/s3/s3-blob-store.ts')
      return openS3BlobStore({ name, clock, ...place, credentials })
    }
    case 'azure': {
      const { container, prefix, connectionStringVariable } = store
      const { openAzureBlobStore } = await import('./stores/azure/azure-blob-store.ts')
      return openAzureBlobStore({ name, clock, container, prefix, connectionString: secret(connectionStringVariable) })
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

function secretOf(store: string, variable: string, env: NodeJS.ProcessEnv): string {
  const value = env[variable]
  if (value !== undefined && value !== '') return value
  throw new WaybillError('invalid_request', `the store "${store}" needs a secret from the environment variable ${variable}, which is not set`)
}
