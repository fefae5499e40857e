import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Line, type Turner } from '../../../src/queue/turns.ts'

interface Named extends Turner {
  readonly name: number
}

function turner(name: number): Named {
  return { name, pass: 0, waiting: false }
}

describe('a line of turns', () => {
  it('lets nobody stand in it twice, and is empty when all were taken', () => {
    const line = new Line<Named>()
    const one = turner(1)
    expect(line.empty).toBe(true)
    expect(line.take(() => 1)).toBeNull()
    line.join(one)
    line.join(one)
    expect(line.empty).toBe(false)
    expect(line.take(() => 1)).toBe(one)
    expect(one.waiting).toBe(false)
    expect(line.take(() => 1)).toBeNull()
  })

  it('takes whoever has the lowest pass, whatever the order of joining', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 }), { maxLength: 60 }), passes => {
        const line = new Line<Named>()
        passes.forEach((pass, name) => line.join({ ...turner(name), pass }))
        const taken = passes.map(() => passes[line.take(() => 0)?.name ?? -1])
        expect(taken).toEqual([...passes].sort((a, b) => a - b))
      }),
    )
  })

  it('takes equals in the order of their joining, however many join', () => {
    const line = new Line<Named>()
    const names = Array.from({ length: 100 }, (_, name) => name)
    for (const name of names.slice(0, 5)) line.join(turner(name))
    const taken = names.map(name => {
      if (name + 5 < 100) line.join(turner(name + 5))
      return line.take(() => 0)?.name
    })
    expect(taken).toEqual(names)
  })

  it('deals turns in the measure of their strides, from whenever each joined', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), weights => {
        const line = new Line<Named>()
        const turns = weights.map(() => 0)
        weights.forEach((_, name) => line.join(turner(name)))
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        const rounds = 20
        for (let turn = 0; turn < rounds * total; turn++) {
          const next = line.take(({ name }) => 1 / (weights[name] ?? 1)) as Named
          turns[next.name] = (turns[next.name] ?? 0) + 1
          line.join(next)
        }
        turns.forEach((count, name) => expect(Math.abs(count - rounds * (weights[name] ?? 0))).toBeLessThanOrEqual(2))
      }),
    )
  })
})
