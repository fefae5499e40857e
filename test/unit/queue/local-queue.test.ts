import { describe, expect, it } from 'vitest'
import type { TurnResult, Wake } from '../../../src/ports/queue.ts'
import { LocalQueue } from '../../../src/queue/local/local-queue.ts'

interface Turn {
  readonly job: string
  end(result: TurnResult): void
  fail(error: Error): void
}

/** A queue whose turns begin and end as the test says. */
class Stage {
  readonly errors: { readonly error: unknown; readonly job: string }[] = []
  readonly begun: string[] = []
  readonly running: Turn[] = []
  readonly queue = new LocalQueue((error, job) => this.errors.push({ error, job }))

  work(concurrency: number): void {
    const handler = (job: string): Promise<TurnResult> => {
      this.begun.push(job)
      return new Promise((resolve, reject) => this.running.push({ job, end: resolve, fail: reject }))
    }
    this.queue.work(handler, { concurrency })
  }

  wake(job: string, tenant = 'alice', priority = 5): Wake {
    const wake = { job, tenant, priority }
    this.queue.wake(wake)
    return wake
  }

  /** Ends the oldest running turn (of the job) and lets the queue deal. */
  async end(result: TurnResult, job?: string): Promise<string> {
    const at = job === undefined ? 0 : this.running.findIndex(turn => turn.job === job)
    const [turn] = this.running.splice(at, 1)
    if (turn === undefined) throw new Error('no turn is running')
    turn.end(result)
    await settled()
    return turn.job
  }

  /** Ends `n` turns one after the other, all with `more`; says whose they were. */
  async turns(n: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (let turn = 0; turn < n; turn++) {
      const job = await this.end('more')
      counts[job] = (counts[job] ?? 0) + 1
    }
    return counts
  }
}

/** After all that promises do by themselves. */
function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

