import { Type, type Static } from 'typebox'
import { Choice, Count, Nullable, Text, Time } from './common.ts'

const Milliseconds = Type.Integer({ minimum: 0, description: 'milliseconds' })

const NodeWire = Type.Object(
  {
    id: Text,
    host: Text,
    pid: Count,
    version: Text,
    startedAt: Time,
    lastSeenAt: Time,
    self: Type.Boolean({ description: 'true: the one that answers' }),
  },
  { title: 'SystemNode' },
)

const QueueWire = Type.Object(
  {
    waitingJobs: Type.Integer({
      minimum: 0,
      description: 'jobs that wait for their first turn; neither these nor the running ones count those that are paused',
    }),
    runningJobs: Type.Integer({ minimum: 0, description: 'unfinished jobs that had a turn' }),
    oldestWaitingSeconds: Nullable(Type.Integer({ minimum: 0, description: 'since the oldest waiting one was submitted' })),
    exact: Type.Boolean({ description: 'false: of very many unfinished jobs only the oldest were counted' }),
  },
  { title: 'SystemQueue' },
)

const StoreWire = Type.Object(
  {
    name: Text,
    kind: Choice(['local', 's3', 'azure', 'attached']),
    healthy: Type.Boolean(),
    error: Nullable(Type.String({ description: 'why it is not healthy' })),
  },
  { title: 'SystemStore' },
)

const LimitsWire = Type.Object(
  {
    jsonItems: Count,
    submitBodyBytes: Count,
    jsonBodyBytes: Count,
    uploadBytes: Count,
    manifestLineBytes: Count,
    requestsPerMinute: Count,
    sevenbridgesRequests: Count,
  },
  { title: 'SystemLimits' },
)

export const SystemWire = Type.Object(
  {
    version: Text,
    startedAt: Time,
    ledger: Type.Object({ kind: Choice(['sqlite', 'postgres']), schema: Count }),
    nodes: Type.Array(NodeWire),
    queue: QueueWire,
    stores: Type.Array(StoreWire),
    retention: Type.Object(
      {
        v1: Milliseconds,
        apollo: Milliseconds,
        sevenbridges: Milliseconds,
        cmwell: Milliseconds,
        audit: Nullable(Type.Integer({ minimum: 0, description: 'milliseconds; null: no audit is kept' })),
      },
      { title: 'SystemRetention' },
    ),
    limits: LimitsWire,
  },
  { title: 'System' },
)
export type SystemWire = Static<typeof SystemWire>
