/** Something that takes turns: the lower its pass, the sooner. */
export interface Turner {
  pass: number
  /** True while it stands in the line. */
  waiting: boolean
}

/**
 * A line in which turns are dealt by stride scheduling: whoever took fewer turns, weighed, goes first; a newcomer starts at the line's own time, so that
 * nobody who rested gets a burst. A binary heap by pass: a turn costs the logarithm of those who wait.
 */
export class Line<T extends Turner> {
  readonly #heap: T[] = []
  /** The pass of whoever went last. */
  #time = 0

  get time(): number {
    return this.#time
  }

  get empty(): boolean {
    return this.#heap.length === 0
  }

  /** Joins the line; does nothing for who stands there already. */
  join(turner: T): void {
    if (turner.waiting) return
    turner.waiting = true
    turner.pass = Math.max(turner.pass, this.#time)
    this.#heap.push(turner)
    this.#rise(this.#heap.length - 1)
  }

  /** Takes out the next one, whose pass then grows by `stride`. */
  take(stride: (turner: T) => number): T | null {
    const first = this.#heap[0]
    if (first === undefined) return null
    const last = this.#heap.pop() as T
    if (this.#heap.length > 0) {
      this.#heap[0] = last
      this.#sink(0)
    }
    first.waiting = false
    this.#time = first.pass
    first.pass += stride(first)
    return first
  }

  #rise(from: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#swapIfLess(at, parent)) return
      at = parent
    }
  }

  #sink(from: number): void {
    let at = from
    for (;;) {
      const left = 2 * at + 1
      if (left >= this.#heap.length) return
      const right = left + 1
      const child = right < this.#heap.length && this.#pass(right) < this.#pass(left) ? right : left
      if (!this.#swapIfLess(child, at)) return
      at = child
    }
  }

  #swapIfLess(a: number, b: number): boolean {
    if (this.#pass(a) >= this.#pass(b)) return false
    const kept = this.#heap[a] as T
    this.#heap[a] = this.#heap[b] as T
    this.#heap[b] = kept
    return true
  }

  #pass(at: number): number {
    return (this.#heap[at] as T).pass
  }
}
