import { describe, expect, it } from 'vitest'
import { decodeCopy } from '../../../../src/http/apollo/copy.ts'
import { jsonObjectOf } from '../../../../src/http/json-body.ts'

const entry = { sourceCollectionId: 'from', destinationCollectionId: 'to', fileName: 'a.txt' }

function decode(body: unknown, most = 10_000): unknown {
  return decodeCopy(jsonObjectOf(typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.from(JSON.stringify(body))), most)
}

describe('the body of a copy request', () => {
  it('becomes one item an entry, in its order, each keeping its name', () => {
    expect(decode({ copyFileCollectionData: [entry, { ...entry, fileName: 'b/ü +%41.txt' }] })).toEqual([
      { source: { collection: 'from', path: 'a.txt' }, destination: { collection: 'to' } },
      { source: { collection: 'from', path: 'b/ü +%41.txt' }, destination: { collection: 'to' } },
    ])
  })

  it('may be written with tabs and line breaks, as in the documents', () => {
    const sample =
      '\n{\n    "copyFileCollectionData":\n    [ \n        {\n  \t\t    "sourceCollectionId":"from",\n  \t\t    "destinationCollectionId":"to",\n  \t\t    "fileName":"a.txt"\n        }\n    ]\n}\n'
    expect(decode(sample)).toEqual(decode({ copyFileCollectionData: [entry] }))
  })

  it.each([
    ['', 'empty'],
    ['{', 'not valid JSON'],
    ['{"copyFileCollectionData": [', 'not valid JSON'],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'not UTF-8'],
    ['null', 'not an object'],
    ['[]', 'not an object'],
    ['"text"', 'not an object'],
  ])('that is no JSON object is refused: %s', (body, fault) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'invalid_json', message: expect.stringContaining(fault) as string }))
  })

  it.each([
    [{}, 'copyFileCollectionData is missing'],
    [{ copyFileCollectionData: {} }, 'copyFileCollectionData is not an array'],
    [{ copyFileCollectionData: [] }, 'copyFileCollectionData is empty'],
    [{ copyFileCollectionData: [entry, null] }, 'copyFileCollectionData[1] is not an object'],
    [{ copyFileCollectionData: [[]] }, 'copyFileCollectionData[0] is not an object'],
    [{ copyFileCollectionData: [{ ...entry, sourceCollectionId: undefined }] }, 'copyFileCollectionData[0].sourceCollectionId is missing'],
    [{ copyFileCollectionData: [entry, entry, { ...entry, destinationCollectionId: 7 }] }, 'copyFileCollectionData[2].destinationCollectionId is not a string'],
    [{ copyFileCollectionData: [{ ...entry, fileName: '' }] }, 'copyFileCollectionData[0].fileName is empty'],
    [{ copyFileCollectionData: [{ ...entry, fileName: null }] }, 'copyFileCollectionData[0].fileName is not a string'],
  ])('names the index and the field of a fault: %j', (body, fault) => {
    expect(() => decode(body)).toThrow(expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(fault) as string }))
  })

  it.each(['.', '..', '../a', 'a/../b', '/a', 'a/', 'a//b', 'a\0b', 'a\rb', 'a\nb', 'x'.repeat(1025)])('refuses the unsafe name %j', fileName => {
    expect(() => decode({ copyFileCollectionData: [entry, { ...entry, fileName }] })).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringContaining('copyFileCollectionData[1].fileName: The Filename is invalid') as string,
      }),
    )
  })

  it('may have as many entries as are allowed, and not one more', () => {
    expect(decode({ copyFileCollectionData: Array(10_000).fill(entry) })).toHaveLength(10_000)
    expect(() => decode({ copyFileCollectionData: Array(10_001).fill(entry) })).toThrow(expect.objectContaining({ code: 'too_many_items' }))
    expect(() => decode({ copyFileCollectionData: Array(10_001).fill(null) })).toThrow(expect.objectContaining({ code: 'too_many_items' }))
  })
})
