import type { Clock } from '../../src/ports/clock.ts'
import { WaybillError } from '../../src/model/errors.ts'
import type { Random } from '../support/random.ts'

/** A process of the simulation: its steps and sleeps come to nothing once it is dead. */
export class SimulatedProcess {
  readonly name: string
  /** How far its clock is from virtual time, in milliseconds. */
  readonly skew: number
  isAlive = true
  /** Until this moment of virtual time it stands still, as one that was stopped, or swapped out, does. */
  stalledUntil = 0
  /** Resolves with its end. */
  readonly died: Promise<void>
  #die: () => void = () => undefined

  constructor(name: string, skew = 0) {
    this.name = name
    this.skew = skew
    this.died = new Promise(resolve => (this.#die = resolve))
  }

  die(): void {
    this.isAlive = false
    this.#die()
  }
}

interface Step {
  readonly process: SimulatedProcess
  readonly name: string
  readonly run: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Sleeper {
  readonly process: SimulatedProcess
  readonly at: number
  readonly wake: () => void
}

/** What becomes of a step of a living process: usually it happens, and its answer arrives. */
export interface Faults {
  /** Chance that a step never happens, and says so. */
  refused: number
  /** Chance that it happens, and its answer is lost. */
  lostAnswer: number
}

const T0 = Date.UTC(2026, 0, 1)
/** The most that time goes on at once while somebody could do something. */
const IDLE_MS = 400

/**
 * Decides what happens next: which process makes its step, or that time passes. All waiting of the processes goes through here, so that one seed gives one
 * course of events.
 */
export class Schedule {
  readonly faults: Faults = { refused: 0, lostAnswer: 0 }
  readonly #random: Random
  #steps: Step[] = []
  #sleepers: Sleeper[] = []
  #now = T0
  #taken = 0
  #calls = 0
  #trace = 0

  constructor(random: Random) {
    this.#random = random
  }

  get now(): number {
    return this.#now
  }

  /** How many steps were made: calls that happened, or did not, and times that passed. */
  get taken(): number {
    return this.#taken
  }

  /** How many calls of a ledger or a store have happened. */
  get calls(): number {
    return this.#calls
  }

  /** Stands for the whole course of events up to now: the same seed gives the same. */
  get trace(): number {
    return this.#trace
  }

  /** Waits for a turn and then runs; everything in one step happens at once. */
  step<T>(process: SimulatedProcess, name: string, run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (process.isAlive) this.#steps.push({ process, name, run, resolve: resolve as (value: unknown) => void, reject })
    })
  }

  clock(process: SimulatedProcess): Clock {
    return {
      now: () => this.#now + process.skew,
      steady: () => this.#now,
      sleep: (ms, signal) => this.#sleep(process, ms, signal),
    }
  }

  #sleep(process: SimulatedProcess, ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise(resolve => {
      const wake = (): void => {
        this.#sleepers = this.#sleepers.filter(one => one !== sleeper)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper = { process, at: this.#now + ms, wake }
      if (process.isAlive) this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', wake)
    })
  }

  /** Ends a process: of what it had asked for, some has happened and some never will, and it hears of neither. */
  kill(process: SimulatedProcess): void {
    process.die()
    const last = this.#steps.filter(step => step.process === process)
    this.#steps = this.#steps.filter(step => step.process !== process)
    this.#sleepers = this.#sleepers.filter(sleeper => sleeper.process !== process)
    for (const step of last) if (this.#random.chance(0.5)) this.#happen(step, 'killed')
  }

  /** One step, or some time. Resolves when everybody who could go on because of it has. */
  async next(): Promise<void> {
    this.#taken += 1
    const ready = this.#steps.filter(({ process }) => process.stalledUntil <= this.#now)
    if (ready.length === 0 || this.#random.chance(0.03)) this.#pass(ready.length === 0)
    else this.#make(this.#random.pick(ready))
    await new Promise(resolve => setImmediate(resolve))
  }

  /** True while somebody waits for a step of that name. */
  waits(name: string): boolean {
    return this.#steps.some(step => step.name === name)
  }

  /** Time jumps ahead, and whoever slept meanwhile wakes. */
  jump(ms: number): void {
    this.#now += ms
    this.#wakeDue()
  }

  /** Lets time pass, at most to where somebody wakes. */
  #pass(isIdle: boolean): void {
    const moments = [...this.#sleepers.map(({ at, process }) => Math.max(at, process.stalledUntil)), ...this.#steps.map(({ process }) => process.stalledUntil)]
    const wakes = moments.filter(at => at > this.#now)
    const next = Math.min(...wakes, this.#now + 60_000)
    this.#now = isIdle ? next : Math.min(next, this.#now + this.#random.between(1, IDLE_MS))
    this.#wakeDue()
  }

  #wakeDue(): void {
    const due = this.#sleepers.filter(({ at, process }) => at <= this.#now && process.stalledUntil <= this.#now)
    for (const { wake } of due.sort((a, b) => a.at - b.at)) wake()
  }

  #make(step: Step): void {
    this.#steps = this.#steps.filter(one => one !== step)
    if (this.#random.chance(this.faults.refused)) {
      this.#note(step, 'refused')
      step.reject(lost(`${step.name} did not happen`))
      return
    }
    const outcome = this.#happen(step, 'made')
    if (this.#random.chance(this.faults.lostAnswer)) step.reject(lost(`the answer to ${step.name} was lost`))
    else if ('error' in outcome) step.reject(outcome.error)
    else step.resolve(outcome.value)
  }

  #happen(step: Step, how: string): { value: unknown } | { error: unknown } {
    this.#calls += 1
    try {
      const value = step.run()
      this.#note(step, how)
      return { value }
    } catch (error) {
      this.#note(step, error instanceof WaybillError ? error.code : 'error')
      return { error }
    }
  }

  #note({ process, name }: Step, how: string): void {
    for (const character of `${process.name} ${name} ${how} ${this.#now}`) this.#trace = (Math.imul(this.#trace, 31) + character.charCodeAt(0)) | 0
  }
}

function lost(what: string): WaybillError {
  return new WaybillError('unavailable', `simulated: ${what}`)
}
