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
  return Readable.from(chunksOf(read), { objectMode: false })
}

async function* chunksOf(read: ResumingRead): AsyncGenerator<Uint8Array> {
  let opened: Readable | null = read.first
  let at = read.start
  let breaks = 0
  while (at < read.end) {
    let cause: unknown = null
    try {
      const body = opened ?? (await read.open(at))
      opened = null
      for await (const chunk of spoken(body)) {
        at += chunk.byteLength
        breaks = 0
        yield chunk
      }
    } catch (error) {
      if (isWaybillError(error) && error.code !== 'unavailable') throw error
      cause = error
    }
    if (at >= read.end) return
    breaks += 1
    if (breaks > MOST_BREAKS) {
      throw new WaybillError('unavailable', `the store "${read.store}" broke off a download again and again, at byte ${at} of ${read.end}`, {}, { cause })
    }
    await read.clock.sleep(FIRST_PAUSE_MS * 2 ** (breaks - 1))
  }
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
