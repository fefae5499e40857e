import type { ByteBudget } from './byte-budget.ts'

/**
 * Memory for parts under way, within a store's budget, and used again and again: to allocate megabytes for every part costs more time (pages that the system must
 * clear, collections that they bring about) than to hash them. Nothing is kept when no part is under way.
 */
export class PartBuffers {
  readonly #budget: ByteBudget
  readonly #free: Buffer[] = []
  #used = 0

  constructor(budget: ByteBudget) {
    this.#budget = budget
  }

  /** So many bytes, with anything in them, when there is room. Whoever gets them needs no other to give them back. */
  async take(bytes: number): Promise<Buffer> {
    await this.#budget.take(bytes)
    this.#used += 1
    const at = this.#free.findIndex(buffer => buffer.byteLength === bytes)
    return (at < 0 ? undefined : this.#free.splice(at, 1)[0]) ?? Buffer.allocUnsafeSlow(bytes)
  }

  giveBack(buffer: Buffer): void {
    this.#used -= 1
    this.#free.push(buffer)
    if (this.#used === 0) this.#free.length = 0
    this.#budget.giveBack(buffer.byteLength)
  }
}
