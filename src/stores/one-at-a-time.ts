/** Lets only one work of a key run at a time, within this process: the others wait for it, and then find what it has done. */
export class OneAtATime {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs the work after all others of its key that came before. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const running = before.then(work, work)
    this.#last.set(key, running)
    try {
      return await running
    } finally {
      if (this.#last.get(key) === running) this.#last.delete(key)
    }
  }

  /** True while some work of the key runs or waits. */
  has(key: string): boolean {
    return this.#last.has(key)
  }
}
