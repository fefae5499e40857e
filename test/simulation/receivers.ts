import { signedHeaders } from '../../src/engine/webhooks/secrets.ts'
import type { WebhookAnswer, WebhookSender } from '../../src/ports/webhook-sender.ts'
import type { Random } from '../support/random.ts'
import { SECRET, type KnownHook, type SimulatedHooks } from './hooks.ts'
import type { Schedule, SimulatedProcess } from './schedule.ts'

/** The slowest answer, in milliseconds: the real client gives up then. */
const SLOW_MS = 10_000

/** Those who are told: they take events, refuse them, are away for a while, want no more. */
export class SimulatedReceivers {
  /** While this is on, they take everything. */
  areWell = false
  arrived = 0
  readonly #random: Random
  readonly #hooks: SimulatedHooks
  /** Until when each is away. */
  readonly #away = new Map<string, number>()

  constructor(parts: { random: Random; hooks: SimulatedHooks }) {
    this.#random = parts.random
    this.#hooks = parts.hooks
  }

  /** One process's way to them: what it sends is a step, whose answer may be lost. */
  senderOf(process: SimulatedProcess, schedule: Schedule): WebhookSender {
    const clock = schedule.clock(process)
    return {
      send: async ({ url, headers, body }, signal) => {
        if (this.#random.chance(0.2)) await clock.sleep(this.#random.between(1, SLOW_MS), signal)
        return schedule.step(process, 'send', () => {
          signal.throwIfAborted()
          const hook = [...this.#hooks.all.values()].find(known => known.url === url)
          if (hook === undefined) throw new Error(`webhook: nobody asked for calls of ${url}`)
          return this.#answer(hook, headers, body, schedule.now)
        })
      },
      close: () => undefined,
    }
  }

  #answer(hook: KnownHook, headers: Readonly<Record<string, string>>, body: string, now: number): WebhookAnswer {
    const refusal = this.areWell ? null : this.#refusal(hook, now)
    if (refusal !== null) return refusal
    const id = headers['webhook-id'] ?? ''
    const sentAt = Number(headers['webhook-timestamp']) * 1000
    if (signedHeaders(SECRET, id, sentAt, body)['webhook-signature'] !== headers['webhook-signature']) throw new Error(`webhook: ${id} is not signed`)
    const event = Number((JSON.parse(body) as { readonly id: string }).id)
    const before = hook.received.get(event)
    if (before !== undefined && before !== id) throw new Error(`webhook: event ${event} came as ${before} and as ${id}`)
    hook.received.set(event, id)
    this.arrived += 1
    return { status: 200, retryAfterMs: null }
  }

  #refusal(hook: KnownHook, now: number): WebhookAnswer | null {
    if ((this.#away.get(hook.url) ?? 0) > now) return { status: 502, retryAfterMs: null }
    const how = this.#random.between(0, 99)
    if (how < 80) return null
    if (how < 88) return { status: 500, retryAfterMs: null }
    if (how < 95) return { status: 503, retryAfterMs: this.#random.between(1, 60_000) }
    if (how === 99) {
      hook.wantsNothing = true
      return { status: 410, retryAfterMs: null }
    }
    this.#away.set(hook.url, now + this.#random.pick([60_000, 3_600_000, 20 * 3_600_000]))
    return { status: 502, retryAfterMs: null }
  }
}
