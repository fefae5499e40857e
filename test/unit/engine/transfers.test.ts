import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { Bandwidth, throttled } from '../../../src/engine/bandwidth.ts'
import { Transfers } from '../../../src/engine/transfers.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { openHouse } from './house.ts'

const KIB = 1024
const NEVER = new AbortController().signal

/** Long enough for everything that needs no time to have happened. */
function rest(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 5))
}

describe('transfers', () => {
  it('run as many at once as both stores allow, the others in the order in which they came', async () => {
    const traffic = new Map([
      ['a', { transfers: 2, bandwidth: null }],
      ['b', { transfers: 3, bandwidth: null }],
    ])
    const transfers = new Transfers(new VirtualClock(), traffic)
    expect(transfers.most('a', 'b')).toBe(2)
    const begun: number[] = []
    const ends: (() => void)[] = []
    const work = (number: number) => (): Promise<void> => {
      begun.push(number)
      return new Promise(resolve => ends.push(resolve))
    }
    const all = [1, 2, 3].map(number => transfers.run(number % 2 === 0 ? ['a', 'b'] : ['b', 'a'], work(number)))
    const other = transfers.run(['b', 'c'], work(4))
    await rest()
    expect(begun, 'the third waits for a slot of a; the fourth has the last one of b').toEqual([1, 2, 4])
    ends[0]?.()
    await rest()
    expect(begun).toEqual([1, 2, 4, 3])
    for (const end of ends) end()
    await Promise.all([...all, other])
  })

  it('give the slots back when the work fails', async () => {
    const transfers = new Transfers(new VirtualClock(), new Map([['a', { transfers: 1, bandwidth: null }]]))
    await expect(transfers.run(['a', 'b'], () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(await transfers.run(['b', 'a'], () => Promise.resolve('done'))).toBe('done')
  })
})

describe('a source of a transfer', () => {
  it.each([null, 1000])('ends when the signal aborts, also while nobody reads it (bandwidth %j)', async bandwidth => {
    const house = await openHouse()
    try {
      const blob = await house.store.put(Readable.from([Buffer.alloc(1000)]))
      const stop = new AbortController()
      const transfers = new Transfers(house.clock, new Map([['far', { transfers: 1, bandwidth }]]))
      const body = await transfers.source(house.store, 'far', blob, stop.signal).open(0)
      stop.abort()
      await rest()
      await expect(buffer(body)).rejects.toThrow()
    } finally {
      await house.close()
    }
  })

  it('begins where it is asked to', async () => {
    const house = await openHouse()
    try {
      const blob = await house.store.put(Readable.from([Buffer.from('hello')]))
      const { open } = new Transfers(house.clock).source(house.store, 'far', blob, NEVER)
      expect((await buffer(await open(2))).toString()).toBe('llo')
      expect((await buffer(await open(5))).toString()).toBe('')
    } finally {
      await house.close()
    }
  })
})

describe('a bandwidth', () => {
  /** How long (virtual ms) all these bodies take beside each other. */
  async function timeOf(clock: VirtualClock, bodies: readonly Readable[]): Promise<number> {
    const begin = clock.now()
    await clock.passUntil(Promise.all(bodies.map(body => buffer(body))), 10)
    return clock.now() - begin
  }

  const bytes = (size: number): Readable => Readable.from([Buffer.alloc(size)], { objectMode: false })

  it('is kept, whatever the size of what comes', async () => {
    const clock = new VirtualClock()
    const limit = new Bandwidth(100 * KIB, clock)
    const took = await timeOf(clock, [throttled(bytes(300 * KIB), [limit], NEVER)])
    expect(took).toBeGreaterThanOrEqual(2800)
    expect(took).toBeLessThanOrEqual(3300)
  })

  it('is shared, and of two limits the lower one holds', async () => {
    const clock = new VirtualClock()
    const [slow, fast] = [new Bandwidth(100 * KIB, clock), new Bandwidth(1000 * KIB, clock)]
    const bodies = [1, 2].map(() => throttled(bytes(100 * KIB), [slow, fast], NEVER))
    const took = await timeOf(clock, bodies)
    expect(took).toBeGreaterThanOrEqual(1800)
    expect(took).toBeLessThanOrEqual(2300)
  })

  it('saves nothing up while nothing comes', async () => {
    const clock = new VirtualClock()
    const limit = new Bandwidth(100 * KIB, clock)
    clock.advance(3600_000)
    expect(await timeOf(clock, [throttled(bytes(100 * KIB), [limit], NEVER)])).toBeGreaterThanOrEqual(800)
  })

  it('passes the bytes as they are, a little at a time', async () => {
    const clock = new VirtualClock()
    const body = Buffer.from(Array.from({ length: 10_000 }, (_, index) => index % 251))
    const sizes: number[] = []
    const through = throttled(Readable.from([body], { objectMode: false }), [new Bandwidth(20_000, clock)], NEVER)
    through.on('data', (chunk: Buffer) => sizes.push(chunk.byteLength))
    const passed = new Promise<void>(resolve => through.once('end', resolve))
    await clock.passUntil(passed, 10)
    expect(sizes).toEqual(Array.from({ length: 5 }, () => 2000))
  })

  it('does not end as if all had come when it is stopped with the last bytes in its hands', async () => {
    const clock = new VirtualClock()
    const stop = new AbortController()
    const result = buffer(throttled(bytes(1000), [new Bandwidth(1000, clock)], stop.signal))
    result.catch((error: unknown) => error) // heard below
    await rest()
    clock.advance(300)
    await rest()
    stop.abort()
    await expect(result).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('ends with its body, and destroys it when it is left', async () => {
    const limit = new Bandwidth(1, new VirtualClock())
    const broken = new Readable({ read: () => undefined })
    const result = buffer(throttled(broken, [limit], NEVER))
    broken.destroy(new Error('the line is down'))
    await expect(result).rejects.toThrow('the line is down')
    const body = bytes(1000)
    throttled(body, [limit], NEVER).destroy()
    await rest()
    expect(body.destroyed).toBe(true)
  })
})
