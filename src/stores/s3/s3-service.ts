import { HeadObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { WaybillError } from '../../model/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import { ByteBudget } from '../byte-budget.ts'
import { keyPrefix } from '../key-prefix.ts'
import { PartBuffers } from '../part-buffers.ts'
import { Retries, type RetryOptions } from '../retries.ts'
import { isS3Error, judgeS3, s3Error } from './s3-errors.ts'

/** Where the numbers come from: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html. Tests lower them. */
export interface S3Limits {
  /** Bytes of a part of an upload: what a put holds in memory; a smaller body goes in one request. S3 takes parts from 5 MiB on. */
  readonly partBytes: number
  /** Parts of one multipart upload. AWS allows 10,000, Swift 1,000 unless told otherwise. Longer bodies go on in a further temporary object. */
  readonly parts: number
  /** Bytes that one CopyObject may copy, and one UploadPartCopy. */
  readonly copyBytes: number
  /** Bytes of a part that is copied: copies of parts run beside each other, and a shorter one is answered before anybody loses patience. */
  readonly copyPartBytes: number
  /** Bytes of parts under way, all puts together. */
  readonly budgetBytes: number
  /** What one page of a list holds: S3 gives no more. */
  readonly pageItems: number
}

const MIB = 1024 * 1024
const LIMITS: S3Limits = { partBytes: 8 * MIB, parts: 1000, copyBytes: 5 * 1024 * MIB, copyPartBytes: 1024 * MIB, budgetBytes: 48 * MIB, pageItems: 1000 }
const PARTS_OF_AWS = 10_000
/** A copy is answered when it is done: some services read and write every byte for it. */
export const COPY_MS = 15 * 60_000
const CONNECT_MS = 10_000
/** Requests at once; more wait for a connection. */
const CONNECTIONS = 128

export interface S3StoreOptions {
  /** The store's name, as collections and errors call it. */
  readonly name: string
  readonly clock: Clock
  readonly bucket: string
  /** Everything beneath it belongs to the store. Default: the whole bucket. */
  readonly prefix?: string | undefined
  /** Another service than AWS. */
  readonly endpoint?: string | undefined
  /** Default: what the environment says (`AWS_REGION`), and `us-east-1` for another service than AWS. */
  readonly region?: string | undefined
  /** The bucket in the path instead of the host name. Default: for another service than AWS. */
  readonly forcePathStyle?: boolean | undefined
  /** Whether requests carry checksums where S3 only supports them. Default: for AWS; not every other service takes them. */
  readonly checksums?: 'when_required' | 'when_supported' | undefined
  /** Default: the chain of the AWS SDK (environment, shared files, the instance's or container's role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string } | undefined
  readonly limits?: Partial<S3Limits>
  /** Hears of each request that is sent again. */
  readonly onRetry?: (() => void) | undefined
  /** Beneath which prefix unfinished bytes lie, and which keys are of our own making: those are swept. Default: those of a store of blobs. */
  readonly own?: { readonly temporary: string; readonly keys: RegExp }
}

/** What a store of blobs makes. */
const BLOB_KEYS = { temporary: 'tmp/', keys: /^(tmp\/[0-9a-f-]{36}|blobs\/[0-9a-f]{64})$/ }

/** A bucket and how to ask it: the client, the keys, the retries. */
export class S3Service {
  readonly store: string
  readonly clock: Clock
  readonly bucket: string
  /** Empty, or ends with a slash. */
  readonly prefix: string
  readonly client: S3Client
  /** True when the service is asked for checksums where it only supports them. */
  readonly tellsChecksums: boolean
  /** Where the service is and who asks it: stores with the same are within reach of one another's copies. */
  readonly identity: string
  readonly limits: S3Limits
  readonly budget: ByteBudget
  readonly buffers: PartBuffers
  /** Keys and upload ids of puts that run now: never swept by this process, however long they take. */
  readonly running = new Set<string>()
  readonly #own: { readonly temporary: string; readonly keys: RegExp }
  readonly #retries: Retries

  constructor(options: S3StoreOptions) {
    this.store = options.name
    this.clock = options.clock
    this.bucket = options.bucket
    this.prefix = keyPrefix(options.prefix)
    this.#own = options.own ?? BLOB_KEYS
    this.limits = { ...LIMITS, ...(options.endpoint === undefined ? { parts: PARTS_OF_AWS } : {}), ...options.limits }
    this.budget = new ByteBudget(this.limits.budgetBytes)
    this.buffers = new PartBuffers(this.budget)
    this.client = new S3Client(clientConfig(options))
    this.tellsChecksums = checksumsOf(options) === 'when_supported'
    const { accessKeyId, sessionToken } = options.credentials ?? {}
    this.identity = JSON.stringify([options.endpoint, accessKeyId, sessionToken])
    this.#retries = new Retries(options.clock, error => judgeS3(error, options.clock.now()), options.onRetry)
  }

  blobKey(sha256: string): string {
    return `${this.prefix}blobs/${sha256}`
  }

  temporaryKey(name: string): string {
    return `${this.prefix}${this.#own.temporary}${name}`
  }

  /** Only what this store makes itself: other things may lie beneath the same prefix. */
  isOurs(key: string): boolean {
    return key.startsWith(this.prefix) && this.#own.keys.test(key.slice(this.prefix.length))
  }

  /** A request, repeated where that may help. Errors of the service pass unchanged. */
  ask<T>(request: (signal: AbortSignal) => Promise<T>, options?: RetryOptions): Promise<T> {
    return this.#retries.run(request, options)
  }

  /** What is known of an object, null when there is none. */
  async find(key: string, options?: RetryOptions): Promise<{ readonly size: number; readonly changedAt: number; readonly etag: string } | null> {
    try {
      const { ContentLength, LastModified, ETag } = await this.ask(
        abortSignal => this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key }), { abortSignal }),
        options,
      )
      return { size: ContentLength ?? 0, changedAt: changedAt(LastModified), etag: ETag ?? '' }
    } catch (error) {
      if (isS3Error(error, 'NotFound', 'NoSuchKey')) return null
      throw error
    }
  }

  /** Does the work; what it throws is coded. */
  async coded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw s3Error(error, this.store, this.clock.now())
    }
  }
}

