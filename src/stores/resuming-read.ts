import { Readable } from 'node:stream'
import type { Clock } from '../ports/clock.ts'
import { WaybillError, isWaybillError } from '../model/errors.ts'

/** Breaks in a row, without a byte between them, after which a download is given up. */
const MOST_BREAKS = 4
const FIRST_PAUSE_MS = 250
/** A body from which nothing comes for so long has broken off, whatever its connection says. */
const SILENCE_MS = 60_000

export interface ResumingRead {
  /** The store's name, for errors. */
  readonly store: string
  readonly clock: Clock
  /** The body from `start` on, opened already. */
  readonly first: Readable
  /** Where the first body begins and where the last one ends (the offset after its last byte). */
  readonly start: number
  readonly end: number
  /** Opens the same bytes again, from an offset on. */
  readonly open: (from: number) => Promise<Readable>
}

/** A download that goes on where it broke off: connections to a service break more often than large files can be read. Throws `unavailable` in the stream. */
export function resumingRead(read: ResumingRead): Readable {
  return new ResumingStream(read)
}

/** Not `Readable.from`: that ends its source only after the chunk it waits for, and a reader who leaves must not keep a silent connection. */
class ResumingStream extends Readable {
  readonly #read: ResumingRead
  readonly #chunks: AsyncIterator<Uint8Array>
  #body: Readable | null

  constructor(read: ResumingRead) {
    super()
    this.#read = read
    this.#body = heard(read.first)
    this.#chunks = this.#all()
  }

  override _read(): void {
    this.#chunks.next().then(
      ({ done, value }) => this.push(done === true ? null : value),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error('the download failed', { cause: error })),
    )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#body?.destroy()
    callback(error)
  }

  async *#all(): AsyncGenerator<Uint8Array> {
    const { store, end, open, clock } = this.#read
    let at = this.#read.start
    for (let breaks = 0; at < end && !this.destroyed;) {
      let cause: unknown = null
      try {
        const body = this.#body ?? (await this.#opened(open(at)))
        for await (const chunk of spoken(body)) {
          at += chunk.byteLength
          breaks = 0
          yield chunk
        }
      } catch (error) {
        if (isWaybillError(error) && error.code !== 'unavailable') throw error
        cause = error
      }
      this.#body = null
      if (this.destroyed || (at >= end && cause === null)) return
      breaks += 1
      // After the last byte nothing is left to go on with: what is wrong then is the bytes (a checksum of the service's, say).
      if (breaks > MOST_BREAKS || at >= end) {
        throw new WaybillError('unavailable', `the store "${store}" broke off a download at byte ${at} of ${end}`, {}, { cause })
      }
      await clock.sleep(FIRST_PAUSE_MS * 2 ** (breaks - 1))
    }
  }

  /** The next body; let go of at once when the reader has left meanwhile. */
  async #opened(opening: Promise<Readable>): Promise<Readable> {
    const body = heard(await opening)
    this.#body = body
    if (this.destroyed) body.destroy()
    return body
  }
}

/** A body that breaks while nobody reads it must not end the process: the next read hears of it. */
function heard(body: Readable): Readable {
  return body.on('error', (error: unknown) => error)
}

/** The chunks of a body; destroys it when it is silent for too long while somebody waits. */
async function* spoken(body: Readable): AsyncGenerator<Uint8Array> {
  const wait = (): NodeJS.Timeout => setTimeout(() => body.destroy(new Error(`nothing came for ${SILENCE_MS} ms`)), SILENCE_MS)
  let timer = wait()
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      clearTimeout(timer)
      yield chunk
      timer = wait()
    }
  } finally {
    clearTimeout(timer)
  }
}
