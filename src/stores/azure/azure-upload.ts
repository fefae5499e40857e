import { createHash, randomUUID } from 'node:crypto'
import type { BlockBlobClient } from '@azure/storage-blob'
import { InFlight } from '../in-flight.ts'
import { CLEANING } from '../retries.ts'
import type { AzureService } from './azure-service.ts'

/** A temporary blob is touched whenever so many blocks have gone: a sweep of another process then sees that somebody still writes to it. */
const TOUCH_BLOCKS = 128

/** A body on its way into a temporary blob, block by block. Its name is known as running until `clear`, so that no sweep of this process takes it. */
export class AzureUpload {
  readonly #service: AzureService
  readonly #inFlight: InFlight
  readonly #blocks: string[] = []
  #blob: BlockBlobClient | null = null

  constructor(service: AzureService) {
    this.#service = service
    this.#inFlight = new InFlight(service.budget)
  }

  /** True until the first block. */
  get isEmpty(): boolean {
    return this.#blob === null
  }

  /** Begins to send the next block; waits while too many bytes are under way. Throws what an earlier block failed with. */
  async add(bytes: Buffer): Promise<void> {
    const blob = this.#blob ?? (await this.#begin())
    const id = blockId(this.#blocks.length)
    this.#blocks.push(id)
    await this.#inFlight.begin(bytes.byteLength, signal => this.#send(blob, id, bytes, signal))
    if (this.#blocks.length % TOUCH_BLOCKS === 0) await this.#service.ask(abortSignal => blob.setMetadata({}, { abortSignal }))
  }

  /** Everything is sent: the temporary blob, whole. */
  async finish(): Promise<BlockBlobClient> {
    await this.#inFlight.all()
    const blob = this.#blob ?? (await this.#begin())
    await this.#service.ask(abortSignal => blob.commitBlockList(this.#blocks, { abortSignal }))
    return blob
  }

  /** Removes the temporary blob. A failure stays unheard: what is left is swept later, and the put's own result is what counts. */
  async clear(): Promise<void> {
    await this.#inFlight.stop()
    if (this.#blob === null) return
    await Promise.allSettled([this.#service.remove(this.#blob, undefined, CLEANING)])
    this.#service.running.delete(this.#blob.name)
  }

  /** Makes the blob, empty: blocks without a blob could neither be listed nor deleted. */
  async #begin(): Promise<BlockBlobClient> {
    const blob = this.#service.named(this.#service.temporaryName(randomUUID()))
    this.#blob = blob
    this.#service.running.add(blob.name)
    await this.#service.ask(abortSignal => blob.upload('', 0, { abortSignal }))
    return blob
  }

  async #send(blob: BlockBlobClient, id: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
    const transactionalContentMD5 = md5(bytes)
    await this.#service.ask(abortSignal => blob.stageBlock(id, bytes, bytes.byteLength, { transactionalContentMD5, abortSignal }), {
      signal,
    })
  }
}

/** What Azure compares with the bytes that arrive: its signatures do not cover them. */
export function md5(bytes: Buffer): Uint8Array {
  return createHash('md5').update(bytes).digest()
}

/** The ids of a blob's blocks must be equally long. */
function blockId(number: number): string {
  return Buffer.from(`${number}`.padStart(6, '0')).toString('base64')
}
