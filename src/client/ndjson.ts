import { streamOf } from './streams.ts'
import type { ItemSource } from './types.ts'

/** Lines are sent together up to this many characters: a chunk of HTTP for each would cost more than the line. */
const CHUNK_CHARACTERS = 64 * 1024

/** Items as a manifest, one a line (docs/reference/v1.md, Manifests); the next are taken when the ones before are sent. */
export function ndjsonOf(items: ItemSource): ReadableStream<Uint8Array<ArrayBuffer>> {
  return streamOf(chunksOf(items))
}

async function* chunksOf(items: ItemSource): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const encoder = new TextEncoder()
  let lines = ''
  for await (const item of items) {
    lines += `${JSON.stringify(item)}\n`
    if (lines.length < CHUNK_CHARACTERS) continue
    yield encoder.encode(lines)
    lines = ''
  }
  if (lines !== '') yield encoder.encode(lines)
}
