import { randomUUID } from 'node:crypto'
import { BlobServiceClient } from '@azure/storage-blob'
import { afterAll, beforeAll } from 'vitest'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import { openAzureBlobStore } from '../../src/stores/azure/azure-blob-store.ts'
import type { AzureLimits } from '../../src/stores/azure/azure-service.ts'
import { systemClock } from '../../src/system/clock.ts'
import { startAzurite, type Azurite } from '../support/servers/azurite.ts'
import { blobStoreContract, nextMomentOfAService, type BlobStoreUnderTest } from './blob-store.ts'
import { collect } from './bodies.ts'
import { copyFromContract, type Neighbours } from './copy-from.ts'

const KIB = 1024

let azurite: Azurite
beforeAll(async () => {
  azurite = await startAzurite()
}, 120_000)
afterAll(() => azurite.stop())

/** A store in a container of its own. */
async function storeOnAzurite(limits: Partial<AzureLimits>, prefix?: string): Promise<BlobStoreUnderTest> {
  const connectionString = azurite.connectionString()
  const name = `container-${randomUUID()}`
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(name)
  await container.create()
  const beneath = prefix === undefined ? '' : `${prefix}/`
  return {
    store: openAzureBlobStore({ name: 'azure', clock: systemClock, container: name, prefix, connectionString, limits }),
    nextMoment: nextMomentOfAService,
    rounds: 2,
    corrupt: async digest => {
      await container.getBlockBlobClient(`${beneath}blobs/${digest}`).upload('rotten', 6)
    },
    leaveUnfinished: async () => {
      const blob = container.getBlockBlobClient(`${beneath}tmp/${randomUUID()}`)
      await blob.upload('', 0)
      await blob.stageBlock('aaaa', 'half', 4)
    },
    unfinished: async () => (await collect(container.listBlobsFlat({ prefix: `${beneath}tmp/`, includeUncommitedBlobs: true }))).length,
    close: async () => {
      await container.delete()
    },
  }
}

blobStoreContract('the Azure store', () => storeOnAzurite({ blockBytes: () => 512 * KIB, pageItems: 20 }, 'some/where'))
// Blobs above 256 MiB are copied in another way.
blobStoreContract('the Azure store with long blobs', () => storeOnAzurite({ blockBytes: number => (1 + number) * 256 * KIB, copyBytes: 0 }))

const stores = (limits: Partial<AzureLimits>): (() => Promise<Neighbours>) => {
  return async () => ({ from: await storeOnAzurite({}), to: await storeOnAzurite(limits, 'else') })
}
const elsewhere = (): Promise<BlobStore> => {
  const connectionString = azurite.connectionString('http://127.0.0.1:9')
  return Promise.resolve(openAzureBlobStore({ name: 'azure', clock: systemClock, container: 'c', connectionString }))
}
copyFromContract('the Azure store', stores({}), elsewhere)
copyFromContract('the Azure store with long blobs', stores({ copyBytes: 0 }), elsewhere)
