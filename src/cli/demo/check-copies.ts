import { createHash } from 'node:crypto'
import { WaybillError } from '../../model/errors.ts'
import { type LocalFile, sha256OfFile } from '../local-files.ts'
import { inParallel } from '../parallel.ts'
import type { Stage } from './stage.ts'

/** Copies whose bytes are fetched again; every copy's recorded digest is compared. */
const FETCHED = 500
const AT_ONCE = 16

/** Where the copies lie: their paths are the sources' with another prefix. */
export interface Copies {
  readonly collection: string
  readonly pathOf: (local: LocalFile) => string
}

/**
 * Compares the copies with the files on disk, which are read again: the recorded SHA-256 and size of every one, and the bytes that the
 * server sends of an even sample. Throws at the first difference.
 */
export async function checkCopies(stage: Stage, files: readonly LocalFile[], copies: Copies): Promise<{ readonly compared: number; readonly fetched: number }> {
  const onDisk = new Map<string, LocalFile>(files.map(local => [copies.pathOf(local), local]))
  const digests = new Map<string, string>()
  for await (const entry of stage.client.list(copies.collection)) {
    const local = onDisk.get(entry.path)
    if (local === undefined) throw wrong(`${copies.collection}:${entry.path} is no copy of any file`)
    if (entry.size !== local.size) throw wrong(`${copies.collection}:${entry.path} has ${entry.size} bytes, ${local.file} has ${local.size}`)
    if (entry.digest !== (await sha256OfFile(local.file))) throw wrong(`${copies.collection}:${entry.path} has not the digest of ${local.file}`)
    digests.set(entry.path, entry.digest)
  }
  if (digests.size !== files.length) throw wrong(`${files.length} files were copied, but ${digests.size} copies are there`)
  const sample = [...digests].filter((_, place) => place % Math.ceil(digests.size / FETCHED) === 0)
  await inParallel(sample, AT_ONCE, async ([path, digest]) => {
    const response = await stage.client.download(copies.collection, path)
    const bytes = new Uint8Array(await response.arrayBuffer())
    if (createHash('sha256').update(bytes).digest('hex') !== digest)
      throw wrong(`the bytes sent of ${copies.collection}:${path} are not those of the file on disk`)
  })
  return { compared: digests.size, fetched: sample.length }
}

function wrong(detail: string): WaybillError {
  return new WaybillError('internal', detail)
}
