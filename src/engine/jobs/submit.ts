import type { Caller } from '../../model/access.ts'
import { WaybillError } from '../../model/errors.ts'
import { lockedBy } from '../../model/lock.ts'
import { anotherBody, stillArriving } from '../../model/idempotency.ts'
import type { JobOptions, SubmitItem, SubmitJob } from '../../model/job.ts'
import type { WebhookWish } from '../../model/webhook.ts'
import { refuseItems } from '../../model/quotas.ts'
import type { Submitted } from '../../ports/ledger.ts'
import type { Jobs, SubmittedJob } from '../api.ts'
import { IN_JOB, IN_QUERY } from '../webhooks/webhooks.ts'
import { checkEntities, checkItems, checkOptions, checkSelections } from './check.ts'
import { Manifest, newJob, type ManifestParts } from './manifest.ts'

type SubmitOptions = NonNullable<Parameters<Jobs['submit']>[2]>

export interface IntakeParts extends ManifestParts {
  readonly maxItems: number
}

/** How jobs come in. Everything that can be checked is checked before anything is stored; an id is given out only after the commit (I1). */
export class Intake {
  readonly #parts: IntakeParts

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  async submit(caller: Caller, command: SubmitJob, given: SubmitOptions = {}): Promise<SubmittedJob> {
    const { options, items, select, entities = [], webhook } = command
    checkOptions(options)
    this.#checkAmount(items.length + entities.length, select.length)
    const quotas = this.#parts.quotas.of(caller.subject)
    refuseItems(quotas, items.length + entities.length)
    checkEntities(options.kind, entities)
    const wants = [...checkItems(options.kind, items), ...checkSelections(options.kind, select)]
    await this.#parts.access.requireAll(caller, wants)
    await this.#parts.placeRefusals.refuse(options.kind, wants, { items, entities })
    if (given.refuseLocked === true) await this.#refuseLocked(caller, items)
    const hook = webhook === undefined ? null : this.#parts.prepareWebhook(webhook, IN_JOB)
    const submitted = await this.#parts.by(caller).createJob({
      ...newJob(this.#parts.ids, caller, options),
      items,
      select,
      entities,
      sealed: true,
      idempotency: given.idempotency ?? null,
      ...(hook === null ? {} : { webhook: hook.prepared }),
      quotas,
    })
    if (submitted.replayed) return submitted
    this.#parts.begin(submitted.job)
    if (hook === null) return submitted
    this.#parts.lookForWebhooks()
    return { ...submitted, webhook: { id: hook.prepared.id, secret: hook.secret } }
  }

  async openManifest(caller: Caller, options: JobOptions, key?: string, webhook?: WebhookWish): Promise<Awaited<ReturnType<Jobs['openManifest']>>> {
    checkOptions(options)
    if (key !== undefined) {
      const used = await this.#parts.ledger.idempotent(caller.subject, key)
      if (used !== null) return { replay: this.#replay(used) }
    }
    const hook = webhook === undefined ? null : this.#parts.prepareWebhook(webhook, IN_QUERY)
    const { job } = await this.#parts.by(caller).createJob({
      ...newJob(this.#parts.ids, caller, options),
      items: [],
      select: [],
      sealed: false,
      idempotency: key === undefined ? null : { key, fingerprint: null },
      quotas: this.#parts.quotas.of(caller.subject),
      ...(hook === null ? {} : { webhook: hook.prepared }),
    })
    return { intake: new Manifest(this.#parts, caller, options, job, hook === null ? undefined : { id: hook.prepared.id, secret: hook.secret }) }
  }

  /** The same key again: the body must arrive whole before it can be compared. */
  #replay(used: { readonly job: string; readonly fingerprint: string | null }): { finish(fingerprint: string): Promise<Submitted> } {
    if (used.fingerprint === null) throw stillArriving()
    const finish = async (fingerprint: string): Promise<Submitted> => {
      const job = await this.#parts.ledger.job(used.job)
      if (job === null) throw new WaybillError('job_not_found', 'the job of this Idempotency-Key is gone')
      if (fingerprint !== used.fingerprint) throw anotherBody()
      return { job, replayed: true }
    }
    return { finish }
  }

  #checkAmount(items: number, selections: number): void {
    if (items + selections === 0) throw new WaybillError('invalid_request', 'the job has no items and selects none; give "items", "select" or both')
    if (items > this.#parts.maxItems) {
      throw new WaybillError(
        'too_many_items',
        `the body holds ${items} items; at most ${this.#parts.maxItems} are taken in one JSON body: send a manifest instead`,
      )
    }
  }

  /** For dialects that refuse a request on locked files as a whole (Apollo, 423) rather than failing its items. */
  async #refuseLocked(caller: Caller, items: readonly SubmitItem[]): Promise<void> {
    const places = items.flatMap(({ source, destination }) => [
      { collection: source.collection, path: source.path },
      ...(destination === undefined ? [] : [{ collection: destination.collection, path: destination.path ?? source.path }]),
    ])
    const lock = await this.#parts.ledger.lockAgainst(caller.subject, places)
    if (lock !== null) throw lockedBy(lock)
  }
}
