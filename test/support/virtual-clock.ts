import type { Clock } from '../../src/ports/clock.ts'

/** When virtual time begins, unless told. */
const T0 = Date.UTC(2026, 0, 1)

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** A clock that stands still until it is told how much time has passed. Sleepers whose time has come wake, the earliest first. */
export class VirtualClock implements Clock {
  readonly #sleepers = new Set<Sleeper>()
  #now: number
  /** How far it was set forth or back. */
  #set = 0

  constructor(start = T0) {
    this.#now = start
  }

  now(): number {
    return this.#now + this.#set
  }

  steady(): number {
    return this.#now
  }

  /** Somebody sets the clock, forth or back: no time passes. */
  jump(ms: number): void {
    this.#set += ms
  }

  /** How many sleep now: a test sees by it that something has come to rest. */
  get sleeping(): number {
    return this.#sleepers.size
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise(resolve => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper = { at: this.#now + ms, wake }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', wake)
    })
  }

  /** Lets `ms` pass. */
  advance(ms: number): void {
    this.#now += ms
    const due = [...this.#sleepers].filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at)
    for (const { wake } of due) wake()
  }

  /** Lets time pass in steps of `stepMs`, real work going on in between, until the promise settles. */
  async passUntil<T>(promise: Promise<T>, stepMs = 50): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    promise.then(settle, settle)
    while (!settled) {
      await new Promise(resolve => setTimeout(resolve, 1))
      if (!settled) this.advance(stepMs)
    }
    return promise
  }
}
