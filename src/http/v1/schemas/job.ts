import { Type } from 'typebox'
import type { Static } from 'typebox'
import { ITEM_STATES } from '../../../model/item.ts'
import { CONFLICTS, JOB_KINDS, JOB_STATES, OUTCOMES, PRIORITY, VERIFY } from '../../../model/job.ts'
import { AnyObject, Choice, Count, Nullable, PageOf, PageParameters, Strict, Text, Time, Uuid } from './common.ts'
import { JobWebhookBody, MadeWebhook, webhookParameters } from './webhook.ts'

const Source = Strict(
  {
    collection: Text,
    path: Text,
    ifMatch: Type.Optional(Type.String({ description: 'the revision it must have, else the item is evicted' })),
    version: Type.Optional(Type.Integer({ minimum: 1, description: 'the version it must have; instead of ifMatch' })),
  },
  { title: 'ItemSource' },
)

const Destination = Strict(
  {
    collection: Text,
    path: Type.Optional(Type.String({ description: "the source's without it" })),
    ifMatch: Type.Optional(Text),
    ifNoneMatch: Type.Optional(Choice(['*'])),
  },
  { title: 'ItemDestination' },
)

const Patch = Type.Unsafe<Record<string, unknown>>({ ...AnyObject, description: 'a merge patch of the fields (RFC 7396); for update only' })

/** One item as submitted: of a JSON body and of a line of NDJSON. */
export const SubmitItemBody = Strict({ source: Source, destination: Type.Optional(Destination), fields: Type.Optional(Patch) }, { title: 'SubmitItem' })
export type SubmitItemBody = Static<typeof SubmitItemBody>

const SelectionBody = Strict(
  {
    source: Strict({ collection: Text, prefix: Type.Optional(Text), glob: Type.Optional(Text) }),
    destination: Type.Optional(Strict({ collection: Text, prefix: Type.Optional(Text) })),
    fields: Type.Optional(Patch),
  },
  { title: 'Selection' },
)

/** The options of a job: members of a JSON body, query parameters of a manifest. */
const options = {
  conflict: Type.Optional(Choice(CONFLICTS, { description: 'what to do when the destination exists; default version' })),
  verify: Type.Optional(Choice(VERIFY, { description: '`digest` reads and hashes each source again; default none' })),
  dryRun: Type.Optional(Type.Boolean({ description: 'plan every item and change nothing' })),
  priority: Type.Optional(Type.Integer({ minimum: PRIORITY.least, maximum: PRIORITY.most, description: `default ${PRIORITY.usual}` })),
}
const Label = Type.String({ minLength: 1, maxLength: 200 })

export const SubmitBody = Strict(
  {
    kind: Choice(JOB_KINDS),
    items: Type.Optional(Type.Array(SubmitItemBody)),
    select: Type.Optional(Type.Array(SelectionBody)),
    ...options,
    label: Type.Optional(Nullable(Label)),
    webhook: Type.Optional(JobWebhookBody),
  },
  { title: 'SubmitJob' },
)
export type SubmitBody = Static<typeof SubmitBody>

export const ManifestQuery = Strict({
  kind: Type.Optional(Choice(JOB_KINDS, { description: 'required with a manifest' })),
  ...options,
  label: Type.Optional(Label),
  ...webhookParameters,
})
export type ManifestQuery = Static<typeof ManifestQuery>

