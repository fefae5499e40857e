import type { Caller } from '../model/access.ts'
import { QUOTAS, quotasOf, refuseStream, type QuotaName, type QuotaRules, type Quotas, type Standing } from '../model/quotas.ts'
import type { QuotaLedger } from '../ports/quota-ledger.ts'

/** What subjects may have at once, and how much of it they have (docs/decisions/0049-quotas.md). Streams are counted by each server for itself. */
export class QuotaService {
  readonly #ledger: QuotaLedger
  readonly #rules: QuotaRules
  readonly #streams = new Map<string, number>()

  constructor(parts: { ledger: QuotaLedger; rules: QuotaRules }) {
    this.#ledger = parts.ledger
    this.#rules = parts.rules
  }

  of(subject: string): Quotas {
    return quotasOf(this.#rules, subject)
  }

  /** The quotas that are set for the caller, each with its use; `requests`: those of the last minute. */
  async standing({ subject }: Caller, requests: (perMinute: number) => number): Promise<Partial<Record<QuotaName, Standing>>> {
    const quotas = this.of(subject)
    const counted: Partial<Record<QuotaName, number>> = await this.#ledger.usage(subject, quotas)
    const used = (name: QuotaName, limit: number): number => {
      if (name === 'requestsPerMinute') return requests(limit)
      return name === 'eventStreams' ? (this.#streams.get(subject) ?? 0) : (counted[name] ?? 0)
    }
    return Object.fromEntries(QUOTAS.flatMap(name => (quotas[name] === undefined ? [] : [[name, { limit: quotas[name], used: used(name, quotas[name]) }]])))
  }

  /** Counts a stream of events until the returned function is called. Throws `quota_in_use`. */
  openStream({ subject }: Caller): () => void {
    const open = this.#streams.get(subject) ?? 0
    refuseStream(this.of(subject), open)
    this.#streams.set(subject, open + 1)
    return () => {
      const left = (this.#streams.get(subject) ?? 1) - 1
      if (left > 0) this.#streams.set(subject, left)
      else this.#streams.delete(subject)
    }
  }
}
