import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CATALOGUE, WaybillError, isWaybillError, type ErrorCode } from '../../../src/model/errors.ts'
import { ITEM_STATES, isTerminal, reasonMessage } from '../../../src/model/item.ts'
import { outcomeOf, type Counts } from '../../../src/model/job.ts'

function counts(changes: Partial<Counts>): Counts {
  const states = { pending: 0, running: 0, done: 0, skipped: 0, failed: 0, evicted: 0, cancelled: 0, ...changes }
  return { total: Object.values(states).reduce((sum, n) => sum + n, 0), ...states }
}

describe('the states of items', () => {
  it('are terminal from done on', () => {
    expect(ITEM_STATES.filter(isTerminal)).toEqual(['done', 'skipped', 'failed', 'evicted', 'cancelled'])
    expect(ITEM_STATES.indexOf('done')).toBe(2)
  })
})

describe('the outcome of a job', () => {
  it.each([
    ['succeeded', {}],
    ['succeeded', { done: 3 }],
    ['succeeded', { done: 1, skipped: 2 }],
    ['succeeded', { skipped: 2 }],
    ['partial', { done: 1, failed: 1 }],
    ['partial', { done: 1, evicted: 1 }],
    ['partial', { done: 1, skipped: 1, failed: 1 }],
    ['failed', { failed: 2 }],
    ['failed', { evicted: 2 }],
    ['failed', { skipped: 1, failed: 1 }],
    ['cancelled', { cancelled: 1 }],
    ['cancelled', { done: 9, cancelled: 1 }],
    ['cancelled', { failed: 1, cancelled: 1 }],
  ] as const)('is %s for %o', (outcome, changes) => expect(outcomeOf(counts(changes))).toBe(outcome))

  it('is success only when nothing went wrong, and failure only when nothing was done', () => {
    const some = fc.nat({ max: 3 })
    fc.assert(
      fc.property(fc.record({ done: some, skipped: some, failed: some, evicted: some, cancelled: some }), states => {
        const outcome = outcomeOf(counts(states))
        const wrong = states.failed + states.evicted + states.cancelled
        expect(outcome === 'succeeded').toBe(wrong === 0)
        expect(outcome === 'cancelled').toBe(states.cancelled > 0)
        if (outcome === 'failed') expect(states.done).toBe(0)
        if (outcome === 'partial') expect(states.done).toBeGreaterThan(0)
      }),
    )
  })
})

describe('reasons and errors', () => {
  const codes = Object.keys(CATALOGUE) as ErrorCode[]

  it('say for each code in one sentence what is wrong, and where', () => {
    for (const code of codes) expect(reasonMessage(code, 'a.png in photos', 'r2', null)).toMatch(/a\.png in photos.*\.$/)
  })

  it('say what was expected and what is there', () => {
    expect(reasonMessage('condition_failed', 'a.png', 'r2', 'r1')).toBe('a.png is at r1, but r2 was expected.')
    expect(reasonMessage('condition_failed', 'a.png', null, 'r1')).toBe('a.png is at r1, but nothing was expected.')
    expect(reasonMessage('locked', 'a.png', undefined, 'by "ada"')).toBe('a.png is locked by "ada".')
  })

  it('carry the status and title of their code', () => {
    for (const code of codes) {
      const error = new WaybillError(code, 'why')
      expect([error.message, error.status, error.title]).toEqual(['why', CATALOGUE[code].status, CATALOGUE[code].title])
      expect(error.status).toBeGreaterThanOrEqual(400)
      expect(isWaybillError(error, code)).toBe(true)
    }
  })

  it('are told apart from other errors and codes', () => {
    expect(isWaybillError(new Error('x'))).toBe(false)
    expect(isWaybillError({ code: 'locked' }, 'locked')).toBe(false)
    expect(isWaybillError(new WaybillError('locked', 'x'), 'internal')).toBe(false)
  })
})
