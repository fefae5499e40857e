/** Bytes that a store holds in memory for requests under way, all its puts together: whoever wants more waits, first come, first served. */
export class ByteBudget {
  readonly #most: number
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = []
  #taken = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Resolves when there is room. More than the whole budget is given too, once nothing else is under way. */
  async take(bytes: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#taken += bytes
      return
    }
    await new Promise<void>(go => this.#waiting.push({ bytes, go }))
  }

  giveBack(bytes: number): void {
    this.#taken -= bytes
    for (let first = this.#waiting[0]; first !== undefined && this.#fits(first.bytes); first = this.#waiting[0]) {
      this.#waiting.shift()
      this.#taken += first.bytes
      first.go()
    }
  }

  #fits(bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#most
  }
}
