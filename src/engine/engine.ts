import type { Job } from '../model/job.ts'
import type { AddressRules } from '../model/net-address.ts'
import type { QuotaRules } from '../model/quotas.ts'
import type { BlobStore } from '../ports/blob-store.ts'
import type { Clock, Ids } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import { SILENT, type Observer } from '../ports/observer.ts'
import type { Place } from '../ports/place.ts'
import type { Queue } from '../ports/queue.ts'
import type { WebhookSender } from '../ports/webhook-sender.ts'
import { recording } from '../ports/recording.ts'
import { Access } from './access.ts'
import type { Engine } from './api.ts'
import { AuditService } from './audit.ts'
import { CollectionService } from './collections.ts'
import { EntryService } from './entries.ts'
import { JobService } from './jobs/jobs.ts'
import { LockService } from './locks.ts'
import { FieldTypeService, NameService } from './names.ts'
import { Looks } from './places/looks.ts'
import { PlaceRefusals } from './places/refusals.ts'
import { QuotaService } from './quotas.ts'
import { Runner } from './runner.ts'
import { Stores } from './stores.ts'
import { SystemService } from './system.ts'
import { Transfers, type Traffic } from './transfers.ts'
import { TreeService } from './tree.ts'
import { TurnLog } from './turn-log.ts'
import { UploadService } from './uploads.ts'
import { ORPHAN_GRACE_MS, Upkeep, WAKE_AGAIN_MS, WAKE_EVERY_MS } from './upkeep.ts'
import { Dispatcher } from './webhooks/dispatcher.ts'
import type { Schedule } from './webhooks/schedule.ts'
import { SecretBox } from './webhooks/secrets.ts'
import { prepare, WebhookService } from './webhooks/webhooks.ts'

/** Turns at once while few of them are of big jobs: those of small ones share a commit, which costs more than they do. */
const QUICK_TURNS = 64

/** What the engine is made of. */
export interface EngineParts {
  readonly ledger: Ledger
  readonly stores: readonly BlobStore[]
  /** How much jobs may ask of each store, by its name; default: the usual. */
  readonly traffic?: ReadonlyMap<string, Traffic>
  /** What collections can be attached to. */
  readonly places?: readonly Place[]
  readonly queue: Queue
  readonly clock: Clock
  readonly ids: Ids
  /** This process, in leases and logs. */
  readonly worker: string
  /** Turns of big jobs at once. */
  readonly concurrency: number
  readonly maxItems: number
  readonly maxUploadBytes: number
  /** How long an upload in parts may take before it ends by itself, in milliseconds. */
  readonly uploadLifeMs: number
  readonly webhooks: WebhookParts
  /** How long it is kept who did what, in milliseconds; 0: nothing is recorded. */
  readonly auditRetentionMs: number
  /** How long it is kept what a deleted collection held, in milliseconds. */
  readonly deletedRetentionMs: number
  /** What subjects may have at once; without it no limits. */
  readonly quotas?: QuotaRules
  readonly onError: (error: unknown, what: string) => void
  /** Default: nobody watches. */
  readonly observer?: Observer
}

/** How events are sent to hooks. */
export interface WebhookParts {
  readonly sender: WebhookSender
  readonly addresses: AddressRules
  /** Whether http is taken beside https. */
  readonly http: boolean
  readonly schedule: Schedule
  /** Base of absolute links, without a slash at its end; null: they are relative. */
  readonly publicUrl: string | null
  /** What the secrets of hooks are kept with. */
  readonly signingKey: string | Uint8Array
}

