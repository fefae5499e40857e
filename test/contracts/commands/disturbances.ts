import { Command } from './command.ts'
import type { Model } from './model.ts'
import type { OperationOf } from './operations.ts'
import type { Real } from './real.ts'
import { DAY_MS } from '../ledger/world.ts'

/** Longer than jobs are kept, whatever the clock was set back by. */
const AGE_MS = 60 * DAY_MS

/** The process is killed, or ends in order, and the next one begins. */
export class Reopen extends Command<OperationOf<'crash' | 'restart'>> {
  protected act(_model: Model, real: Real): Promise<void> {
    return real.again(this.operation.op)
  }

  toString(): string {
    return this.operation.op
  }
}

/** Somebody sets the clock: no time passes. */
export class SetClock extends Command<OperationOf<'set'>> {
  protected act(_model: Model, real: Real): Promise<void> {
    real.world.clock.jump(this.operation.ms)
    return Promise.resolve()
  }

  toString(): string {
    const { ms } = this.operation
    return `set the clock ${ms < 0 ? 'back' : 'forth'} by ${Math.abs(ms)} ms`
  }
}

/** Whatever is finished expires, and is purged in small batches, after the first of which the process may die. Locks end, too. */
export class Age extends Command<OperationOf<'age'>> {
  protected async act(model: Model, real: Real): Promise<void> {
    const { batch, crashes } = this.operation
    real.world.clock.advance(AGE_MS)
    if (crashes) {
      await real.world.ledger.purge(batch)
      await real.again('crash')
    }
    while ((await real.world.ledger.purge(batch)) > 0);
    const gone = model.jobs.filter(({ state }) => state === 'finished')
    model.drop(gone)
    model.locked.clear()
    real.forget(gone)
  }

  toString(): string {
    const { batch, crashes } = this.operation
    return `let 60 days pass, and purge ${batch} at a time${crashes ? ', with a crash after the first time' : ''}`
  }
}

/** One step of a purge: what has expired is gone from some moment on, in whole and for good. */
export class Purge extends Command<OperationOf<'purge'>> {
  protected async act(model: Model, real: Real): Promise<void> {
    await real.world.ledger.purge(this.operation.batch)
    model.purge()
  }

  toString(): string {
    return `purge ${this.operation.batch} rows`
  }
}
