import type { Conditions, Fields } from './entry.ts'
import { WaybillError } from './errors.ts'

/** What an upload in parts announced at its start. `size` of the whole in bytes; every part but the last is `partSize` long. Times are epoch milliseconds. */
export interface UploadPlan {
  readonly id: string
  readonly collection: string
  readonly path: string
  readonly size: number
  readonly partSize: number
  readonly mediaType: string
  readonly fields: Fields | null
  readonly conditions: Conditions
  readonly startedBy: string
  readonly startedAt: number
  readonly expiresAt: number
}

/** A part that arrived. `number` counts from 1; `sha256` in hex. */
export interface UploadPart {
  readonly number: number
  readonly size: number
  readonly sha256: string
}

/** An upload in parts: what was announced, and what has arrived, in the order of the numbers. */
export interface Upload extends UploadPlan {
  readonly parts: readonly UploadPart[]
}

/** Most parts of one upload: what a completion has to join, and what an answer has to list. */
export const MOST_PARTS = 10_000

type Measures = Pick<UploadPlan, 'size' | 'partSize'>

/** Says what is wrong with the announced sizes, or null. At most `MOST_PARTS` parts. */
export function measuresFault({ size, partSize }: Measures): string | null {
  if (!Number.isSafeInteger(size) || size < 0) return `the size must be a whole number of bytes from 0, not ${size}`
  if (!Number.isSafeInteger(partSize) || partSize < 1) return `the size of a part must be a whole number of bytes from 1, not ${partSize}`
  const least = leastPartSize(size)
  return partSize < least ? `parts of ${partSize} bytes would be more than ${MOST_PARTS}; use parts of ${least} bytes or more` : null
}

/** The smallest size of a part with which a file of `size` bytes has at most `MOST_PARTS` parts. */
export function leastPartSize(size: number): number {
  return Math.max(1, Math.ceil(size / MOST_PARTS))
}

/** How many parts there are; an empty file has one, which is empty. */
export function partCount({ size, partSize }: Measures): number {
  return Math.max(1, Math.ceil(size / partSize))
}

/**
 * The sizes that a part may have, the announced one first. The last two parts may come as one under the number of the first of them, the other empty or never
 * sent: clients that spare themselves a last part of a single byte do so. Throws `invalid_request` for a number that no part has.
 */
export function partSizes(measures: Measures, number: number): readonly number[] {
  const { size, partSize } = measures
  const count = partCount(measures)
  if (!Number.isSafeInteger(number) || number < 1 || number > count) {
    throw new WaybillError('invalid_request', `this upload has the parts 1 to ${count}, not ${number}`)
  }
  const rest = size - (count - 1) * partSize
  if (number === count) return count === 1 ? [rest] : [rest, 0]
  return number === count - 1 ? [partSize, partSize + rest] : [partSize]
}

/** At most so many missing parts are named in one sentence. */
const MOST_NAMED = 20

/** Throws `invalid_request`, naming the parts that are missing, unless the parts make up the whole. They come in the order of their numbers. */
export function refuseIncomplete(measures: Measures, parts: readonly UploadPart[]): void {
  const sizes = new Map(parts.map(part => [part.number, part.size]))
  const missing: number[] = []
  let covered = 0
  for (let number = 1; number <= partCount(measures); number += 1) {
    const end = Math.min(number * measures.partSize, measures.size)
    covered += sizes.get(number) ?? 0
    if (covered >= end) continue
    missing.push(number)
    covered = end
  }
  if (missing.length > 0) {
    const named = missing.slice(0, MOST_NAMED).join(', ')
    const more = missing.length > MOST_NAMED ? ` and ${missing.length - MOST_NAMED} more` : ''
    throw new WaybillError(
      'invalid_request',
      `${missing.length === 1 ? 'this part is' : 'these parts are'} missing: ${named}${more}; send what is missing, then complete`,
    )
  }
  if (covered === measures.size) return
  throw new WaybillError(
    'invalid_request',
    `the parts have ${covered} bytes together, ${measures.size} were announced; the last one is in the one before as well, send it again empty`,
  )
}

/** True when both are the same parts, with the same bytes, in the same order. */
export function sameParts(one: readonly UploadPart[], other: readonly UploadPart[]): boolean {
  return one.length === other.length && one.every(({ number, sha256 }, at) => number === other[at]?.number && sha256 === other[at].sha256)
}