export const JobWire = Type.Object(
  {
    id: Uuid,
    number: Type.String({ description: 'a decimal number, the second name of the job' }),
    kind: Choice(JOB_KINDS),
    state: Choice(JOB_STATES),
    paused: Type.Boolean(),
    outcome: Nullable(Choice(OUTCOMES)),
    counts: Type.Object(
      {
        total: Count,
        discovering: Type.Boolean({ description: 'the total is still growing' }),
        pending: Count,
        running: Count,
        done: Count,
        skipped: Count,
        failed: Count,
        evicted: Count,
        cancelled: Count,
      },
      { title: 'JobCounts' },
    ),
    bytes: Type.Object({ total: Count, done: Count }, { title: 'JobBytes' }),
    itemsPerSecond: Nullable(Type.Number()),
    estimatedFinishAt: Nullable(Time),
    waitingFor: Nullable(Type.String({ description: 'why nothing moves, in one sentence' })),
    label: Nullable(Text),
    priority: Type.Integer(),
    dryRun: Type.Boolean(),
    submittedBy: Text,
    dialect: Text,
    createdAt: Time,
    startedAt: Nullable(Time),
    finishedAt: Nullable(Time),
    expiresAt: Nullable(Time),
  },
  { title: 'Job' },
)
export type JobWire = Static<typeof JobWire>

/** A job that was just taken, with the hook that was made with it: not of one that was submitted before. */
export const SubmittedWire = Type.Object({ ...JobWire.properties, webhook: Type.Optional(MadeWebhook) }, { title: 'SubmittedJob' })

export const JobPage = PageOf(JobWire, 'JobPage')
export const JobParams = Type.Object({ job: Type.String({ description: "the job's id or number" }) })

export const JobQuery = Strict({
  ...PageParameters,
  state: Type.Optional(Choice(JOB_STATES)),
  outcome: Type.Optional(Choice(OUTCOMES)),
  kind: Type.Optional(Choice(JOB_KINDS)),
  label: Type.Optional(Type.String({ description: 'this very label' })),
  labelContains: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'a part of the label, in small or large letters' })),
  submittedBy: Type.Optional(Text),
  collection: Type.Optional(Text),
  since: Type.Optional(Type.String({ description: 'created at or after this time, RFC 3339' })),
  until: Type.Optional(Type.String({ description: 'created before this time, RFC 3339' })),
})

const End = Type.Object(
  { collection: Text, path: Text, entityId: Nullable(Uuid), version: Nullable(Type.Integer()), revision: Nullable(Text) },
  { title: 'ItemEnd' },
)

const ReasonWire = Type.Object(
  { code: Text, message: Text, expected: Type.Optional(Nullable(Text)), actual: Type.Optional(Nullable(Text)) },
  { title: 'Reason' },
)

export const ItemWire = Type.Object(
  {
    seq: Count,
    source: End,
    destination: Nullable(End),
    state: Choice(ITEM_STATES),
    attempts: Count,
    bytes: Count,
    reason: Nullable(ReasonWire),
    startedAt: Nullable(Time),
    finishedAt: Nullable(Time),
  },
  { title: 'Item' },
)
export type ItemWire = Static<typeof ItemWire>

export const ItemPage = PageOf(ItemWire, 'ItemPage')

const States = Type.String({ description: `one or more of ${ITEM_STATES.join(', ')}, separated by commas` })

export const ItemQuery = Strict({
  ...PageParameters,
  state: Type.Optional(States),
  path: Type.Optional(Type.String({ description: 'source paths that begin with this' })),
  from: Type.Optional(Type.Integer({ minimum: 0, description: 'items from this `seq` on; not with a cursor, which goes on from its own' })),
})

export const REPORT_FORMATS = ['csv', 'ndjson'] as const
export const ReportQuery = Strict({ format: Type.Optional(Choice(REPORT_FORMATS, { description: 'default csv' })), state: Type.Optional(States) })

export const RetryBody = Strict({ states: Type.Array(Choice(['failed', 'evicted', 'skipped', 'cancelled']), { minItems: 1 }) }, { title: 'Retry' })

export const EventQuery = Strict({
  lastEventId: Type.Optional(Type.Integer({ minimum: 0, description: 'for clients that cannot send Last-Event-ID' })),
  items: Type.Optional(Type.Boolean({ description: 'false leaves out `item.failed` and `item.evicted`; default true' })),
})
export const JobEventQuery = Strict({
  ...EventQuery.properties,
  live: Type.Optional(Type.Boolean({ description: 'true begins with what happens from now on, where no Last-Event-ID is sent' })),
})
