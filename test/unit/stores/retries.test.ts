import { describe, expect, it } from 'vitest'
import { WaybillError } from '../../../src/model/errors.ts'
import { AttemptTimeout, Retries, isNetworkError, retryAfterMs, type Failure } from '../../../src/stores/retries.ts'

const PASSING: Failure = { transient: true, retryAfterMs: null }

function retries(judge: (error: unknown) => Failure = () => PASSING): { retries: Retries; slept: number[] } {
  const slept: number[] = []
  const sleep = (ms: number): Promise<void> => {
    slept.push(ms)
    return Promise.resolve()
  }
  return { retries: new Retries({ now: () => 0, steady: () => 0, sleep }, judge), slept }
}

function failing(times: number): () => Promise<string> {
  let left = times
  return () => (left-- > 0 ? Promise.reject(new Error('not now')) : Promise.resolve('done'))
}

describe('retries', () => {
  it('return what an attempt returns at last, with pauses that may grow', async () => {
    const { retries: many, slept } = retries()
    expect(await many.run(failing(5))).toBe('done')
    expect(slept).toHaveLength(5)
    for (const [index, ms] of slept.entries()) expect(ms).toBeLessThanOrEqual(250 * 2 ** index)
    await expect(many.run(failing(6))).rejects.toThrow('not now')
    await expect(many.run(failing(1), { attempts: 1 })).rejects.toThrow('not now')
  })

  it('repeat nothing that would fail again', async () => {
    const { retries: none, slept } = retries(() => ({ transient: false, retryAfterMs: 1000 }))
    await expect(none.run(failing(1))).rejects.toThrow('not now')
    await expect(retries().retries.run(() => Promise.reject(new WaybillError('digest_mismatch', 'other bytes')))).rejects.toMatchObject({
      code: 'digest_mismatch',
    })
    expect(slept).toEqual([])
  })

  it('end an attempt that takes too long, and begin another', async () => {
    const { retries: late, slept } = retries(error => ({ transient: isNetworkError(error), retryAfterMs: null }))
    const hanging = (signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }))
    await expect(late.run(hanging, { attempts: 3, attemptMs: 5 })).rejects.toBeInstanceOf(AttemptTimeout)
    expect(slept).toHaveLength(2)
  })

  it('end when they are told to', async () => {
    const stop = new AbortController()
    const { retries: stopped, slept } = retries()
    const attempt = (): Promise<never> => {
      stop.abort()
      return Promise.reject(new Error('not now'))
    }
    await expect(stopped.run(attempt, { signal: stop.signal })).rejects.toThrow('not now')
    expect(slept).toEqual([])
  })
})

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    ['0', 0],
    [' 7 ', 7000],
    ['Thu, 01 Jan 1970 00:00:09 GMT', 8000],
    ['Wed, 31 Dec 1969 00:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    ['1.5', null],
    [undefined, null],
  ])('%s asks for %s ms', (header, ms) => {
    const read = retryAfterMs(header, 1000)
    // dates in words other than HTTP's are whatever the engine makes of them, but never a time before now
    expect(ms === null ? (read ?? 0) >= 0 : read === ms).toBe(true)
  })
})

describe('an error of the network', () => {
  it('is found among the causes', () => {
    const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
    expect(isNetworkError(reset)).toBe(true)
    expect(isNetworkError(new Error('failed', { cause: reset }))).toBe(true)
    expect(isNetworkError(new Error('failed', { cause: new Error('bug') }))).toBe(false)
    expect(isNetworkError('ECONNRESET')).toBe(false)
  })
})
