import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { resumingRead } from '../../../src/stores/resuming-read.ts'

const clock = { now: () => 0, steady: () => 0, sleep: () => Promise.resolve() }

/** Gives the text, then fails. */
function breaking(text: string): Readable {
  return Readable.from(
    (async function* () {
      yield Buffer.from(text)
      await Promise.resolve()
      throw new Error('connection reset')
    })(),
    { objectMode: false },
  )
}

function read(first: Readable, end: number, open: (from: number) => Promise<Readable> = () => Promise.reject(new Error('not asked for'))): Readable {
  return resumingRead({ store: 'archive', clock, first, start: 0, end, open })
}

describe('a download', () => {
  it('goes on at its next byte', async () => {
    const from: number[] = []
    const open = (at: number): Promise<Readable> => {
      from.push(at)
      return Promise.resolve(at === 3 ? breaking('de') : Readable.from([Buffer.from('fg')], { objectMode: false }))
    }
    expect((await buffer(read(breaking('abc'), 7, open))).toString()).toBe('abcdefg')
    expect(from).toEqual([3, 5])
  })

  it('goes on after an end that came too early, too', async () => {
    const short = Readable.from([Buffer.from('ab')], { objectMode: false })
    const open = (): Promise<Readable> => Promise.resolve(Readable.from([Buffer.from('c')], { objectMode: false }))
    expect((await buffer(read(short, 3, open))).toString()).toBe('abc')
  })

  it('fails when something is wrong with its bytes at the very end', async () => {
    await expect(buffer(read(breaking('abc'), 3))).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the store "archive" broke off a download at byte 3 of 3',
    })
  })

  it('goes on when its connection broke before anybody read', async () => {
    const first = new Readable({ read: () => undefined })
    const stream = read(first, 3, () => Promise.resolve(Readable.from([Buffer.from('abc')], { objectMode: false })))
    first.destroy(new Error('connection reset'))
    await new Promise(resolve => first.once('close', resolve))
    expect((await buffer(stream)).toString()).toBe('abc')
  })

  it('lets go of its connection when nobody reads it, or not to the end', async () => {
    for (const readable of [false, true]) {
      const first = new Readable({ read: () => undefined })
      first.push(Buffer.from('abc'))
      const stream = read(first, 1000)
      if (readable) await once(stream, 'data')
      stream.destroy()
      await once(stream, 'close')
      await expect.poll(() => first.destroyed).toBe(true)
    }
  })
})
