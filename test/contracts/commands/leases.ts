import { expect } from 'vitest'
import { Command, JobCommand, LeaseCommand } from './command.ts'
import type { Model, ModelJob, ModelLease } from './model.ts'
import type { OperationOf } from './operations.ts'
import type { Real } from './real.ts'
import type { Lease } from '../../../src/ports/ledger.ts'
import { sha256 } from '../../support/sha256.ts'
import { LEASE_MS, refusal } from '../ledger/world.ts'

/** A worker asks for the next chunk of a job. What it was given, or null where there is nothing to do. */
async function lease(job: ModelJob, model: Model, real: Real): Promise<ModelLease | null> {
  const work = await real.world.ledger.nextWork(real.idOf(job), 'w', LEASE_MS)
  const chunk = model.nextChunk(job)
  expect(work.do).toBe(chunk === null ? 'nothing' : 'run')
  if (work.do !== 'run' || chunk === null) return null
  expect(work.lease.chunk).toBe(job.chunks.indexOf(chunk))
  expect(work.lease.token).toBeGreaterThan(chunk.token)
  Object.assign(chunk, { state: 'leased', token: work.lease.token, until: work.lease.expiresAt })
  const held = { job, chunk, token: work.lease.token }
  model.leases.push(held)
  real.addLease(held, work.lease)
  return held
}

/** I7: a lease counts while its token is the chunk's present one; else nothing may happen. */
async function withLease(held: ModelLease, real: Real, call: (lease: Lease) => Promise<unknown>, then: () => void): Promise<void> {
  const counts = held.chunk.state === 'leased' && held.chunk.token === held.token
  const called = call(real.leaseOf(held))
  if (counts) await called.then(then)
  else await refusal(called, 'stale_lease')
}

function apply(held: ModelLease, rotten: string | null, model: Model, real: Real): Promise<void> {
  const corrupt = rotten === null ? [] : [sha256(rotten)]
  return withLease(
    held,
    real,
    async one => {
      const waits = await real.world.ledger.applyChunk(one, corrupt)
      expect(waits).toBe((await real.world.job(one.job)).counts.pending > 0)
    },
    () => model.apply(held.job, held.chunk, new Set(corrupt)),
  )
}

/** All jobs are worked on until there is nothing more to do. */
export class Work extends Command<OperationOf<'work'>> {
  protected async act(model: Model, real: Real): Promise<void> {
    for (const job of model.jobsThere) {
      for (;;) {
        const held = await lease(job, model, real)
        if (held === null) break
        await apply(held, null, model, real)
      }
    }
  }

  toString(): string {
    return 'work on all jobs'
  }
}

export class LeaseChunk extends JobCommand<OperationOf<'lease'>> {
  protected async steer(job: ModelJob, model: Model, real: Real): Promise<void> {
    await lease(job, model, real)
  }

  toString(): string {
    return `lease a chunk of job ${this.operation.job}`
  }
}

export class Apply extends LeaseCommand<OperationOf<'apply'>> {
  protected use(held: ModelLease, model: Model, real: Real): Promise<void> {
    return apply(held, this.operation.rotten, model, real)
  }

  toString(): string {
    const { lease: n, rotten } = this.operation
    return `apply lease ${n} from the last${rotten === null ? '' : ` while "${rotten}" has rotted`}`
  }
}

/** The worker gives its chunk back, or says that it is still there. */
export class Hold extends LeaseCommand<OperationOf<'release' | 'renew'>> {
  protected use(held: ModelLease, _model: Model, real: Real): Promise<void> {
    const { ledger, clock } = real.world
    return this.operation.op === 'release'
      ? withLease(
          held,
          real,
          one => ledger.releaseLease(one),
          () => (held.chunk.state = 'waiting'),
        )
      : withLease(
          held,
          real,
          one => ledger.renewLease(one, LEASE_MS),
          () => (held.chunk.until = clock.now() + LEASE_MS),
        )
  }

  toString(): string {
    return `${this.operation.op} lease ${this.operation.lease} from the last`
  }
}

/** So much time passes that every lease is over. */
export class Expire extends Command<OperationOf<'expire'>> {
  protected act(_model: Model, real: Real): Promise<void> {
    real.world.clock.advance(LEASE_MS)
    return Promise.resolve()
  }

  toString(): string {
    return `let ${LEASE_MS / 1000} s pass`
  }
}
