import type fc from 'fast-check'
import type { Model, ModelJob, ModelLease } from './model.ts'
import type { Operation } from './operations.ts'
import type { Real } from './real.ts'

/** One operation that is done to a ledger and to the model alike; then all there is to see is compared. */
export abstract class Command<O extends Operation = Operation> implements fc.AsyncCommand<Model, Real> {
  protected readonly operation: O

  constructor(operation: O) {
    this.operation = operation
  }

  /** True where there is what the operation needs. */
  check(_model: Readonly<Model>): boolean {
    return true
  }

  async run(model: Model, real: Real): Promise<void> {
    real.trail.push(this.resolved(model))
    await this.act(model, real)
    await real.compare()
  }

  /** The operation with its numbers as what they mean. */
  protected resolved(_model: Model): O {
    return this.operation
  }

  protected abstract act(model: Model, real: Real): Promise<void>

  /** A line of a reproduction. */
  abstract toString(): string
}

/** What is done to a job that is there. */
export abstract class JobCommand<O extends Operation & { readonly job: number }> extends Command<O> {
  override check(model: Readonly<Model>): boolean {
    return model.jobsThere.length > 0
  }

  protected override resolved(model: Model): O {
    return { ...this.operation, job: this.operation.job % model.jobsThere.length }
  }

  protected override act(model: Model, real: Real): Promise<void> {
    return this.steer(chosen(model.jobsThere, this.operation.job), model, real)
  }

  protected abstract steer(job: ModelJob, model: Model, real: Real): Promise<void>
}

/** What is done with a lease that was given once, be it over or not. */
export abstract class LeaseCommand<O extends Operation & { readonly lease: number }> extends Command<O> {
  override check(model: Readonly<Model>): boolean {
    return model.leasesThere.length > 0
  }

  protected override resolved(model: Model): O {
    return { ...this.operation, lease: this.operation.lease % model.leasesThere.length }
  }

  protected override act(model: Model, real: Real): Promise<void> {
    return this.use(chosen(model.leasesThere, this.operation.lease), model, real)
  }

  protected abstract use(held: ModelLease, model: Model, real: Real): Promise<void>
}

/** What a number means: it counts round what is there. */
function chosen<T>(there: readonly T[], n: number): T {
  return there[n % there.length] as T
}
