import { createHash, randomUUID } from 'node:crypto'
import type { BlockBlobClient } from '@azure/storage-blob'
import { InFlight } from '../in-flight.ts'
import { CLEANING } from '../retries.ts'
import type { AzureService } from './azure-service.ts'

/** A temporary blob is touched whenever so many blocks have gone: a sweep of another process then sees that somebody still writes to it. */
const TOUCH_BLOCKS = 128

export interface AzureUploadOptions {
  /** The name that an earlier try has used, too: its blocks are found by their ids. Default: a new one, for bytes that nobody knows before. */
  readonly name?: string
  readonly signal?: AbortSignal
  /** Hears how many bytes a block has that is there, sent just now or found. */
  readonly onSent?: (bytes: number) => void
}

/** A body on its way into a temporary blob, block by block. Its name is known as running until `clear`, so that no sweep of this process takes it. */
export class AzureUpload {
  readonly #service: AzureService
  readonly #options: AzureUploadOptions
  readonly #inFlight: InFlight
  readonly #blocks: string[] = []
  #found: ReadonlySet<string> = new Set()
  #blob: BlockBlobClient | null = null

  constructor(service: AzureService, options: AzureUploadOptions = {}) {
    this.#service = service
    this.#options = options
    this.#inFlight = new InFlight(service.budget)
  }

  /** True until the first block. */
  get isEmpty(): boolean {
    return this.#blob === null
  }

  /** Begins to send the next block; waits while too many bytes are under way. Throws what an earlier block failed with. */
  async add(bytes: Buffer): Promise<void> {
    const blob = this.#blob ?? (await this.#begin())
    const digest = md5(bytes)
    const id = blockId(this.#blocks.length, digest)
    this.#blocks.push(id)
    if (this.#found.has(id)) this.#options.onSent?.(bytes.byteLength)
    else await this.#inFlight.begin(bytes.byteLength, signal => this.#send(blob, { id, bytes, digest }, signal))
    if (this.#blocks.length % TOUCH_BLOCKS === 0) await this.#service.ask(abortSignal => blob.setMetadata({}, { abortSignal }))
  }

  /** Everything is sent: the temporary blob, whole. */
  async finish(): Promise<BlockBlobClient> {
    await this.#inFlight.all()
    const blob = this.#blob ?? (await this.#begin())
    await this.#service.ask(abortSignal => blob.commitBlockList(this.#blocks, { abortSignal }))
    return blob
  }

  /** Removes the temporary blob, unless it is to be kept. A failure stays unheard: what is left is swept later, and the put's own result is what counts. */
  async clear(keep = false): Promise<void> {
    // Of a known blob all that was read arrives: what is kept is more, and no request that was given up makes the blob again after it was removed.
    await (this.#options.name === undefined ? this.#inFlight.stop() : this.#inFlight.settled())
    if (this.#blob === null) return
    if (!keep) await Promise.allSettled([this.#service.remove(this.#blob, undefined, CLEANING)])
    this.#service.running.delete(this.#blob.name)
  }

  /** Makes the blob, empty, unless an earlier try has: blocks without a blob could neither be listed nor deleted. */
  async #begin(): Promise<BlockBlobClient> {
    const { name } = this.#options
    const blob = this.#service.named(this.#service.temporaryName(name ?? randomUUID()))
    this.#blob = blob
    this.#service.running.add(blob.name)
    if (name !== undefined && (await this.#service.find(blob)) !== null) {
      const { uncommittedBlocks = [], committedBlocks = [] } = await this.#service.ask(abortSignal => blob.getBlockList('all', { abortSignal }))
      this.#found = new Set([...uncommittedBlocks, ...committedBlocks].map(block => block.name))
    } else await this.#service.ask(abortSignal => blob.upload('', 0, { abortSignal }))
    return blob
  }

  async #send(blob: BlockBlobClient, { id, bytes, digest }: Block, stopped: AbortSignal): Promise<void> {
    const { signal: aborted, onSent } = this.#options
    const signal = aborted === undefined ? stopped : AbortSignal.any([stopped, aborted])
    await this.#service.ask(abortSignal => blob.stageBlock(id, bytes, bytes.byteLength, { transactionalContentMD5: digest, abortSignal }), { signal })
    onSent?.(bytes.byteLength)
  }
}

interface Block {
  readonly id: string
  readonly bytes: Buffer
  /** Its MD5. */
  readonly digest: Uint8Array
}

/** What Azure compares with the bytes that arrive: its signatures do not cover them. */
export function md5(bytes: Buffer): Uint8Array {
  return createHash('md5').update(bytes).digest()
}

/** The ids of a blob's blocks must be equally long. They tell the bytes, too: a block of that id need not be sent again. */
function blockId(number: number, digest: Uint8Array): string {
  return Buffer.from(`${`${number}`.padStart(6, '0')}${Buffer.from(digest).toString('hex')}`).toString('base64')
}
