import { describe, expect, it } from 'vitest'
import { csvBatches } from '../../../../src/http/v1/csv-manifest.ts'
import { jsonColumn } from '../../../../src/http/v1/json-column.ts'
import { relocate } from '../../../../src/http/v1/manifest-batch.ts'
import type { ManifestBatch } from '../../../../src/http/v1/manifest-batch.ts'
import { ndjsonBatches } from '../../../../src/http/v1/ndjson-manifest.ts'
import { WaybillError } from '../../../../src/model/errors.ts'

const LONGEST = 1000
type Reader = (source: AsyncIterable<Buffer>, longest: number) => AsyncIterable<ManifestBatch>

/** The text in pieces of `size` bytes, as a network may cut it. */
async function* pieces(text: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(reader: Reader, text: string | Buffer, size = 7): Promise<ManifestBatch[]> {
  const batches: ManifestBatch[] = []
  for await (const batch of reader(pieces(text, size), LONGEST)) batches.push(batch)
  return batches
}

async function refusal(reader: Reader, text: string | Buffer): Promise<WaybillError> {
  try {
    await read(reader, text)
  } catch (error) {
    if (error instanceof WaybillError) return error
    throw error
  }
  throw new Error('the manifest was taken')
}

const line = (path: string): string => JSON.stringify({ source: { collection: 'a', path }, destination: { collection: 'b' } })
const item = (path: string): object => ({ source: { collection: 'a', path }, destination: { collection: 'b' } })

describe('an NDJSON manifest', () => {
  it.each([1, 2, 7, 1000])('is read however it is cut (%i bytes a piece)', async size => {
    const [batch] = await read(ndjsonBatches, `\ufeff${line('é')}\r\n\n${line('日本')}\n  \n${line('𝄞')}`, size)
    expect(batch?.items).toEqual([item('é'), item('日本'), item('𝄞')])
    expect(batch?.lines).toEqual([1, 3, 5])
  })

  it('comes in batches of 2,000 that count on', async () => {
    const text = Array.from({ length: 4500 }, (_, n) => line(`f${n}`)).join('\n')
    const batches = await read(ndjsonBatches, text, 65536)
    expect(batches.map(batch => [batch.first, batch.items.length])).toEqual([
      [0, 2000],
      [2000, 2000],
      [4000, 500],
    ])
    expect(batches[2]?.items[499]).toEqual(item('f4499'))
    expect(batches[2]?.lines[499]).toBe(4500)
  })

  it('may be empty: what that means is for the engine to say', async () => {
    expect(await read(ndjsonBatches, '\n\n')).toEqual([])
  })

  it.each([
    ['{"source":', 1, 11, 'not valid JSON'],
    ['{"source":{"collection":"a",}}', 1, 29, 'not valid JSON'],
    [`${line('x')}\n[]`, 2, 1, 'must be object'],
    [`${line('x')}\n\n{"source":{"collection":"a","path":7}}`, 3, 29, '/source/path must be string'],
    ['{"source":{"collection":"a","path":"b"},"dest":{}}', 1, 41, '/dest is unknown; known are source, destination, fields'],
    ['{"source":{"collection":"a"}}', 1, 2, '/source/path is missing'],
    ['{"source":{"collection":"path","path":"b","version":0}}', 1, 43, '/source/version must be >= 1'],
    [`${line('x')}\n${'y'.repeat(1001)}\n`, 2, 1001, 'longer than 1000 bytes'],
    [`${line('x')}\n${'y'.repeat(2000)}`, 2, 1001, 'longer than 1000 bytes'],
  ])('that is wrong is refused with its place (case %#)', async (text, lineNumber, column, detail) => {
    const error = await refusal(ndjsonBatches, text)
    expect(error.code).toBe('invalid_manifest')
    expect(error.message).toContain(detail)
    expect(error.facts.errors).toEqual([expect.objectContaining({ line: lineNumber, column })])
  })

  it('that is not UTF-8 is refused with its place', async () => {
    const error = await refusal(ndjsonBatches, Buffer.concat([Buffer.from(`${line('x')}\n{"a":"`), Buffer.from([0xff, 0x22, 0x7d])]))
    expect(error.message).toBe('line 2, column 7: the bytes are not valid UTF-8; send the manifest in UTF-8')
  })
})

describe('a CSV manifest', () => {
  const HEADER = 'sourceCollection,sourcePath,destinationCollection,destinationPath,sourceIfMatch,destinationIfMatch'

  it.each([1, 5, 1000])('is read however it is cut (%i bytes a piece)', async size => {
    const [batch] = await read(csvBatches, `\ufeff${HEADER}\r\na,é,b,,,\r\n\r\na,"x, ""y""",b,z,${'1'.repeat(32)},${'2'.repeat(32)}\r\n`, size)
    expect(batch?.items).toEqual([
      { source: { collection: 'a', path: 'é' }, destination: { collection: 'b' } },
      { source: { collection: 'a', path: 'x, "y"', ifMatch: '1'.repeat(32) }, destination: { collection: 'b', path: 'z', ifMatch: '2'.repeat(32) } },
    ])
    expect(batch?.lines).toEqual([2, 4])
  })

  it('may have its columns in another order, and only the source', async () => {
    const [batch] = await read(csvBatches, 'sourcePath,sourceCollection\nb,a\n')
    expect(batch?.items).toEqual([{ source: { collection: 'a', path: 'b' } }])
  })

  it.each([
    ['', 1, 1, 'the manifest is empty'],
    ['sourceCollection,sourcePth\na,b\n', 1, 2, 'unknown column "sourcePth"'],
    ['sourceCollection,sourcePath,sourcePath\n', 1, 3, 'stands twice'],
    ['sourcePath,destinationPath\na,b\n', 1, 2, 'lacks sourceCollection'],
    ['sourceCollection,sourcePath\na,b\na,\n', 3, 2, 'sourcePath is empty'],
    ['sourceCollection,sourcePath,destinationPath\na,b,c\n', 2, 3, 'needs a destinationCollection'],
    ['sourceCollection,sourcePath\na,b\na,b,c\n', 3, 3, 'not valid CSV'],
    ['sourceCollection,sourcePath\na,b\na,"b"c\n', 3, 2, 'not valid CSV'],
    ['sourceCollection,sourcePath\na,"b\n', 2, 2, 'not valid CSV'],
    [`sourceCollection,sourcePath\na,${'y'.repeat(1001)}\n`, 2, 1001, 'longer than 1000 bytes'],
  ])('that is wrong is refused with its place (case %#)', async (text, lineNumber, column, detail) => {
    const error = await refusal(csvBatches, text)
    expect(error.code).toBe('invalid_manifest')
    expect(error.message).toContain(detail)
    expect(error.facts.errors).toEqual([expect.objectContaining({ line: lineNumber, column })])
  })
})

describe('an error about an item', () => {
  const fault = new WaybillError('invalid_path', '/items/1/source/path: the path is empty', {
    errors: [{ pointer: '/items/1/source/path', detail: 'the path is empty' }],
  })

  it('is told by its line and column', async () => {
    const [batch] = await read(ndjsonBatches, `${line('x')}\n\n${line('')}\n`)
    const told = relocate(fault, batch as ManifestBatch)
    expect(told.code).toBe('invalid_path')
    expect(told.message).toBe('line 3, column 29: /items/1/source/path: the path is empty')
    expect(told.facts.errors).toEqual([{ pointer: '/items/1/source/path', detail: 'the path is empty', line: 3, column: 29 }])
  })

  it('is told by the number of the field in CSV', async () => {
    const [batch] = await read(csvBatches, 'sourcePath,sourceCollection\nb,a\n.,a\n')
    expect(relocate(fault, batch as ManifestBatch).facts.errors).toEqual([expect.objectContaining({ line: 3, column: 1 })])
  })

  it('stays as it is when it is not about an item of the batch', async () => {
    const [batch] = await read(ndjsonBatches, line('x'))
    const error = new WaybillError('out_of_space', 'full')
    expect(relocate(error, batch as ManifestBatch)).toBe(error)
  })
})

describe('the column of a member', () => {
  const text = '{ "fields": {"source": [{"path": 1}]}, "source": {"collection": "path", "pa\\u0074h": "x"} }'

  it.each([
    ['/source', 40],
    ['/source/collection', 51],
    ['/source/path', 73],
    ['/source/version', 40],
    ['', 1],
  ])('%s', (pointer, column) => {
    expect(jsonColumn(text, pointer)).toBe(column)
  })
})