describe('the local queue', () => {
  it('calls the handler for a job that was woken, before or after work began', async () => {
    const stage = new Stage()
    stage.wake('early')
    expect(stage.begun).toEqual([])
    stage.work(2)
    stage.wake('late')
    expect(stage.begun).toEqual(['early', 'late'])
    await stage.end('idle')
    await stage.end('idle')
    expect(stage.begun).toHaveLength(2)
  })

  it('gives a job turn after turn while it says more, and none once it is idle', async () => {
    const stage = new Stage()
    stage.work(1)
    stage.wake('a')
    for (let turn = 0; turn < 5; turn++) await stage.end('more')
    expect(stage.begun).toHaveLength(6)
    await stage.end('idle')
    await settled()
    expect(stage.begun).toHaveLength(6)
    stage.wake('a')
    expect(stage.begun).toHaveLength(7)
  })

  it('lets a job that says more have two turns at once, but not before, and never a third', async () => {
    const stage = new Stage()
    stage.work(8)
    stage.wake('a')
    stage.wake('a')
    expect(stage.running).toHaveLength(1)
    await stage.end('more')
    expect(stage.running).toHaveLength(2)
    stage.wake('a')
    expect(stage.running).toHaveLength(2)
    await stage.end('more')
    expect(stage.running).toHaveLength(2)
  })

  it('loses no wake-up that comes while a turn runs: that turn may have looked too early', async () => {
    const stage = new Stage()
    stage.work(4)
    stage.wake('a')
    stage.wake('a')
    await stage.end('idle')
    expect(stage.begun).toEqual(['a', 'a'])
    await stage.end('idle')
    expect(stage.begun).toEqual(['a', 'a'])
  })

  it('loses none while two turns run either, whichever of them ends first', async () => {
    for (const first of [0, 1]) {
      const stage = new Stage()
      stage.work(4)
      stage.wake('a')
      await stage.end('more')
      expect(stage.running).toHaveLength(2)
      stage.wake('a')
      stage.running.push(...stage.running.splice(first, 1))
      await stage.end('idle')
      await stage.end('idle')
      while (stage.running.length > 0) await stage.end('idle')
      expect(stage.begun.length, 'a turn began after the wake-up').toBeGreaterThan(3)
    }
  })

  it('goes on when one turn finds nothing but the other did something', async () => {
    const stage = new Stage()
    stage.work(4)
    stage.wake('a')
    await stage.end('more')
    await stage.end('idle')
    expect(stage.begun).toHaveLength(3)
    await stage.end('more')
    expect(stage.begun.length).toBeGreaterThan(3)
  })

  it('does not spin: an idle job costs no calls, however often others get turns', async () => {
    const stage = new Stage()
    stage.work(2)
    stage.wake('idle')
    await stage.end('idle')
    stage.wake('busy')
    await stage.turns(100)
    expect(stage.begun.filter(job => job === 'idle')).toHaveLength(1)
  })

  it('shares turns evenly between tenants, however many jobs each has', async () => {
    const stage = new Stage()
    for (let n = 0; n < 50; n++) stage.wake(`a${n}`, 'alice')
    stage.wake('b', 'bob')
    stage.wake('c', 'carol')
    stage.work(1)
    const counts = await stage.turns(300)
    expect(counts['b']).toBe(100)
    expect(counts['c']).toBe(100)
    for (let n = 0; n < 50; n++) expect(counts[`a${n}`]).toBe(2)
  })

  it("shares a tenant's turns between its jobs by priority", async () => {
    const stage = new Stage()
    stage.wake('last', 'alice', 1)
    stage.wake('usual', 'alice', 5)
    stage.wake('first', 'alice', 9)
    stage.work(1)
    const counts = await stage.turns(150)
    for (const [job, share] of [
      ['last', 10],
      ['usual', 50],
      ['first', 90],
    ] as const) {
      expect(Math.abs((counts[job] ?? 0) - share), `${job} got ${counts[job]} of 150`).toBeLessThanOrEqual(2)
    }
  })

  it('gives a newcomer its turn within a round, and no credit for the time it was not there', async () => {
    const stage = new Stage()
    stage.wake('old', 'alice')
    stage.work(1)
    await stage.turns(500)
    stage.wake('new', 'bob')
    stage.wake('sibling', 'alice')
    const counts = await stage.turns(40)
    expect(counts['new']).toBeGreaterThanOrEqual(19)
    expect(counts['new']).toBeLessThanOrEqual(21)
    expect(Math.abs((counts['old'] ?? 0) - (counts['sibling'] ?? 0))).toBeLessThanOrEqual(2)
  })

  it.each(['alice', 'others'])('gives a job its further turns while jobs of one turn each come all the time, of %s', async tenant => {
    const stage = new Stage()
    stage.work(1)
    stage.wake('long', 'alice')
    for (let n = 0; n < 50; n++) {
      for (const one of ['a', 'b']) stage.wake(`${one}${n}`, tenant === 'alice' ? 'alice' : `${one}${n}`)
      await stage.end(stage.running[0]?.job === 'long' ? 'more' : 'idle')
    }
    // of 50 turns; never more than 50 others wait
    expect(stage.begun.filter(job => job === 'long').length).toBeGreaterThan(3)
  })

  it('never runs more turns than it may', async () => {
    const stage = new Stage()
    stage.work(3)
    for (let n = 0; n < 10; n++) stage.wake(`j${n}`, `t${n % 2}`)
    expect(stage.running).toHaveLength(3)
    for (let n = 0; n < 50; n++) {
      await stage.end(n % 3 === 0 ? 'idle' : 'more')
      expect(stage.running.length).toBeLessThanOrEqual(3)
    }
  })

  it('reports a turn that threw; the job rests until it is woken, others go on', async () => {
    const stage = new Stage()
    stage.work(1)
    stage.wake('bad')
    stage.wake('good')
    const error = new Error('the disk is gone')
    stage.running.shift()?.fail(error)
    await settled()
    expect(stage.errors).toEqual([{ error, job: 'bad' }])
    expect(stage.begun).toEqual(['bad', 'good'])
    await stage.turns(5)
    expect(stage.begun.filter(job => job === 'bad')).toHaveLength(1)
    stage.wake('bad')
    await stage.turns(2)
    expect(stage.begun.filter(job => job === 'bad').length).toBeGreaterThan(1)
  })

  it('reports a handler that throws before it returns a promise', async () => {
    const errors: unknown[] = []
    const queue = new LocalQueue(error => errors.push(error))
    const thrown = (): never => {
      throw new Error('at once')
    }
    queue.work(thrown, { concurrency: 1 })
    queue.wake({ job: 'a', tenant: 't', priority: 5 })
    await settled()
    expect(errors).toMatchObject([{ message: 'at once' }])
    await queue.stop()
  })

  it('stops: waits for the running turns and begins no new ones', async () => {
    const stage = new Stage()
    stage.work(2)
    for (const job of ['a', 'b', 'c']) stage.wake(job)
    let stopped = false
    const stop = stage.queue.stop().then(() => (stopped = true))
    await settled()
    expect(stopped).toBe(false)
    await stage.end('more')
    stage.wake('d')
    expect(stopped).toBe(false)
    await stage.end('more')
    await stop
    expect(stage.begun).toEqual(['a', 'b'])
    await stage.queue.stop()
  })
})
