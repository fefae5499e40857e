import type { SystemState } from '../../engine/api.ts'
import type { HttpLimits, ServerFacts } from '../services.ts'
import type { V1App, V1Context } from './context.ts'
import { time } from './encode.ts'
import { SystemWire } from './schemas/system.ts'

/** `GET /v1/system`: what the server is made of and how its parts fare. Needs the scope admin, which gives no right on collections or jobs. */
export function registerSystem(app: V1App, context: V1Context): void {
  app.get(
    '/v1/system',
    {
      schema: {
        tags: ['server'],
        operationId: 'getSystem',
        summary: 'Nodes, queue, stores, retention and limits of the server',
        response: { 200: SystemWire },
      },
      config: { errors: ['unavailable'] },
      onRequest: context.needs.admin,
    },
    async () => {
      const { engine, clock, limits, facts } = context.services
      return encodeSystem(await engine.system.state(), facts, limits, clock.now())
    },
  )
}

function encodeSystem({ ledger, nodes, queue, stores }: SystemState, facts: ServerFacts, limits: HttpLimits, now: number): SystemWire {
  const { oldestWaitingAt, ...counts } = queue
  return {
    version: facts.version,
    startedAt: time(facts.startedAt),
    ledger,
    nodes: nodes.map(({ startedAt, lastSeenAt, ...node }) => ({ ...node, startedAt: time(startedAt), lastSeenAt: time(lastSeenAt) })),
    // clocks of nodes may differ by some seconds
    queue: { ...counts, oldestWaitingSeconds: oldestWaitingAt === null ? null : Math.max(0, Math.floor((now - oldestWaitingAt) / 1000)) },
    stores: stores.map(store => ({ ...store, kind: facts.storeKinds.get(store.name) ?? 'local' })),
    retention: facts.retentionMs,
    limits,
  }
}
