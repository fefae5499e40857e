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
      const { accessKeyIdVariable, secretAccessKeyVariable, sessionTokenVariable, kind: _kind, ...place } = store
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

function secretOf(store: string, variable: string, env: NodeJS.ProcessEnv): string {
  const value = env[variable]
  if (value !== undefined && value !== '') return value
  throw new WaybillError('invalid_request', `the store "${store}" needs a secret from the environment variable ${variable}, which is not set`)
}
