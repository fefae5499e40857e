import type { Random } from '../support/random.ts'

/** Decides, by a seed, what goes wrong. What has gone wrong is counted, so that a test sees that something has. */
export class Dice<Kind extends string> {
  readonly happened = new Map<Kind, number>()
  protected readonly random: Random
  readonly #kinds: readonly Kind[]
  readonly #chance: number
  #isOn = false

  /** Each of the kinds happens with this chance where it may. */
  constructor(random: Random, kinds: readonly Kind[], chance: number) {
    this.random = random
    this.#kinds = kinds
    this.#chance = chance
  }

  begin(): void {
    this.#isOn = true
  }

  /** From now on all is well. */
  end(): void {
    this.#isOn = false
  }

  /** True when such a fault befalls what is being done; `times`: so much more often than others. */
  befalls(kind: Kind, times = 1): boolean {
    if (!this.#isOn || !this.#kinds.includes(kind) || !this.random.chance(this.#chance * times)) return false
    this.happened.set(kind, (this.happened.get(kind) ?? 0) + 1)
    return true
  }
}
