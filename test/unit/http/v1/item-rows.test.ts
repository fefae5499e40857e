import { describe, expect, it } from 'vitest'
import { CSV_HEADER, csvRows, ndjsonRows } from '../../../../src/http/v1/item-rows.ts'
import type { Item } from '../../../../src/model/item.ts'

const DONE: Item = {
  seq: 0,
  source: { collection: 'a', path: 'b.txt', entityId: 'e1', version: 1, revision: 'r1' },
  destination: { collection: 'c', path: 'd.txt', entityId: 'e2', version: 3, revision: 'r2' },
  fields: null,
  state: 'done',
  attempts: 1,
  bytes: 5,
  reason: null,
  startedAt: 0,
  finishedAt: 1500,
}
const FAILED: Item = {
  ...DONE,
  seq: 1,
  source: { collection: 'a', path: '=1+1, "x"\ny', entityId: null, version: null, revision: null },
  destination: null,
  state: 'failed',
  bytes: 0,
  reason: { code: 'condition_failed', message: 'It is at 2, but 1 was expected.', expected: '1', actual: null },
}

describe('items as CSV', () => {
  it('has a header, exact values and RFC 4180 quoting', () => {
    expect(CSV_HEADER + csvRows([DONE, FAILED])).toBe(
      [
        'seq,state,sourceCollection,sourcePath,sourceEntityId,sourceVersion,sourceRevision,destinationCollection,destinationPath,destinationEntityId,destinationVersion,destinationRevision,attempts,bytes,reasonCode,reasonMessage,reasonExpected,reasonActual,startedAt,finishedAt',
        '0,done,a,b.txt,e1,1,r1,c,d.txt,e2,3,r2,1,5,,,,,1970-01-01T00:00:00.000Z,1970-01-01T00:00:01.500Z',
        '1,failed,a,"=1+1, ""x""\ny",,,,,,,,,1,0,condition_failed,"It is at 2, but 1 was expected.",1,,1970-01-01T00:00:00.000Z,1970-01-01T00:00:01.500Z',
        '',
      ].join('\r\n'),
    )
  })
})

describe('items as NDJSON', () => {
  it('has one item a line, as JSON has them elsewhere', () => {
    const [first, second, end] = ndjsonRows([DONE, FAILED]).split('\n')
    expect(JSON.parse(first ?? '')).toEqual({
      seq: 0,
      source: DONE.source,
      destination: DONE.destination,
      state: 'done',
      attempts: 1,
      bytes: 5,
      reason: null,
      startedAt: '1970-01-01T00:00:00.000Z',
      finishedAt: '1970-01-01T00:00:01.500Z',
    })
    expect(JSON.parse(second ?? '')).toMatchObject({ seq: 1, destination: null, reason: FAILED.reason })
    expect(end).toBe('')
  })
})
