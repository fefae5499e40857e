import type { JobAttempt } from 'pg-boss'
import type { LineName, WakeData } from './lines.ts'

/** A row of a line that this node has claimed. */
export interface Claim extends JobAttempt {
  readonly line: LineName
  readonly data: WakeData
}

/** A job that this node works on. */
export interface Held {
  readonly data: WakeData
  /** Why it is in hand: its own wake-up, an invitation, or both. */
  readonly claims: Claim[]
  readonly since: number
  /** It is given to the end of the line when its turns have ended, though there is more to do. */
  handBack: boolean
}

/** The jobs that this node has in hand. */
export class Hand {
  readonly #held = new Map<string, Held>()
  readonly #ofTenant = new Map<string, number>()

  get size(): number {
    return this.#held.size
  }

  jobs(): string[] {
    return [...this.#held.keys()]
  }

  claims(): Claim[] {
    return [...this.#held.values()].flatMap(held => held.claims)
  }

  /** Tenants with so many jobs in hand, or more. */
  tenantsWith(jobs: number): string[] {
    return [...this.#ofTenant].filter(([, count]) => count >= jobs).map(([tenant]) => tenant)
  }

  take(claim: Claim, now: number): void {
    const held = this.#held.get(claim.data.job)
    if (held !== undefined) {
      held.claims.push(claim)
      return
    }
    const { data } = claim
    this.#held.set(data.job, { data, claims: [claim], since: now, handBack: false })
    this.#ofTenant.set(data.tenant, (this.#ofTenant.get(data.tenant) ?? 0) + 1)
  }

  /** Takes a job out of the hand. */
  release(job: string): Held | undefined {
    const held = this.#held.get(job)
    if (held === undefined) return undefined
    this.#held.delete(job)
    const left = (this.#ofTenant.get(held.data.tenant) ?? 1) - 1
    if (left === 0) this.#ofTenant.delete(held.data.tenant)
    else this.#ofTenant.set(held.data.tenant, left)
    return held
  }

  /** Drops claims that another node has now; returns the jobs for which none is left. */
  lose(line: LineName, ids: ReadonlySet<string>): WakeData[] {
    const lost: WakeData[] = []
    for (const held of this.#held.values()) {
      const kept = held.claims.filter(claim => claim.line !== line || !ids.has(claim.id))
      if (kept.length === held.claims.length) continue
      held.claims.splice(0, held.claims.length, ...kept)
      if (kept.length === 0) lost.push(held.data)
    }
    return lost
  }

  /** The jobs that are in hand since before `time`, oldest first: a map keeps the order in which they came. */
  heldSince(time: number): Held[] {
    return [...this.#held.values()].filter(({ since }) => since < time)
  }
}
