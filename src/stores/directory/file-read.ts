import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { WaybillError } from '../../model/errors.ts'
import type { ByteRange } from '../../ports/blob-store.ts'
import type { Clock } from '../../ports/clock.ts'
import { checkRange } from '../digest.ts'
import { stampOf } from './stamps.ts'

const READ_BYTES = 256 * 1024
/** The coarsest clock by which a file system stamps its files: within one tick a file can be written twice under the same time. */
const TICK_MS = 20

/** The refusal of bytes that are no longer those which were asked for. */
export function sourceChanged(path: string): WaybillError {
  return new WaybillError('source_changed', `${JSON.stringify(path)} is not the file any more that it was when it was looked at`)
}

/**
 * The bytes of an open file of that stamp, or a range of them: the stamp is compared before the first byte and after the last, so that what was written meanwhile
 * is noticed. Closes the file. Throws `source_changed`, at once or in the stream; `range_not_satisfiable`.
 */
export async function readStamped(file: FileHandle, path: string, stamp: string, clock: Clock, range?: ByteRange): Promise<Readable> {
  try {
    await pastTick(file, clock)
    const stats = await file.stat({ bigint: true })
    if (!stats.isFile() || stampOf(stats) !== stamp) throw sourceChanged(path)
    const size = Number(stats.size)
    if (range !== undefined) checkRange(range, size)
    const bytes = bytesOf(file, path, stamp, range ?? { start: 0, end: size })
    const stream = Readable.from(bytes, { objectMode: false, highWaterMark: READ_BYTES })
    // also when nobody begins to read; a failure changes nothing of what was read
    return stream.once('close', () => void file.close().catch((error: unknown) => error))
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Waits until a file that was written this very moment could not be written again under the same time. */
export async function pastTick(file: FileHandle, clock: Clock): Promise<void> {
  const { ctimeMs } = await file.stat()
  const age = clock.now() - ctimeMs
  if (age >= 0 && age < TICK_MS) await clock.sleep(TICK_MS - age)
}

async function* bytesOf(file: FileHandle, path: string, stamp: string, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end;) {
    const length = Math.min(READ_BYTES, end - at)
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at)
    if (bytesRead === 0) break // it became shorter
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
  if (stampOf(await file.stat({ bigint: true })) !== stamp) throw sourceChanged(path)
}
