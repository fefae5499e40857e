import { CsvError, parse } from 'csv-parse'
import type { SubmitItem } from '../../model/job.ts'
import { BATCH_ITEMS, BatchMaker, manifestError } from './manifest-batch.ts'
import type { ManifestBatch } from './manifest-batch.ts'
import { wholeLines } from './whole-lines.ts'

/** The columns and the member of an item that each fills. */
const COLUMNS = {
  sourceCollection: '/source/collection',
  sourcePath: '/source/path',
  destinationCollection: '/destination/collection',
  destinationPath: '/destination/path',
  sourceIfMatch: '/source/ifMatch',
  destinationIfMatch: '/destination/ifMatch',
} as const
type Column = keyof typeof COLUMNS
const NAMES = Object.keys(COLUMNS) as Column[]
const REQUIRED: readonly Column[] = ['sourceCollection', 'sourcePath']

/**
 * Reads CSV (RFC 4180) with a header of the columns above, in any order, the source's two at least; an empty field is an absent member.
 * Throws `invalid_manifest` with line and column (the number of the field) at the first record that is wrong.
 */
export async function* csvBatches(source: AsyncIterable<Buffer>, longest: number): AsyncGenerator<ManifestBatch> {
  const reader = new RecordReader()
  const parser = parse({
    bom: true,
    // both, wherever they stand: found out by itself it would be the header's alone
    record_delimiter: ['\r\n', '\n'],
    skip_empty_lines: true,
    max_record_size: longest,
    // records are taken here and none is passed on: the object stream behind the parser would cost more than the parsing
    on_record: (record: string[], { lines }) => reader.take(record, lines),
  })
  // each failure also comes back from the write that met it; without a listener it would end the process
  parser.on('error', () => undefined)
  parser.resume()
  for await (const { bytes } of wholeLines(source, longest)) {
    await pushed(reader, done => parser.write(bytes, done))
    if (reader.batch.size >= BATCH_ITEMS) yield reader.batch.take()
  }
  await pushed(reader, done => parser.end(done))
  reader.requireHeader()
  if (reader.batch.size > 0) yield reader.batch.take()
}

function pushed(reader: RecordReader, push: (done: (error?: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    push(error => {
      if (error) reject(error instanceof CsvError ? fromParser(error, reader) : error)
      else resolve()
    })
  })
}

/** What the parser says, at its line and field. */
function fromParser(error: CsvError, reader: RecordReader): Error {
  const { lines, column, record } = error as CsvError & { readonly lines?: number; readonly column?: number | string; readonly record?: string[] }
  // it counts fields from 0; of a record with too few or too many it tells their number
  const field = Number(column ?? 0) + (error.code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH' ? 0 : 1)
  return manifestError(reader.beginOf(record ?? [], lines ?? 1), field, `not valid CSV: ${error.message}`, '', error)
}

/** Turns records into items, by the header that came first. */
class RecordReader {
  readonly batch = new BatchMaker((_text, pointer) => this.#columnOf(pointer))
  /** Where each column stands, from 0; null until the header came. */
  #places: Readonly<Partial<Record<Column, number>>> | null = null
  /** CRs within fields so far. */
  #returns = 0

  /** Takes a record; returns null, so that the parser forgets it. */
  take(record: readonly string[], lines: number): null {
    const line = this.beginOf(record, lines)
    if (this.#places === null) this.#places = placesOf(record, line)
    else this.batch.add(this.#itemOf(record, line), line, '')
    return null
  }

  /** The line where a record begins: the parser tells that of its end, and counts each CR within a field as a line of its own. */
  beginOf(record: readonly string[], end: number): number {
    let breaks = 0
    for (const field of record) {
      if (!/[\r\n]/.test(field)) continue
      this.#returns += field.split('\r').length - 1
      breaks += field.split('\n').length - 1
    }
    return end - this.#returns - breaks
  }

  requireHeader(): void {
    if (this.#places === null) throw manifestError(1, 1, `the manifest is empty; its first line is the header ${NAMES.join(',')}`)
  }

  #itemOf(record: readonly string[], line: number): SubmitItem {
    const value = (name: Column): string => record[this.#places?.[name] ?? -1] ?? ''
    const missing = REQUIRED.find(name => value(name) === '')
    if (missing !== undefined) throw this.#fault(line, missing, 'is empty; every item has a source')
    const stray = value('destinationCollection') === '' ? (['destinationPath', 'destinationIfMatch'] as const).find(name => value(name) !== '') : undefined
    if (stray !== undefined) throw this.#fault(line, stray, 'needs a destinationCollection beside it')
    const source = { collection: value('sourceCollection'), path: value('sourcePath'), ...member('ifMatch', value('sourceIfMatch')) }
    if (value('destinationCollection') === '') return { source }
    const destination = {
      collection: value('destinationCollection'),
      ...member('path', value('destinationPath')),
      ...member('ifMatch', value('destinationIfMatch')),
    }
    return { source, destination }
  }

  #columnOf(pointer: string): number {
    const name = NAMES.find(known => COLUMNS[known] === pointer)
    return 1 + (name === undefined ? 0 : (this.#places?.[name] ?? 0))
  }

  #fault(line: number, name: Column, detail: string): Error {
    return manifestError(line, this.#columnOf(COLUMNS[name]), `${name} ${detail}`, COLUMNS[name])
  }
}

function member<Name extends string>(name: Name, value: string): { [K in Name]?: string } {
  return value === '' ? {} : ({ [name]: value } as { [K in Name]: string })
}

/** Where the header has each column. */
function placesOf(record: readonly string[], line: number): Partial<Record<Column, number>> {
  record.forEach((name, index) => {
    if (!(NAMES as readonly string[]).includes(name))
      throw manifestError(line, index + 1, `unknown column ${JSON.stringify(name)}; known are ${NAMES.join(', ')}`)
    if (record.indexOf(name) !== index) throw manifestError(line, index + 1, `the column ${name} stands twice`)
  })
  const missing = REQUIRED.find(name => !record.includes(name))
  if (missing !== undefined) throw manifestError(line, record.length, `the header lacks ${missing}; it is ${NAMES.join(',')}`)
  return Object.fromEntries(record.map((name, index) => [name, index]))
}
