import { Compile } from 'typebox/compile'
import type { SubmitItem } from '../../model/job.ts'
import { jsonDepthFault } from '../../model/json-depth.ts'
import { placesOf } from '../validation.ts'
import { jsonColumn } from './json-column.ts'
import { BATCH_ITEMS, BatchMaker, manifestError } from './manifest-batch.ts'
import type { ManifestBatch } from './manifest-batch.ts'
import { SubmitItemBody } from './schemas/job.ts'
import { wholeLines } from './whole-lines.ts'

const ITEM = Compile(SubmitItemBody)

/**
 * Reads NDJSON: one item a line, blank lines skipped, the last line break optional. Throws `invalid_manifest` with line and column at the first
 * line that is wrong.
 */
export async function* ndjsonBatches(source: AsyncIterable<Buffer>, longest: number): AsyncGenerator<ManifestBatch> {
  const maker = new BatchMaker(jsonColumn)
  for await (const { bytes, line: first } of wholeLines(source, longest)) {
    let line = first - 1
    for (const text of bytes.toString('utf8').split('\n')) {
      line += 1
      const item = itemOf(line === 1 ? text.replace(/^\ufeff/, '') : text, line)
      if (item !== null) maker.add(item, line, text)
      if (maker.size >= BATCH_ITEMS) yield maker.take()
    }
  }
  if (maker.size > 0) yield maker.take()
}

function itemOf(text: string, line: number): SubmitItem | null {
  if (text === '' || text.trim() === '') return null
  const value = parsed(text, line)
  const fault = jsonDepthFault(value)
  if (fault !== null) throw manifestError(line, 1, `the item ${fault}`)
  if (ITEM.Check(value)) return value
  const place = placesOf(ITEM.Errors(value), SubmitItemBody)[0] ?? { pointer: '', detail: 'is no item' }
  throw manifestError(line, jsonColumn(text, place.pointer), `${place.pointer === '' ? 'the item' : place.pointer} ${place.detail}`, place.pointer)
}

function parsed(text: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const { message } = error as Error
    // V8 names the position, except at an end that came too early
    const position = /at position (\d+)/.exec(message)?.[1]
    const column = (position === undefined ? text.trimEnd().length : Number(position)) + 1
    throw manifestError(line, column, `not valid JSON: ${message.replace(/ in JSON at position.*| \(line.*| at position.*/, '')}`, '', error)
  }
}
