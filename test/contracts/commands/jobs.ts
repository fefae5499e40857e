import { JobCommand, Command } from './command.ts'
import type { Model, ModelItem, ModelJob, ModelVersion } from './model.ts'
import type { ItemWish, OperationOf } from './operations.ts'
import type { Real } from './real.ts'
import type { SubmitItem } from '../../../src/model/job.ts'
import { HOUR_MS, newJob, refusal } from '../ledger/world.ts'

/** A job whose chunks are the batches that it arrives in. */
export class Submit extends Command<OperationOf<'submit'>> {
  protected async act(model: Model, real: Real): Promise<void> {
    const { kind, conflict, dryRun, keptMs } = this.operation
    const job: ModelJob = {
      ...{ kind, conflict, dryRun, keptMs },
      ...{ chunks: [], state: 'submitted', paused: false, cancelling: false, expiresAt: Infinity, perhapsGone: false },
    }
    const batches = this.operation.batches.map(batch => batch.map(wish => itemOf(model, real, job, wish)))
    job.chunks.push(...batches.map(batch => ({ items: batch.map(({ item }) => item), state: 'waiting' as const, token: 0, until: 0 })))
    const [first = [], ...more] = batches.map(batch => batch.map(({ submitted }) => submitted))
    const whole = newJob({ kind, conflict, dryRun, retentionMs: keptMs, items: first, sealed: more.length === 0 })
    await real.world.ledger.createJob(whole)
    for (const batch of more) await real.world.ledger.appendItems(whole.id, batch)
    if (more.length > 0) await real.world.ledger.seal(whole.id, null)
    model.jobs.push(job)
    real.addJob(job, whole.id)
  }

  toString(): string {
    const { kind, conflict, dryRun, keptMs, batches } = this.operation
    const transfers = kind === 'copy' || kind === 'move'
    const lineOf = (wish: ItemWish): string =>
      `${wish.source}${conditionOf(wish.sourceIf)}${transfers ? ` to ${wish.destination}${conditionOf(wish.destinationIf)}` : ''}`
    const chunks = batches.map(batch => `[${batch.map(lineOf).join(', ')}]`).join(' ')
    return `submit ${kind}${transfers ? ` (${conflict})` : ''}${dryRun ? ' as a dry run' : ''}${keptMs === HOUR_MS ? ' kept for an hour' : ''} ${chunks}`
  }
}

function conditionOf(wish: ItemWish['sourceIf'] | ItemWish['destinationIf']): string {
  return wish === 'no' ? '' : ` if ${wish}`
}

function itemOf(model: Model, real: Real, job: ModelJob, wish: ItemWish): { item: ModelItem; submitted: SubmitItem } {
  const { source, sourceIf, destinationIf } = wish
  const destination = job.kind === 'copy' || job.kind === 'move' ? wish.destination : null
  const is = (place: string, what: string): ModelVersion | 'other' | undefined =>
    what === 'present' ? (model.live(place) ?? 'other') : what === 'other' ? 'other' : undefined
  const sourceIs = is(source, sourceIf)
  const destinationIs = destination === null ? undefined : is(destination, destinationIf)
  const sourceVersion = sourceIf === 'version' ? (model.places.get(source)?.length ?? 1) : undefined
  const destinationAbsent = destination !== null && destinationIf === 'absent'
  const item: ModelItem = {
    source,
    destination,
    ...(sourceIs === undefined ? {} : { sourceIs }),
    ...(destinationIs === undefined ? {} : { destinationIs }),
    ...(sourceVersion === undefined ? {} : { sourceVersion }),
    destinationAbsent,
    state: 'pending',
    attempts: 0,
    reason: null,
    went: destination,
  }
  const end = (place: string, version: ModelVersion | 'other' | undefined): { collection: string; path: string; ifMatch?: string } => {
    const [collection, path] = real.at(place)
    const revision = real.revision(version)
    return { collection, path, ...(revision === undefined ? {} : { ifMatch: revision }) }
  }
  const submitted: SubmitItem = {
    source: { ...end(source, sourceIs), ...(sourceVersion === undefined ? {} : { version: sourceVersion }) },
    ...(destination === null ? {} : { destination: { ...end(destination, destinationIs), ...(destinationAbsent ? { ifNoneMatch: '*' as const } : {}) } }),
    ...(job.kind === 'update' ? { fields: { seen: true } } : {}),
  }
  return { item, submitted }
}

/** Cancel, pause or resume. */
export class Steer extends JobCommand<OperationOf<'cancel' | 'pause' | 'resume'>> {
  protected async steer(job: ModelJob, _model: Model, real: Real): Promise<void> {
    const { op } = this.operation
    const call = real.world.ledger[op](real.idOf(job))
    const isCancelled = op === 'cancel' && job.chunks.some(({ items }) => items.some(({ state }) => state === 'cancelled'))
    if (job.state === 'finished' && !isCancelled) {
      await refusal(call, 'job_finished')
      return
    }
    await call
    if (job.state === 'finished' || job.cancelling) return
    job.cancelling = op === 'cancel'
    job.paused = op === 'pause'
  }

  toString(): string {
    return `${this.operation.op} job ${this.operation.job}`
  }
}

export class Retry extends JobCommand<OperationOf<'retry'>> {
  protected async steer(job: ModelJob, model: Model, real: Real): Promise<void> {
    const { states } = this.operation
    const call = real.world.ledger.retry(real.idOf(job), states)
    if (job.cancelling) await refusal(call, 'job_not_finished')
    else await call.then(() => model.retry(job, states))
  }

  toString(): string {
    return `retry what is ${this.operation.states.join(', ')} of job ${this.operation.job}`
  }
}
