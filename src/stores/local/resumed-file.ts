import { rm, stat } from 'node:fs/promises'
import { isWaybillError } from '../../model/errors.ts'
import type { Blob, BlobSource } from '../../ports/blob-store.ts'
import { BodyMeter, bodyChunks } from '../body-meter.ts'
import { readFile } from './file-digest.ts'
import { errnoOf, fileError, unlessMissing } from '../file-errors.ts'
import { UnfinishedFile } from '../unfinished-file.ts'

export interface ResumedFile {
  /** The store's name, for errors. */
  readonly store: string
  readonly path: string
  readonly source: BlobSource
  readonly signal: AbortSignal
  readonly onProgress: (bytes: number) => void
  readonly publish: (file: UnfinishedFile, blob: Blob) => Promise<void>
}

/**
 * Goes on with a file that an earlier try has begun, or begins it. What is there is hashed again instead of trusted: only the whole digest says that it is good,
 * and when it does not, the beginning may be at fault, so all of it is taken once more. When the source breaks off the file stays; on a full disk it goes.
 */
export async function goOn(file: ResumedFile): Promise<void> {
  if ((await append(file)) === 'done') return
  await rm(file.path, { force: true })
  await append(file)
}

/** `again` when the bytes are not the right ones and the fault may lie in those that an earlier try had left. */
async function append(to: ResumedFile): Promise<'done' | 'again'> {
  const { sha256, size } = to.source
  const meter = new BodyMeter({ sha256, size, maxSize: size })
  const begun = (await unlessMissing(stat(to.path)))?.size ?? 0
  if (begun > size) return 'again'
  const from = begun > 0 ? await hashBegun(to, meter) : 0
  const file = from > 0 ? new UnfinishedFile(to.path, 'r+', from) : new UnfinishedFile(to.path, 'w')
  let keep = true
  try {
    await appendRest(to, from, meter, file)
    keep = false
    await to.publish(file, meter.finish())
    return 'done'
  } catch (error) {
    // also when another process has taken the file for one whose writer is gone
    if (from > 0 && (isWaybillError(error, 'digest_mismatch') || errnoOf(error) === 'ENOENT')) return 'again'
    const coded = fileError(error, to.store)
    if (coded.code === 'out_of_space') keep = false
    throw coded
  } finally {
    await file.close(keep)
  }
}

/** Returns how many bytes were there. */
async function hashBegun({ path, signal, onProgress }: ResumedFile, meter: BodyMeter): Promise<number> {
  const onRead = (at: number): void => {
    signal.throwIfAborted()
    onProgress(at)
  }
  return readFile(path, bytes => meter.add(bytes), onRead)
}

async function appendRest({ source, onProgress }: ResumedFile, from: number, meter: BodyMeter, file: UnfinishedFile): Promise<void> {
  let at = from
  const body = await source.open(from)
  try {
    for await (const chunk of bodyChunks(body)) {
      meter.add(chunk)
      at += chunk.byteLength
      const written = file.write(chunk)
      if (written === null) continue
      await written
      onProgress(at)
    }
  } finally {
    body.destroy()
  }
}
