import { afterEach, describe, expect, it, vi } from 'vitest'
import { toldNumber } from '../../support/told.ts'

const VARIABLE = 'TOLD_FOR_THIS_TEST'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('a number that the environment tells', () => {
  it('is taken, and without it the usual one', () => {
    expect(toldNumber(VARIABLE, 3)).toBe(3)
    vi.stubEnv(VARIABLE, '20')
    expect(toldNumber(VARIABLE, 3)).toBe(20)
  })

  it.each(['', 'x', '0', '-1', '1.5', '1e3', '99999999999999999999'])('is refused when it is "%s"', told => {
    vi.stubEnv(VARIABLE, told)
    expect(() => toldNumber(VARIABLE, 3)).toThrow(`${VARIABLE} is a whole number from 1 on, not "${told}"`)
  })

  it('may begin elsewhere than at one', () => {
    vi.stubEnv(VARIABLE, '0')
    expect(toldNumber(VARIABLE, 3, 0)).toBe(0)
  })
})
