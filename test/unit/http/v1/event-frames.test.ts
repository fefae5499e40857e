import { describe, expect, it } from 'vitest'
import { PatientReader, eventText } from '../../../../src/http/v1/event-frames.ts'
import type { EventOrProgress } from '../../../../src/http/v1/event-frames.ts'
import type { JobWire } from '../../../../src/http/v1/schemas/job.ts'
import type { EventType } from '../../../../src/model/event.ts'
import type { Job } from '../../../../src/model/job.ts'
import type { Clock } from '../../../../src/ports/clock.ts'

/** A clock whose sleeps end when the test says so. */
class HandClock implements Clock {
  #sleepers: { readonly ms: number; readonly wake: () => void }[] = []
  #arrived: (() => void) | null = null

  now(): number {
    return 0
  }

  steady(): number {
    return 0
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise(wake => {
      const sleeper = { ms, wake }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter(other => other !== sleeper)
        wake()
      })
      this.#arrived?.()
    })
  }

  /** Waits until somebody sleeps for `ms`, and wakes them. */
  async pass(ms: number): Promise<void> {
    while (!this.#sleepers.some(sleeper => sleeper.ms === ms)) await new Promise<void>(resolve => (this.#arrived = resolve))
    const due = this.#sleepers.filter(sleeper => sleeper.ms === ms)
    this.#sleepers = this.#sleepers.filter(sleeper => sleeper.ms !== ms)
    for (const sleeper of due) sleeper.wake()
  }
}

function event(id: number, type: EventType): EventOrProgress {
  return { event: { id, type, job: 'j', at: 0, data: { n: id } } }
}

/** Some events, then silence until the signal aborts. */
function events(list: readonly EventOrProgress[], onEnd: () => void = () => undefined): (signal: AbortSignal) => AsyncIterable<EventOrProgress> {
  return async function* (signal) {
    try {
      yield* list
      if (!signal.aborted) await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
    } finally {
      onEnd()
    }
  }
}

const encode = async (job: Job): Promise<JobWire> => ({ id: job.id }) as JobWire
const isFinish = (one: EventOrProgress): boolean => 'event' in one && one.event.type === 'job.finished'
const NEVER = new AbortController().signal

describe('a stream of events', () => {
  it('opens at once, numbers stored events and not progress, and comments on silence', async () => {
    const clock = new HandClock()
    const reader = new PatientReader(clock, NEVER, events([event(4, 'job.submitted'), { progress: { id: 'j' } as Job }]))
    const text = eventText(reader, encode, { settleMs: 10, mayBeLast: isFinish, isOver: () => Promise.resolve(false) })
    expect((await text.next()).value).toBe('retry: 2000\n\n')
    expect((await text.next()).value).toBe('id: 4\nevent: job.submitted\ndata: {"type":"job.submitted","job":"j","at":"1970-01-01T00:00:00.000Z","n":4}\n\n')
    expect((await text.next()).value).toBe('event: job.progress\ndata: {"id":"j"}\n\n')
    const silence = text.next()
    await clock.pass(15_000)
    expect((await silence).value).toBe(': alive\n\n')
    await text.return(undefined)
  })

  it('ends when the job is finished and nothing more came, and lets its source clean up', async () => {
    const clock = new HandClock()
    let cleaned = false
    const reader = new PatientReader(
      clock,
      NEVER,
      events([event(1, 'job.finished'), event(2, 'job.finished')], () => (cleaned = true)),
    )
    const text = eventText(reader, encode, { settleMs: 10, mayBeLast: isFinish, isOver: () => Promise.resolve(true) })
    for (let n = 0; n < 3; n += 1) await text.next()
    const end = text.next()
    await clock.pass(10)
    expect((await end).done).toBe(true)
    expect(cleaned).toBe(true)
  })

  it('goes on after a finish that a retry has undone', async () => {
    const clock = new HandClock()
    let over = false
    const reader = new PatientReader(clock, NEVER, events([event(1, 'job.finished')]))
    const text = eventText(reader, encode, { settleMs: 10, mayBeLast: isFinish, isOver: () => Promise.resolve(over) })
    for (let n = 0; n < 2; n += 1) await text.next()
    const silence = text.next()
    await clock.pass(10)
    await clock.pass(15_000)
    expect((await silence).value).toBe(': alive\n\n')
    over = true
    const end = text.next()
    await clock.pass(15_000)
    expect((await end).done).toBe(true)
  })

  it('ends with its source', async () => {
    const leave = new AbortController()
    const text = eventText(new PatientReader(new HandClock(), leave.signal, events([])), encode, {
      settleMs: 10,
      mayBeLast: isFinish,
      isOver: () => Promise.resolve(false),
    })
    await text.next()
    const end = text.next()
    leave.abort()
    expect((await end).done).toBe(true)
  })
})