/** Puts the engine together from its ports. */
export function createEngine(parts: EngineParts): Engine {
  const { ledger, queue, clock, ids, observer = SILENT } = parts
  const stores = new Stores(parts.stores, parts.places)
  const access = new Access(ledger)
  const quotas = new QuotaService({ ledger, rules: parts.quotas ?? { default: {}, subjects: {} } })
  const by = recording(ledger, parts.auditRetentionMs > 0)
  const looks = new Looks({ ledger, stores })
  const wakeJob = (job: Job): void => queue.wake({ job: job.id, tenant: job.submittedBy, priority: job.priority })
  const begin = (job: Job): void => {
    observer.submitted(job)
    if (ledger.sendsWakes) queue.look()
    else wakeJob(job)
  }
  const transfers = new Transfers(clock, parts.traffic)
  const turns = new TurnLog(clock)
  const waiting = { ledger, turns, inHand: () => queue.inHand(), againMs: ledger.sendsWakes ? WAKE_AGAIN_MS : WAKE_EVERY_MS }
  const runner = new Runner({ ledger, stores, looks, transfers, clock, worker: parts.worker, wakeJob, onError: parts.onError })
  const upkeep = new Upkeep({
    ledger,
    stores,
    clock,
    auditRetentionMs: parts.auditRetentionMs,
    deletedRetentionMs: parts.deletedRetentionMs,
    wake: wake => queue.wake(wake),
    onError: parts.onError,
  })
  const secrets = new SecretBox(parts.webhooks.signingKey)
  const dispatcher = new Dispatcher({ ...parts.webhooks, ledger, clock, secrets, worker: parts.worker, onError: parts.onError })
  const hookParts = { ...parts.webhooks, ledger, by, access, ids, secrets, look: () => dispatcher.look() }
  const jobs = new JobService({
    ...{ ledger, by, quotas, access, ids, clock, observer, placeRefusals: new PlaceRefusals({ ledger, stores }) },
    ...{ maxItems: parts.maxItems, begin, wake: wakeJob, waiting },
    prepareWebhook: (wish, pointer) => prepare(hookParts, wish, pointer),
    lookForWebhooks: () => dispatcher.look(),
  })
  /** A place that is not there keeps no server from starting. */
  const sweepOrTell = async (place: Place): Promise<void> => {
    try {
      await place.sweepUnfinished(clock.now())
    } catch (error) {
      parts.onError(error, `sweep of the store ${place.name}`)
    }
  }
  return {
    collections: new CollectionService({ ledger, by, quotas, access, stores, ids }),
    entries: new EntryService({ ledger, by, access, stores, looks, maxUploadBytes: parts.maxUploadBytes }),
    tree: new TreeService({ ledger, by, access }),
    locks: new LockService({ ledger, by, access }),
    jobs,
    uploads: new UploadService({ ledger, by, access, stores, ids, maxUploadBytes: parts.maxUploadBytes, uploadLifeMs: parts.uploadLifeMs }),
    names: new NameService({ ledger }),
    fieldTypes: new FieldTypeService({ ledger, access }),
    webhooks: new WebhookService(hookParts, jobs),
    system: new SystemService({ ledger, stores, clock }),
    audit: new AuditService({ ledger, access }),
    quotas,
    start: async () => {
      ledger.onWork(work => observer.committed(work))
      await ledger.recover()
      // What is unfinished in a store of this process alone died with the last one, but for what a job goes on with; in a shared store it may be another's, and the
      // daily sweep takes it.
      for (const store of stores.all()) if (!store.shared) await store.sweepUnfinished(clock.now(), clock.now() - ORPHAN_GRACE_MS)
      for (const place of stores.places()) if (!place.shared) await sweepOrTell(place)
      queue.work(job => observer.during({ name: 'turn', job }, () => turns.watch(job, () => runner.turn(job))), {
        concurrency: parts.concurrency,
        quick: Math.max(parts.concurrency, QUICK_TURNS),
      })
      await upkeep.wakeUnfinished()
      upkeep.start()
      dispatcher.start()
    },
    stop: async () => {
      runner.stop()
      await upkeep.stop()
      await dispatcher.stop()
      await queue.stop()
    },
    ready: async () => {
      await ledger.health()
      for (const store of [...stores.all(), ...stores.places()]) await store.health()
    },
  }
}
