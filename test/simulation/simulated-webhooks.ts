import type { JobEvent } from '../../src/model/event.ts'
import type { Settlement, WebhookClaim, WebhookLedger } from '../../src/ports/webhook-ledger.ts'
import { webhookDueAt } from '../../src/ledger/sqlite/reads/webhooks.ts'
import { eventsAfter } from '../../src/ledger/sqlite/reads/jobs.ts'
import { mustTell, type KnownHook, type SimulatedHooks } from './hooks.ts'
import type { SimulatedDatabase } from './simulated-ledger.ts'

/** How long an event, or a receiver, is tried. Short, that it happens. */
export const GIVE_UP_MS = 12 * 3_600_000
/** Clocks of servers are apart by up to twice 4 s, and an attempt takes its time. */
const SLACK_MS = 60_000

/** One process's hooks of the ledger, every call of which is a step, with an eye on who may send what, and what is settled. */
export class WatchedWebhooks {
  /** All that happened, also when it is purged by now. */
  readonly #log: JobEvent[] = []
  /** The present claim of each hook: its token, and what was known then, which counts until it is settled, also when the hook is enabled meanwhile. */
  readonly #claims = new Map<string, { readonly token: number; readonly quietSince: number; readonly triedAt: ReadonlyMap<number, number> }>()
  readonly #database: SimulatedDatabase
  readonly #hooks: SimulatedHooks
  readonly #collectionsOf: (job: string) => ReadonlySet<string>

  constructor(parts: { database: SimulatedDatabase; hooks: SimulatedHooks; collectionsOf: (job: string) => ReadonlySet<string> }) {
    this.#database = parts.database
    this.#hooks = parts.hooks
    this.#collectionsOf = parts.collectionsOf
  }

  /** What the engine's sending asks of a ledger. */
  ledgerOf(step: <T>(name: string, run: () => T) => Promise<T>, now: () => number, trueNow: () => number) {
    const { db } = this.#database
    return {
      spread: limit => step('spread', () => this.#database.transact('spreadEvents', now(), limit)),
      dueAt: () => step('dueAt', () => webhookDueAt(db)),
      claim: (...args) =>
        step('claim', () => {
          const claim = this.#database.transact('claimWebhook', now(), ...args)
          if (claim !== null) this.#watchClaim(claim)
          return claim
        }),
      settle: (claim, settlement) =>
        step('settle', () => {
          const isHeld = this.#database.transact('settleDeliveries', now(), claim, settlement)
          if (isHeld) this.#watchSettlement(this.#hooks.of(claim.hook.id), claim.token, settlement, trueNow())
          return isHeld
        }),
    } satisfies Pick<WebhookLedger, 'spread' | 'dueAt' | 'claim' | 'settle'>
  }

  /** Reads what has happened since the last time. Must come before a purge. */
  note(): void {
    for (;;) {
      const events = eventsAfter(this.#database.db, this.#log.at(-1)?.id ?? 0, 1_000)
      if (events.length === 0) return
      this.#log.push(...events)
    }
  }

  /** True when nothing is left to be told. */
  isAtRest(): boolean {
    const left = `SELECT 1 FROM webhook WHERE removed = 0 AND disabled IS NULL AND
      (pending > 0 OR fill_through IS NOT NULL OR (SELECT value FROM counter WHERE name = 'webhook_event') < coalesce((SELECT max(id) FROM event), 0))`
    return this.#database.db.get(left) === undefined
  }

  /** What arrived was wanted, and what was wanted arrived. Returns how many deliveries were looked at. */
  check(): number {
    this.note()
    let looked = 0
    for (const hook of this.#hooks.all.values()) {
      const wanted = new Set(this.#log.filter(event => mustTell(hook, event, this.#collectionsOf(event.job))).map(({ id }) => id))
      for (const event of hook.received.keys()) if (!wanted.has(event)) fault(hook, `was told of event ${event}, which is none of its own`)
      looked += hook.received.size
      if (hook.isDeleted || hook.wasDisabled) continue
      for (const event of wanted) if (!hook.received.has(event) && hook.settled.get(event) !== 'abandoned') fault(hook, `was never told of event ${event}`)
    }
    return looked
  }

  #watchClaim({ hook, token, due }: WebhookClaim): void {
    const known = this.#hooks.of(hook.id)
    if (known.isDeleted) fault(known, 'was deleted, and is sent to')
    if (token <= (this.#claims.get(hook.id)?.token ?? 0)) fault(known, `was claimed under token ${token}, which was given out before`)
    this.#claims.set(hook.id, { token, quietSince: known.quietSince, triedAt: new Map(known.triedAt) })
    for (const { event } of due) if (known.settled.has(event.id)) fault(known, `has event ${event.id} to send, which is over`)
  }

  #watchSettlement(hook: KnownHook, token: number, { results, disabled }: Settlement, now: number): void {
    const claim = this.#claims.get(hook.id)
    if (claim?.token !== token) fault(hook, `was settled under token ${token}, which is not its present one`)
    for (const { event, state } of results) {
      if (state === 'delivered' && !hook.received.has(event)) fault(hook, `has event ${event} delivered, which never arrived`)
      if (state === 'withheld') fault(hook, `has event ${event} withheld from who may know it`)
      if (state === 'abandoned' && now - (claim.triedAt.get(event) ?? now) < GIVE_UP_MS - SLACK_MS) fault(hook, `gave up event ${event} too soon`)
      if (state === 'pending') {
        if (!hook.triedAt.has(event)) hook.triedAt.set(event, now)
        continue
      }
      if (hook.settled.has(event)) fault(hook, `has settled event ${event} twice`)
      hook.settled.set(event, state)
      if (state === 'delivered') hook.quietSince = now
    }
    if (disabled === null) return
    if (!hook.wantsNothing && now - claim.quietSince < GIVE_UP_MS - SLACK_MS) fault(hook, `was disabled too soon: ${disabled}`)
    hook.wasDisabled = true
  }
}

function fault(hook: KnownHook, what: string): never {
  throw new Error(`webhook: the hook ${hook.id} of ${hook.collection ?? `job ${String(hook.job)}`} ${what}`)
}
