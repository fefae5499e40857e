import type { Readable } from 'node:stream'
import { bodyChunks, type BodyMeter } from './body-meter.ts'
import type { PartBuffers } from './part-buffers.ts'

/** A run of a body's bytes, gathered in memory. */
export interface Part {
  readonly bytes: Buffer
  /** True for the body's last one: the only one that may be shorter than asked for, or empty (of an empty body). */
  readonly last: boolean
}

/** Cuts a body into parts; `sizeOf` tells how long the part of that number (from 0) is. All bytes go through the meter. Never destroys the body. */
export async function* partsOf(body: Readable, meter: BodyMeter, sizeOf: (number: number) => number): AsyncGenerator<Part> {
  let number = 0
  let gathered: Uint8Array[] = []
  let length = 0
  for await (const chunk of bodyChunks(body)) {
    meter.add(chunk)
    let rest = chunk
    // A full part is given only when more has come: until then it might be the last.
    for (let room = sizeOf(number) - length; rest.byteLength > room; room = sizeOf(number)) {
      gathered.push(rest.subarray(0, room))
      yield { bytes: Buffer.concat(gathered), last: false }
      rest = rest.subarray(room)
      number += 1
      gathered = []
      length = 0
    }
    gathered.push(rest)
    length += rest.byteLength
  }
  yield { bytes: Buffer.concat(gathered), last: true }
}

/** A part in memory that is used again: whoever gets it gives the buffer back. */
export interface PooledPart {
  readonly bytes: Buffer
  readonly giveBack: () => void
}

/** Cuts a long body into parts of one length (the last may be shorter). All bytes go through the meter. Never destroys the body. */
export async function* pooledParts(body: Readable, meter: BodyMeter, partBytes: number, buffers: PartBuffers): AsyncGenerator<PooledPart> {
  let buffer = await buffers.take(partBytes)
  let filled = 0
  let given = false
  const part = (): PooledPart => {
    const whole = buffer
    given = true
    return { bytes: whole.subarray(0, filled), giveBack: () => buffers.giveBack(whole) }
  }
  try {
    for await (const chunk of bodyChunks(body)) {
      meter.add(chunk)
      for (let at = 0; at < chunk.byteLength;) {
        if (filled === partBytes) {
          yield part()
          buffer = await buffers.take(partBytes)
          filled = 0
          given = false
        }
        const taken = Math.min(partBytes - filled, chunk.byteLength - at)
        buffer.set(chunk.subarray(at, at + taken), filled)
        filled += taken
        at += taken
      }
    }
    if (filled > 0) yield part()
  } finally {
    if (!given) buffers.giveBack(buffer)
  }
}
