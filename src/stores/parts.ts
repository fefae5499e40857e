import type { Readable } from 'node:stream'
import { bodyChunks, type BodyMeter } from './body-meter.ts'

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
