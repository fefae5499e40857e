import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BodyMeter } from '../../../src/stores/body-meter.ts'
import { ByteBudget } from '../../../src/stores/byte-budget.ts'
import { partsOf } from '../../../src/stores/parts.ts'
import { Publishing } from '../../../src/stores/publishing.ts'
import { sha256 } from '../../support/sha256.ts'

describe('the parts of a body', () => {
  it('are as long as asked for, all but the last, and together the body', async () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 })
    const lengths = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(bodies, lengths, async (chunks, sizes) => {
        const body = Buffer.concat(chunks)
        const sizeOf = (number: number): number => sizes[Math.min(number, sizes.length - 1)] ?? 1
        const meter = new BodyMeter({})
        const parts = []
        for await (const part of partsOf(
          Readable.from(
            chunks.map(chunk => Buffer.from(chunk)),
            { objectMode: false },
          ),
          meter,
          sizeOf,
        ))
          parts.push(part)
        expect(Buffer.concat(parts.map(part => part.bytes)).equals(body)).toBe(true)
        expect(meter.finish()).toEqual({ sha256: sha256(body), size: body.length })
        expect(parts.map(part => part.last)).toEqual(parts.map((_part, index) => index === parts.length - 1))
        for (const [index, part] of parts.entries()) {
          if (part.last) expect(part.bytes.length).toBeLessThanOrEqual(sizeOf(index))
          else expect(part.bytes.length).toBe(sizeOf(index))
        }
        expect(parts.length === 1 || (parts.at(-1)?.bytes.length ?? 0) > 0).toBe(true)
      }),
    )
  })
})

describe('a budget of bytes', () => {
  it('lets wait who finds no room, first come, first served, and gives anything to whoever is alone', async () => {
    const budget = new ByteBudget(10)
    const given: string[] = []
    const take = (name: string, bytes: number): Promise<void> => budget.take(bytes).then(() => void given.push(name))
    await take('a', 6)
    const [b, c, d] = [take('b', 50), take('c', 1), take('d', 9)]
    await new Promise(resolve => setImmediate(resolve))
    expect(given).toEqual(['a'])
    budget.giveBack(6)
    await b
    expect(given).toEqual(['a', 'b'])
    budget.giveBack(50)
    await Promise.all([c, d])
    expect(given).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('publishing', () => {
  it('lets a put wait for deletions of the same bytes only, and refuses a deletion during a put', async () => {
    const publishing = new Publishing()
    const deletion = Promise.withResolvers<boolean>()
    const deleted = publishing.delete('a', () => deletion.promise)
    const done: string[] = []
    const put = publishing.put('a', () => Promise.resolve(done.push('a')))
    await publishing.put('b', () => Promise.resolve(done.push('b')))
    expect(done).toEqual(['b'])
    deletion.resolve(true)
    expect(await deleted).toBe(true)
    await put
    expect(done).toEqual(['b', 'a'])

    const publication = Promise.withResolvers<void>()
    const [one, two] = [publishing.put('a', () => publication.promise), publishing.put('a', () => Promise.reject(new Error('failed')))]
    await expect(two).rejects.toThrow('failed')
    expect(await publishing.delete('a', () => Promise.resolve(true))).toBe(false)
    publication.resolve()
    await one
    expect(await publishing.delete('a', () => Promise.resolve(true))).toBe(true)
  })
})
