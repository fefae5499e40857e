import { BlobServiceClient, type BlobGetPropertiesResponse, type BlockBlobClient, type ContainerClient } from '@azure/storage-blob'
import { WaybillError } from '../../model/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import { ByteBudget } from '../byte-budget.ts'
import { keyPrefix } from '../key-prefix.ts'
import { Retries, type RetryOptions } from '../retries.ts'
import { azureError, isAzureError, judgeAzure } from './azure-errors.ts'

/** Where the numbers come from: https://learn.microsoft.com/azure/storage/blobs/scalability-targets. Tests lower them. */
export interface AzureLimits {
  /** Bytes of the block of that number (from 0): what a put holds in memory; a body no longer than the first goes in one request. */
  readonly blockBytes: (number: number) => number
  /** Bytes that may be copied in one request that is answered when it is done. Longer ones are copied while we wait. */
  readonly copyBytes: number
  /** Bytes of blocks under way, all puts together. */
  readonly budgetBytes: number
  /** What one page of a list holds: Azure gives no more. */
  readonly pageItems: number
}

const MIB = 1024 * 1024
/** A blob has at most 50,000 blocks, and the longest file that is taken has 5 TiB: the blocks grow twice, so that the usual file needs little memory. */
const LIMITS: AzureLimits = {
  blockBytes: number => (number < 10_000 ? 8 * MIB : number < 20_000 ? 64 * MIB : 160 * MIB),
  copyBytes: 256 * MIB,
  budgetBytes: 64 * MIB,
  pageItems: 5000,
}

export interface AzureStoreOptions {
  /** The store's name, as collections and errors call it. */
  readonly name: string
  readonly clock: Clock
  readonly container: string
  /** Everything beneath it belongs to the store. Default: the whole container. */
  readonly prefix?: string | undefined
  /** With an account key or a shared access signature in it. */
  readonly connectionString: string
  readonly limits?: Partial<AzureLimits>
  /** Hears of each request that is sent again. */
  readonly onRetry?: (() => void) | undefined
}

/** What is known of a blob. */
export interface Found {
  readonly size: number
  readonly changedAt: number
  readonly etag: string
  /** The MD5 (base64) that the service keeps of blobs that were put in one request. */
  readonly md5: string | null
  /** Whether all its bytes are there: false while they are copied, and when that failed. */
  readonly state: 'whole' | 'copying' | 'broken'
}

/** A container and how to ask it: the client, the names, the retries. */
export class AzureService {
  readonly store: string
  readonly clock: Clock
  /** Empty, or ends with a slash. */
  readonly prefix: string
  readonly container: ContainerClient
  /** The account and who asks it: stores with the same are within reach of one another's copies. */
  readonly identity: string
  readonly limits: AzureLimits
  readonly budget: ByteBudget
  /** Temporary names of puts that run now: never swept by this process, however long they take. */
  readonly running = new Set<string>()
  readonly #retries: Retries

  constructor(options: AzureStoreOptions) {
    this.store = options.name
    this.clock = options.clock
    this.prefix = keyPrefix(options.prefix)
    this.limits = { ...LIMITS, ...options.limits }
    this.budget = new ByteBudget(this.limits.budgetBytes)
    const account = client(options)
    this.container = account.getContainerClient(options.container)
    this.identity = account.url // with a shared access signature that is in it
    this.#retries = new Retries(options.clock, error => judgeAzure(error, options.clock.now()), options.onRetry)
  }

  blob(sha256: string): BlockBlobClient {
    return this.named(`${this.prefix}blobs/${sha256}`)
  }

  named(name: string): BlockBlobClient {
    return this.container.getBlockBlobClient(name)
  }

  temporaryName(name: string): string {
    return `${this.prefix}tmp/${name}`
  }

  /** A request, repeated where that may help. Errors of the service pass unchanged. */
  ask<T>(request: (abortSignal: AbortSignal) => Promise<T>, options?: RetryOptions): Promise<T> {
    return this.#retries.run(request, options)
  }

  /** What is known of a blob, null when there is none. */
  async find(blob: BlockBlobClient): Promise<Found | null> {
    try {
      const found = await this.ask(abortSignal => blob.getProperties({ abortSignal }))
      const md5 = found.contentMD5 === undefined ? null : Buffer.from(found.contentMD5).toString('base64')
      return { size: found.contentLength ?? 0, changedAt: changedAt(found.lastModified), etag: found.etag ?? '', md5, state: stateOf(found.copyStatus) }
    } catch (error) {
      if (isAzureError(error, 'BlobNotFound')) return null
      throw error
    }
  }

  /** Deletes a blob unless it was written to since; true when it is gone. */
  async remove(blob: BlockBlobClient, etag?: string, options?: RetryOptions): Promise<boolean> {
    const conditions = etag === undefined ? {} : { conditions: { ifMatch: etag } }
    try {
      await this.ask(abortSignal => blob.delete({ ...conditions, abortSignal }), options)
      return true
    } catch (error) {
      if (isAzureError(error, 'BlobNotFound')) return true
      if (isAzureError(error, 'ConditionNotMet')) return false
      throw error
    }
  }

  /** Does the work; what it throws is coded. */
  async coded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw azureError(error, this.store, this.clock.now())
    }
  }
}

/** A blob that is being copied exists already, but not its bytes; after a copy that failed it stays, empty. */
export function stateOf(copyStatus: BlobGetPropertiesResponse['copyStatus']): Found['state'] {
  if (copyStatus === undefined || copyStatus === 'success') return 'whole'
  return copyStatus === 'pending' ? 'copying' : 'broken'
}

/** When a blob was last written, by the service's clock (epoch ms). Azure tells whole seconds: so the second's end, lest a blob look older than it is. */
export function changedAt(lastModified: Date | undefined): number {
  return lastModified === undefined ? Number.MAX_SAFE_INTEGER : lastModified.getTime() + 999
}

function client(options: AzureStoreOptions): BlobServiceClient {
  try {
    // Ours repeat instead (retries.ts): the library's do not look at Retry-After.
    return BlobServiceClient.fromConnectionString(options.connectionString, { retryOptions: { maxTries: 1 } })
  } catch {
    // The library's error may quote what it could not read: that is a secret.
    throw new WaybillError('invalid_request', `the store "${options.name}" needs a connection string of an Azure storage account; what it was given is none`)
  }
}
