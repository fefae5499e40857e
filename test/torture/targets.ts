import type { Random } from '../support/random.ts'

/** What a server is killed around, and among how many of it: enough that it is sometimes the first one and sometimes one in the middle of much work. */
const CALLS: Readonly<Record<string, number>> = { commit: 25, checkpoint: 1, fsync: 30, rename: 20, link: 2, unlink: 2, answer: 60 }

/** The points by name, as `preload/crash.ts` knows them. */
export const POINTS: readonly string[] = Object.keys(CALLS).flatMap(call => [`before ${call}`, `after ${call}`])

/** No point at all, but whatever is just going on. */
export const MOMENT = 'at any moment'

/** Where a server is to die; at `ms` it does in any case. */
export interface Target {
  /** As the preload reads it, `after commit 3`; null: only the time counts. */
  readonly order: string | null
  readonly ms: number
}

const PATIENCE_MS = 1_500
const MOMENTS = 0.2

/** Every point in its turn, the order of each round by chance, and moments in between. */
export class Targets {
  readonly #random: Random
  readonly #points: readonly string[]
  #round: string[] = []

  constructor(random: Random, points: readonly string[] = POINTS) {
    const unknown = points.find(point => !POINTS.includes(point))
    if (unknown !== undefined) throw new Error(`there is no point ${JSON.stringify(unknown)}; there are ${POINTS.join(', ')}`)
    this.#random = random
    this.#points = points
  }

  next(): Target {
    if (this.#random.chance(MOMENTS)) return { order: null, ms: this.#random.between(20, 700) }
    if (this.#round.length === 0) this.#round = [...this.#points]
    const [point] = this.#round.splice(this.#random.between(0, this.#round.length - 1), 1) as [string]
    const [, call] = point.split(' ') as [string, string]
    return { order: `${point} ${this.#random.between(1, CALLS[call] as number)}`, ms: PATIENCE_MS }
  }
}
