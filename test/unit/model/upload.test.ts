import { describe, expect, it } from 'vitest'
import { isWaybillError } from '../../../src/model/errors.ts'
import { leastPartSize, measuresFault, partCount, partSizes, refuseIncomplete } from '../../../src/model/upload.ts'

/** Parts of these sizes, from number 1 on; null for one that never came. */
function fault(measures: { size: number; partSize: number }, sizes: readonly (number | null)[]): string {
  try {
    refuseIncomplete(
      measures,
      sizes.flatMap((size, at) => (size === null ? [] : [{ number: at + 1, size, sha256: '' }])),
    )
    return 'none'
  } catch (error) {
    if (isWaybillError(error, 'invalid_request')) return error.message
    throw error
  }
}

describe('the parts of an upload', () => {
  it.each([
    [0, 5, [[0]]],
    [4, 5, [[4]]],
    [5, 5, [[5]]],
    [
      6,
      5,
      [
        [5, 6],
        [1, 0],
      ],
    ],
    [
      10,
      5,
      [
        [5, 10],
        [5, 0],
      ],
    ],
    [13, 5, [[5], [5, 8], [3, 0]]],
  ])('of %i bytes in parts of %i', (size, partSize, sizes) => {
    const measures = { size, partSize }
    expect(partCount(measures)).toBe(sizes.length)
    expect(sizes.map((_, at) => partSizes(measures, at + 1))).toEqual(sizes)
    for (const number of [0, sizes.length + 1, 1.5, Number.NaN, -1]) expect(() => partSizes(measures, number)).toThrow(`the parts 1 to ${sizes.length}`)
  })

  it.each([
    [{ size: 0, partSize: 5 }, []],
    [{ size: 0, partSize: 5 }, [0]],
    [{ size: 13, partSize: 5 }, [5, 5, 3]],
    [{ size: 11, partSize: 5 }, [5, 6, 0]],
    [{ size: 11, partSize: 5 }, [5, 6]],
  ])('make up the whole: %j of %j', (measures, sizes) => expect(fault(measures, sizes)).toBe('none'))

  it.each([
    [{ size: 13, partSize: 5 }, [], 'these parts are missing: 1, 2, 3; '],
    [{ size: 13, partSize: 5 }, [5, null, 3], 'this part is missing: 2; '],
    [{ size: 13, partSize: 5 }, [5, 5, 0], 'this part is missing: 3; '],
    [{ size: 13, partSize: 5 }, [null, 8], 'this part is missing: 1; '],
    [{ size: 13, partSize: 5 }, [5, 8, 3], 'the parts have 16 bytes together, 13 were announced'],
    [{ size: 1000, partSize: 1 }, [], '19, 20 and 980 more; '],
  ])('do not: %j of %j', (measures, sizes, sentence) => expect(fault(measures, sizes)).toContain(sentence))

  it('are at most 10,000, of whole bytes', () => {
    expect(measuresFault({ size: 0, partSize: 1 })).toBeNull()
    expect(measuresFault({ size: 10_000, partSize: 1 })).toBeNull()
    expect(measuresFault({ size: 10_001, partSize: 1 })).toContain('use parts of 2 bytes or more')
    expect(leastPartSize(5 * 1024 ** 4)).toBe(549_755_814)
    for (const size of [-1, 0.5, Number.NaN, 2 ** 53]) expect(measuresFault({ size, partSize: 1 }), String(size)).toContain('the size must be')
    for (const partSize of [0, -1, 0.5]) expect(measuresFault({ size: 1, partSize }), String(partSize)).toContain('the size of a part')
  })
})
