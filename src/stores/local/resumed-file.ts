import { stat, unlink } from 'node:fs/promises'
import { isWaybillError } from '../../model/errors.ts'
import type { Blob, BlobSource } from '../../ports/blob-store.ts'
import { BodyMeter, bodyChunks } from '../body-meter.ts'
import { readFile } from './file-digest.ts'
import { errnoOf, fileError } from '../file-errors.ts'
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
  const begun = await append(file)
  if (begun === 'done') return
  await unlink(file.path)
  await append(file)
}

/** `again` when the bytes are not the right ones and the fault may lie in those that an earlier try had left. */
async function append({ store, path, source, signal, onProgress, publish }: ResumedFile): Promise<'done' | 'again'> {
  const { sha256, size } = source
  const meter = new BodyMeter({ sha256, size, maxSize: size })
  const begun = await sizeOf(path)
  if (begun > size) return 'again'
  let at = begun
  if (begun > 0) {
    await readFile(
      path,
      bytes => meter.add(bytes),
      read => {
        signal.throwIfAborted()
        onProgress(read)
      },
    )
  }
  const file = new UnfinishedFile(path, 'a')
  let keep = true
  try {
    const body = await source.open(at)
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
    keep = false
    await publish(file, meter.finish())
    return 'done'
  } catch (error) {
    if (begun > 0 && isWaybillError(error, 'digest_mismatch')) {
      keep = true // until it is begun anew
      return 'again'
    }
    const coded = fileError(error, store)
    if (coded.code === 'out_of_space') keep = false
    throw coded
  } finally {
    await file.close(keep)
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0
    throw error
  }
}