/** When an object was last written, by the service's clock (epoch ms). S3 tells whole seconds, rounded down: so the second's end, lest a blob look older than it is. */
export function changedAt(lastModified: Date | undefined): number {
  return lastModified === undefined ? Number.MAX_SAFE_INTEGER : lastModified.getTime() + 999
}

function checksumsOf({ checksums, endpoint }: S3StoreOptions): 'when_required' | 'when_supported' {
  return checksums ?? (endpoint === undefined ? 'when_supported' : 'when_required')
}

function clientConfig(options: S3StoreOptions): S3ClientConfig {
  const elsewhere = options.endpoint !== undefined
  const region = options.region ?? (elsewhere ? 'us-east-1' : undefined)
  const checksums = checksumsOf(options) === 'when_required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED'
  return {
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    forcePathStyle: options.forcePathStyle ?? elsewhere,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    // Ours repeat instead (retries.ts): the SDK waits at most five seconds longer than it would anyway, whatever Retry-After says.
    maxAttempts: 1,
    // With it every part of an upload would open a connection of its own.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: COPY_MS,
      socketAcquisitionWarningTimeout: COPY_MS,
      httpAgent: { keepAlive: true, maxSockets: CONNECTIONS },
      httpsAgent: { keepAlive: true, maxSockets: CONNECTIONS },
    },
  }
}

/** Throws `invalid_request` when no region is known, before anything is asked. */
export async function checkRegion(service: S3Service): Promise<void> {
  try {
    await service.client.config.region()
  } catch (cause) {
    throw new WaybillError('invalid_request', `the store "${service.store}" needs a region: set "region" in its configuration, or AWS_REGION`, {}, { cause })
  }
}
