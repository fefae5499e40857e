/** Something that takes turns: the lower its pass, the sooner. */
export interface Turner {
  pass: number
  /** True while it stands in the line. */
  waiting: boolean
}

/** Where somebody stands in a line; `joined` counts who came. */
interface Place<T> {
  readonly turner: T
  readonly joined: number
}

/**
 * A line in which turns are dealt by stride scheduling: whoever took fewer turns, weighed, goes first, and of equals whoever joined first: else those who
 * come new all the time, with one turn each, would pass by one who waits. A newcomer starts at the line's own time, so that nobody who rested gets a burst. A
 * binary heap by pass: a turn costs the logarithm of those who wait.
 */
export class Line<T extends Turner> {
  readonly #heap: Place<T>[] = []
  #joined = 0
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
    this.#heap.push({ turner, joined: this.#joined++ })
    this.#rise(this.#heap.length - 1)
  }

  /** Takes out the next one, whose pass then grows by `stride`. */
  take(stride: (turner: T) => number): T | null {
    const first = this.#heap[0]?.turner
    if (first === undefined) return null
    const last = this.#heap.pop() as Place<T>
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
      if (!this.#swapIfBefore(at, parent)) return
      at = parent
    }
  }

  #sink(from: number): void {
    let at = from
    for (;;) {
      const left = 2 * at + 1
      if (left >= this.#heap.length) return
      const right = left + 1
      const child = right < this.#heap.length && this.#isBefore(right, left) ? right : left
      if (!this.#swapIfBefore(child, at)) return
      at = child
    }
  }

  #swapIfBefore(a: number, b: number): boolean {
    if (!this.#isBefore(a, b)) return false
    const kept = this.#heap[a] as Place<T>
    this.#heap[a] = this.#heap[b] as Place<T>
    this.#heap[b] = kept
    return true
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a] as Place<T>, this.#heap[b] as Place<T>]
    return one.turner.pass === other.turner.pass ? one.joined < other.joined : one.turner.pass < other.turner.pass
  }
}
