import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Engine } from '../../engine/api.ts'
import type { Caller } from '../../model/access.ts'
import type { HttpServices } from '../services.ts'
import { identify } from './credentials.ts'
import type { RdfView } from './infoton/infoton.ts'
import type { CmWellOptions, Compat } from './options.ts'
import { TrackingIds } from './track/tracking-ids.ts'

/** What the dialect's routes share. */
export class Context {
  readonly services: HttpServices
  readonly retentionMs: number
  readonly compat: Compat
  readonly trackingIds: TrackingIds
  /** An `onRequest` hook: who calls. */
  readonly identify: (request: FastifyRequest, reply: FastifyReply) => Promise<void>

  constructor({ services, retentionMs, compat }: CmWellOptions) {
    this.services = services
    this.retentionMs = retentionMs
    this.compat = compat
    this.trackingIds = new TrackingIds(services.signer)
    this.identify = identify(services)
  }

  get engine(): Engine {
    return this.services.engine
  }

  /** How infotons are told as RDF to who asks: names of the protocol are on the host that was asked (contract, section 4). */
  rdfView(request: FastifyRequest): RdfView {
    return { host: request.host, metaBase: `http://${request.host}/`, system: true }
  }

  /** The collections that the caller may write: infotons may be in any. */
  async writable(caller: Caller): Promise<string[]> {
    const ids: string[] = []
    let cursor: string | null = null
    do {
      const page = await this.engine.collections.list(caller, { minRole: 'readwrite' }, { limit: 1000, ...(cursor === null ? {} : { cursor }) })
      ids.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== null)
    return ids
  }
}
