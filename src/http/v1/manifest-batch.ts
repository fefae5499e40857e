import { WaybillError } from '../../model/errors.ts'
import type { ErrorPlace } from '../../model/errors.ts'
import type { SubmitItem } from '../../model/job.ts'

/** How many items are stored at once: enough for set-wise speed, few enough to hold in memory twice. */
export const BATCH_ITEMS = 2000

/** Finds the column, from 1, at which `pointer` (within an item, such as `/source/path`) stands in the text of an item. */
export type ColumnFinder = (text: string, pointer: string) => number

/** A run of items of a manifest and where each came from. */
export interface ManifestBatch {
  /** The number of its first item in the whole manifest, from 0. */
  readonly first: number
  readonly items: readonly SubmitItem[]
  /** Of each item: its line, from 1, and its text. */
  readonly lines: readonly number[]
  readonly texts: readonly string[]
  readonly columnOf: ColumnFinder
}

/** Gathers items into batches. */
export class BatchMaker {
  readonly #columnOf: ColumnFinder
  #first = 0
  #items: SubmitItem[] = []
  #lines: number[] = []
  #texts: string[] = []

  constructor(columnOf: ColumnFinder) {
    this.#columnOf = columnOf
  }

  get size(): number {
    return this.#items.length
  }

  add(item: SubmitItem, line: number, text: string): void {
    this.#items.push(item)
    this.#lines.push(line)
    this.#texts.push(text)
  }

  /** What was gathered, as a batch; an empty one begins. */
  take(): ManifestBatch {
    const batch = { first: this.#first, items: this.#items, lines: this.#lines, texts: this.#texts, columnOf: this.#columnOf }
    this.#first += batch.items.length
    this.#items = []
    this.#lines = []
    this.#texts = []
    return batch
  }
}

/** `invalid_manifest` at a line and column, both from 1. */
export function manifestError(line: number, column: number, detail: string, pointer = '', cause?: unknown): WaybillError {
  const place: ErrorPlace = { pointer, detail, line, column }
  return new WaybillError('invalid_manifest', `line ${line}, column ${column}: ${detail}`, { errors: [place] }, cause === undefined ? {} : { cause })
}

/** The same error, its places with the lines and columns that their items (`/items/12/...`) came from, and told by the first of them. */
export function relocate(error: WaybillError, batch: ManifestBatch): WaybillError {
  const errors = error.facts.errors?.map(place => located(place, batch))
  const first = errors?.[0]
  if (errors === undefined || first?.line === undefined) return error
  return new WaybillError(error.code, `line ${first.line}, column ${first.column ?? 1}: ${error.message}`, { ...error.facts, errors }, { cause: error })
}

function located(place: ErrorPlace, batch: ManifestBatch): ErrorPlace {
  const match = /^\/items\/(\d+)(.*)$/.exec(place.pointer)
  const index = match === null ? -1 : Number(match[1]) - batch.first
  const line = batch.lines[index]
  return line === undefined ? place : { ...place, line, column: batch.columnOf(batch.texts[index] ?? '', match?.[2] ?? '') }
}
