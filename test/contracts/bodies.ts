import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import type { BlobSource, BlobStore } from '../../src/ports/blob-store.ts'
import { sha256 } from '../support/sha256.ts'

export const HELLO = Buffer.from('hello, waybill')
export const LARGE = randomBytes(3 * 1024 * 1024 + 17)

export function stream(bytes: Uint8Array, chunkSize = 64 * 1024): Readable {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += chunkSize) chunks.push(bytes.subarray(at, at + chunkSize))
  return Readable.from(chunks, { objectMode: false })
}

/** Gives the bytes, then fails instead of ending. */
export function broken(bytes: Uint8Array): Readable {
  async function* give(): AsyncGenerator<Uint8Array> {
    yield bytes
    await new Promise(resolve => setImmediate(resolve))
    throw new Error('connection reset')
  }
  return Readable.from(give(), { objectMode: false })
}

/** All that an iterable gives. */
export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of iterable) all.push(one)
  return all
}

export async function listed(store: BlobStore): Promise<{ sha256: string; size: number; putAt: number }[]> {
  const blobs = await collect(store.list())
  return blobs.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
}

/** A known blob elsewhere, `bytes`, or what a test says comes instead; counts what is read of it, from where. */
export function sourceOf(bytes: Buffer, given: (from: number) => Readable = from => stream(bytes.subarray(from))): BlobSource & { readonly opened: number[] } {
  const opened: number[] = []
  const open = (from: number): Promise<Readable> => {
    opened.push(from)
    return Promise.resolve(given(from))
  }
  return { sha256: sha256(bytes), size: bytes.length, open, opened }
}

/** Takes whatever comes, whenever it was put, and hears of the progress. */
export function taking(progress: number[] = [], unlessPutSince = Number.MAX_SAFE_INTEGER): Parameters<BlobStore['receive']>[1] {
  return { unlessPutSince, signal: new AbortController().signal, onProgress: (_sha256, bytes) => progress.push(bytes) }
}
