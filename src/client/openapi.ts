// Made from docs/openapi.json; when that changes: npm run --silent client-types > src/client/openapi.ts
/* eslint max-lines: "off" */

export interface components {
  schemas: {
    /** AuditPage */
    readonly AuditPage: {
      readonly items: readonly components['schemas']['AuditRecord'][]
      readonly nextCursor: string | null
    }
    /** AuditRecord */
    readonly AuditRecord: {
      readonly id: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly at: string
      /** @description who did it */
      readonly subject: string
      /** @description with which token */
      readonly tokenId: string | null
      /** @enum {string} */
      readonly action:
        | 'collection.create'
        | 'collection.update'
        | 'collection.delete'
        | 'grant.set'
        | 'grant.remove'
        | 'lock.acquire'
        | 'lock.release'
        | 'entry.put'
        | 'entry.patch'
        | 'entry.delete'
        | 'job.submit'
        | 'job.cancel'
        | 'job.pause'
        | 'job.resume'
        | 'job.retry'
        | 'webhook.create'
        | 'webhook.delete'
        | 'token.create'
        | 'token.revoke'
      readonly collection: string | null
      readonly path: string | null
      /** Format: uuid */
      readonly job: string | null
      /** @description on which way: `v1`, `apollo`, `sevenbridges`, `cmwell`, or `cli` for administration by the command line */
      readonly dialect: string
      /** @description the X-Request-Id of the request */
      readonly requestId: string | null
      readonly details: {
        readonly [key: string]: unknown
      }
    }
    /** Collection */
    readonly Collection: {
      readonly id: string
      readonly name: string
      readonly store: string
      readonly attributes: {
        readonly [key: string]: unknown
      }
      /**
       * @description the caller's own
       * @enum {string}
       */
      readonly role: 'readonly' | 'readwrite' | 'admin' | 'owner'
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly createdAt: string
      readonly createdBy: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly modifiedAt: string
    }
    /** CollectionChange */
    readonly CollectionChange: {
      readonly name?: string
      /** @description a merge patch (RFC 7396): null removes a member */
      readonly attributes?: {
        readonly [key: string]: unknown
      }
    }
    /** CollectionPage */
    readonly CollectionPage: {
      readonly items: readonly components['schemas']['Collection'][]
      readonly nextCursor: string | null
    }
    /** CreatedWebhook */
    readonly CreatedWebhook: {
      /** Format: uuid */
      readonly id: string
      readonly url: string
      readonly collection: string | null
      /** Format: uuid */
      readonly job: string | null
      readonly events: readonly ('job.submitted' | 'job.resolved' | 'item.failed' | 'item.evicted' | 'job.finished')[]
      /** @enum {string} */
      readonly state: 'active' | 'failing' | 'disabled'
      readonly createdBy: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly createdAt: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly lastDeliveryAt: string | null
      /** @description the last answer's */
      readonly lastStatus: number | null
      /** @description what was wrong the last time, or why it is disabled */
      readonly lastError: string | null
      /** @description events that are still to be delivered */
      readonly pending: number
      /** @description told this once */
      readonly secret: string
    }
    /** Delivery */
    readonly Delivery: {
      /** @description the id of the event */
      readonly event: string
      /** @enum {string} */
      readonly type: 'job.submitted' | 'job.resolved' | 'item.failed' | 'item.evicted' | 'job.finished'
      /** Format: uuid */
      readonly job: string
      /** @enum {string} */
      readonly state: 'pending' | 'delivered' | 'abandoned' | 'withheld'
      readonly attempts: number
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly lastAttemptAt: string | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly nextAttemptAt: string | null
      readonly status: number | null
      readonly error: string | null
    }
    /** DeliveryPage */
    readonly DeliveryPage: {
      readonly items: readonly components['schemas']['Delivery'][]
      readonly nextCursor: string | null
    }
    /** Entry */
    readonly Entry: {
      /** Format: uuid */
      readonly entityId: string
      readonly collection: string
      readonly path: string
      /** @enum {string} */
      readonly kind: 'file' | 'folder' | 'object' | 'link'
      readonly version: number
      /** @description new for every version; the entity tag */
      readonly revision: string
      readonly size: number
      readonly mediaType: string
      /** @description SHA-256 of the bytes in hex; null without bytes */
      readonly digest: string | null
      readonly fields: {
        readonly [key: string]: unknown
      }
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly createdAt: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly modifiedAt: string
      readonly modifiedBy: string
      /**
       * @description only in tombstones
       * @enum {boolean}
       */
      readonly deleted?: true
    }
    /** EntryChange */
    readonly EntryChange: {
      /** @description a merge patch (RFC 7396): null removes a member */
      readonly fields?: {
        readonly [key: string]: unknown
      }
      readonly mediaType?: string
    }
    /** EntryPage */
    readonly EntryPage: {
      readonly items: readonly components['schemas']['Entry'][]
      readonly prefixes?: readonly string[]
      readonly nextCursor: string | null
    }
    /** Grant */
    readonly Grant: {
      readonly subject: string
      /** @enum {string} */
      readonly role: 'readonly' | 'readwrite' | 'admin' | 'owner'
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly grantedAt: string
    }
    /** GrantPage */
    readonly GrantPage: {
      readonly items: readonly components['schemas']['Grant'][]
      readonly nextCursor: string | null
    }
    /** GrantRole */
    readonly GrantRole: {
      /** @enum {string} */
      readonly role: 'readonly' | 'readwrite' | 'admin' | 'owner'
    }
    /** Health */
    readonly Health: {
      /** @enum {string} */
      readonly status: 'ok'
    }
    /** HeldLock */
    readonly HeldLock: {
      /** @description null: the whole collection */
      readonly path: string | null
      readonly holder: string
      readonly reason: string | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly acquiredAt: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly expiresAt: string
    }
    /** HeldLocks */
    readonly HeldLocks: {
      readonly items: readonly components['schemas']['HeldLock'][]
    }
    /** Item */
    readonly Item: {
      readonly seq: number
      readonly source: components['schemas']['ItemEnd']
      readonly destination: components['schemas']['ItemEnd'] | null
      /** @enum {string} */
      readonly state: 'pending' | 'running' | 'done' | 'skipped' | 'failed' | 'evicted' | 'cancelled'
      readonly attempts: number
      readonly bytes: number
      readonly reason: components['schemas']['Reason'] | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly startedAt: string | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly finishedAt: string | null
    }
    /** ItemDestination */
    readonly ItemDestination: {
      readonly collection: string
      /** @description the source's without it */
      readonly path?: string
      readonly ifMatch?: string
      /** @enum {string} */
      readonly ifNoneMatch?: '*'
    }
    /** ItemEnd */
    readonly ItemEnd: {
      readonly collection: string
      readonly path: string
      /** Format: uuid */
      readonly entityId: string | null
      readonly version: number | null
      readonly revision: string | null
    }
    /** ItemPage */
    readonly ItemPage: {
      readonly items: readonly components['schemas']['Item'][]
      readonly nextCursor: string | null
    }
    /** ItemSource */
    readonly ItemSource: {
      readonly collection: string
      readonly path: string
      /** @description the revision it must have, else the item is evicted */
      readonly ifMatch?: string
      /** @description the version it must have; instead of ifMatch */
      readonly version?: number
    }
    /** Job */
    readonly Job: {
      /** Format: uuid */
      readonly id: string
      /** @description a decimal number, the second name of the job */
      readonly number: string
      /** @enum {string} */
      readonly kind: 'copy' | 'move' | 'delete' | 'update'
      /** @enum {string} */
      readonly state: 'submitted' | 'resolving' | 'running' | 'finished'
      readonly paused: boolean
      /** @enum {string|null} */
      readonly outcome: 'succeeded' | 'partial' | 'failed' | 'cancelled' | null
      readonly counts: components['schemas']['JobCounts']
      readonly bytes: components['schemas']['JobBytes']
      readonly itemsPerSecond: number | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly estimatedFinishAt: string | null
      /** @description why nothing moves, in one sentence */
      readonly waitingFor: string | null
      readonly label: string | null
      readonly priority: number
      readonly dryRun: boolean
      readonly submittedBy: string
      readonly dialect: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly createdAt: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly startedAt: string | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly finishedAt: string | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly expiresAt: string | null
    }
    /** JobBytes */
    readonly JobBytes: {
      readonly total: number
      readonly done: number
    }
    /** JobCounts */
    readonly JobCounts: {
      readonly total: number
      /** @description the total is still growing */
      readonly discovering: boolean
      readonly pending: number
      readonly running: number
      readonly done: number
      readonly skipped: number
      readonly failed: number
      readonly evicted: number
      readonly cancelled: number
    }
    /** JobPage */
    readonly JobPage: {
      readonly items: readonly components['schemas']['Job'][]
      readonly nextCursor: string | null
    }
    /** JobWebhook */
    readonly JobWebhook: {
      /** @description where events are sent by POST */
      readonly url: string
      /** @description the types that are sent; default all */
      readonly events?: readonly ('job.submitted' | 'job.resolved' | 'item.failed' | 'item.evicted' | 'job.finished')[]
      /** @description `whsec_` and the base64 of 24 to 64 bytes at random; without one it is made */
      readonly secret?: string
    }
    /** Lock */
    readonly Lock: {
      readonly holder: string
      /** @description a fencing token: it only grows */
      readonly token: number
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly expiresAt: string
    }
    /** LockRequest */
    readonly LockRequest: {
      readonly ttlSeconds: number
      readonly reason?: string
    }
    /**
     * MadeWebhook
     * @description the webhook that was made with the job
     */
    readonly MadeWebhook: {
      /** Format: uuid */
      readonly id: string
      /** @description told this once */
      readonly secret: string
    }
    /** MintedToken */
    readonly MintedToken: {
      readonly id: string
      readonly subject: string
      /** @description `admin` includes `read` and `write` */
      readonly scopes: readonly ('read' | 'write' | 'admin' | 'apollo_read' | 'apollo_write' | 'metrics')[]
      /** @description what its owner calls it */
      readonly label: string | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly createdAt: string
      /**
       * Format: date-time
       * @description null: it lasts until it is revoked
       */
      readonly expiresAt: string | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly revokedAt: string | null
      /** @description true of the token that the call was made with */
      readonly current: boolean
      /** @description the secret, which is told this once */
      readonly token: string
    }
    /** NewCollection */
    readonly NewCollection: {
      /** @description `plain-name`, `host.name` or `owner/name`; a UUID is made without it */
      readonly id?: string
      readonly name?: string
      /** @description where the bytes live; the usual store without it */
      readonly store?: string
      readonly attributes?: {
        readonly [key: string]: unknown
      }
    }
    /** NewToken */
    readonly NewToken: {
      /** @description without it: the caller */
      readonly subject?: string
      readonly scopes: readonly ('read' | 'write' | 'admin' | 'apollo_read' | 'apollo_write' | 'metrics')[]
      /** @description without it: as long as may be */
      readonly expiresInSeconds?: number
      readonly label?: string
    }
    /** NewWebhook */
    readonly NewWebhook: {
      /** @description where events are sent by POST */
      readonly url: string
      /** @description of which events are sent, from now on; or else `job` */
      readonly collection?: string
      /** @description of which events are sent, from its first */
      readonly job?: string
      /** @description the types that are sent; default all */
      readonly events?: readonly ('job.submitted' | 'job.resolved' | 'item.failed' | 'item.evicted' | 'job.finished')[]
      /** @description `whsec_` and the base64 of 24 to 64 bytes at random; without one it is made */
      readonly secret?: string
    }
    /** Problem */
    readonly Problem: {
      /** @description `/errors/` and the code */
      readonly type: string
      readonly title: string
      readonly status: number
      /** @description what is wrong and what would be right */
      readonly detail: string
      /** @enum {unknown} */
      readonly code:
        | 'invalid_request'
        | 'invalid_json'
        | 'invalid_path'
        | 'invalid_collection_id'
        | 'invalid_cursor'
        | 'invalid_manifest'
        | 'invalid_rdf'
        | 'incomplete_body'
        | 'digest_mismatch'
        | 'unauthenticated'
        | 'insufficient_scope'
        | 'quota_exceeded'
        | 'invalid_signature'
        | 'insufficient_role'
        | 'collection_not_found'
        | 'entry_not_found'
        | 'version_not_found'
        | 'job_not_found'
        | 'lock_not_found'
        | 'grant_not_found'
        | 'upload_not_found'
        | 'token_not_found'
        | 'webhook_not_found'
        | 'route_not_found'
        | 'method_not_allowed'
        | 'request_timeout'
        | 'collection_exists'
        | 'entry_exists'
        | 'folder_not_empty'
        | 'collection_not_empty'
        | 'job_finished'
        | 'job_not_finished'
        | 'last_owner'
        | 'too_many_webhooks'
        | 'idempotency_in_progress'
        | 'job_expired'
        | 'precondition_failed'
        | 'body_too_large'
        | 'too_many_items'
        | 'fields_too_large'
        | 'unsupported_media_type'
        | 'range_not_satisfiable'
        | 'idempotency_mismatch'
        | 'meaningless_update'
        | 'unknown_graph_alias'
        | 'locked'
        | 'quota_in_use'
        | 'rate_limited'
        | 'headers_too_large'
        | 'internal'
        | 'unsupported'
        | 'unavailable'
        | 'out_of_space'
        | 'condition_failed'
        | 'destination_not_found'
        | 'destination_not_folder'
        | 'folder_into_itself'
        | 'destination_exists'
        | 'same_path'
        | 'source_changed'
        | 'destination_changed'
        | 'stale_lease'
      readonly instance?: string
      readonly errors?: readonly {
        /** @description a JSON pointer into the body, or the name of a query parameter or header */
        readonly pointer: string
        readonly detail: string
        readonly line?: number
        readonly column?: number
      }[]
      /** @description who holds the lock */
      readonly holder?: string
      /** @description the job that holds the lock */
      readonly job?: string
      /** Format: date-time */
      readonly expiresAt?: string
      readonly expected?: string | null
      readonly actual?: string | null
      /** @description the missing scopes */
      readonly scope?: string
    }
    /** Quota */
    readonly Quota: {
      readonly limit: number
      readonly used: number
    }
    /** Reason */
    readonly Reason: {
      readonly code: string
      readonly message: string
      readonly expected?: string | null
      readonly actual?: string | null
    }
    /** Retry */
    readonly Retry: {
      readonly states: readonly ('failed' | 'evicted' | 'skipped' | 'cancelled')[]
    }
    /** Selection */
    readonly Selection: {
      readonly source: {
        readonly collection: string
        readonly prefix?: string
        readonly glob?: string
      }
      readonly destination?: {
        readonly collection: string
        readonly prefix?: string
      }
      /** @description a merge patch of the fields (RFC 7396); for update only */
      readonly fields?: {
        readonly [key: string]: unknown
      }
    }
    /** SubmitItem */
    readonly SubmitItem: {
      readonly source: components['schemas']['ItemSource']
      readonly destination?: components['schemas']['ItemDestination']
      /** @description a merge patch of the fields (RFC 7396); for update only */
      readonly fields?: {
        readonly [key: string]: unknown
      }
    }
    /** SubmitJob */
    readonly SubmitJob: {
      /** @enum {string} */
      readonly kind: 'copy' | 'move' | 'delete' | 'update'
      readonly items?: readonly components['schemas']['SubmitItem'][]
      readonly select?: readonly components['schemas']['Selection'][]
      /**
       * @description what to do when the destination exists; default version
       * @enum {string}
       */
      readonly conflict?: 'version' | 'skip' | 'fail' | 'rename'
      /**
       * @description `digest` reads and hashes each source again; default none
       * @enum {string}
       */
      readonly verify?: 'none' | 'digest'
      /** @description plan every item and change nothing */
      readonly dryRun?: boolean
      /** @description default 5 */
      readonly priority?: number
      readonly label?: string | null
      readonly webhook?: components['schemas']['JobWebhook']
    }
    /** SubmittedJob */
    readonly SubmittedJob: {
      /** Format: uuid */
      readonly id: string
      /** @description a decimal number, the second name of the job */
      readonly number: string
      /** @enum {string} */
      readonly kind: 'copy' | 'move' | 'delete' | 'update'
      /** @enum {string} */
      readonly state: 'submitted' | 'resolving' | 'running' | 'finished'
      readonly paused: boolean
      /** @enum {string|null} */
      readonly outcome: 'succeeded' | 'partial' | 'failed' | 'cancelled' | null
      readonly counts: components['schemas']['JobCounts']
      readonly bytes: components['schemas']['JobBytes']
      readonly itemsPerSecond: number | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly estimatedFinishAt: string | null
      /** @description why nothing moves, in one sentence */
      readonly waitingFor: string | null
      readonly label: string | null
      readonly priority: number
      readonly dryRun: boolean
      readonly submittedBy: string
      readonly dialect: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly createdAt: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly startedAt: string | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly finishedAt: string | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly expiresAt: string | null
      readonly webhook?: components['schemas']['MadeWebhook']
    }
    /** System */
    readonly System: {
      readonly version: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly startedAt: string
      readonly ledger: {
        /** @enum {string} */
        readonly kind: 'sqlite' | 'postgres'
        readonly schema: number
      }
      readonly nodes: readonly components['schemas']['SystemNode'][]
      readonly queue: components['schemas']['SystemQueue']
      readonly stores: readonly components['schemas']['SystemStore'][]
      readonly retention: components['schemas']['SystemRetention']
      readonly limits: components['schemas']['SystemLimits']
    }
    /** SystemLimits */
    readonly SystemLimits: {
      readonly jsonItems: number
      readonly submitBodyBytes: number
      readonly jsonBodyBytes: number
      readonly uploadBytes: number
      readonly manifestLineBytes: number
      readonly requestsPerMinute: number
      readonly sevenbridgesRequests: number
    }
    /** SystemNode */
    readonly SystemNode: {
      readonly id: string
      readonly host: string
      readonly pid: number
      readonly version: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly startedAt: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly lastSeenAt: string
      /** @description true: the one that answers */
      readonly self: boolean
    }
    /** SystemQueue */
    readonly SystemQueue: {
      /** @description jobs that wait for their first turn; neither these nor the running ones count those that are paused */
      readonly waitingJobs: number
      /** @description unfinished jobs that had a turn */
      readonly runningJobs: number
      /** @description since the oldest waiting one was submitted */
      readonly oldestWaitingSeconds: number | null
      /** @description false: of very many unfinished jobs only the oldest were counted */
      readonly exact: boolean
    }
    /** SystemRetention */
    readonly SystemRetention: {
      /** @description milliseconds */
      readonly v1: number
      /** @description milliseconds */
      readonly apollo: number
      /** @description milliseconds */
      readonly sevenbridges: number
      /** @description milliseconds */
      readonly cmwell: number
      /** @description milliseconds; null: no audit is kept */
      readonly audit: number | null
    }
    /** SystemStore */
    readonly SystemStore: {
      readonly name: string
      /** @enum {string} */
      readonly kind: 'local' | 's3' | 'azure' | 'attached'
      readonly healthy: boolean
      /** @description why it is not healthy */
      readonly error: string | null
    }
    /** Token */
    readonly Token: {
      readonly id: string
      readonly subject: string
      /** @description `admin` includes `read` and `write` */
      readonly scopes: readonly ('read' | 'write' | 'admin' | 'apollo_read' | 'apollo_write' | 'metrics')[]
      /** @description what its owner calls it */
      readonly label: string | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly createdAt: string
      /**
       * Format: date-time
       * @description null: it lasts until it is revoked
       */
      readonly expiresAt: string | null
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly revokedAt: string | null
      /** @description true of the token that the call was made with */
      readonly current: boolean
    }
    /** TokenPage */
    readonly TokenPage: {
      readonly items: readonly components['schemas']['Token'][]
      readonly nextCursor: string | null
    }
    /** VersionPage */
    readonly VersionPage: {
      readonly items: readonly components['schemas']['Entry'][]
      readonly nextCursor: string | null
    }
    /** Webhook */
    readonly Webhook: {
      /** Format: uuid */
      readonly id: string
      readonly url: string
      readonly collection: string | null
      /** Format: uuid */
      readonly job: string | null
      readonly events: readonly ('job.submitted' | 'job.resolved' | 'item.failed' | 'item.evicted' | 'job.finished')[]
      /** @enum {string} */
      readonly state: 'active' | 'failing' | 'disabled'
      readonly createdBy: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly createdAt: string
      /**
       * Format: date-time
       * @description RFC 3339, UTC, with milliseconds
       */
      readonly lastDeliveryAt: string | null
      /** @description the last answer's */
      readonly lastStatus: number | null
      /** @description what was wrong the last time, or why it is disabled */
      readonly lastError: string | null
      /** @description events that are still to be delivered */
      readonly pending: number
    }
    /** WebhookPage */
    readonly WebhookPage: {
      readonly items: readonly components['schemas']['Webhook'][]
      readonly nextCursor: string | null
    }
    /** Whoami */
    readonly Whoami: {
      readonly subject: string
      readonly scopes: readonly string[]
      readonly roles: readonly {
        readonly collection: string
        /** @enum {string} */
        readonly role: 'readonly' | 'readwrite' | 'admin' | 'owner'
      }[]
      /** @description those that are set */
      readonly quotas: {
        readonly requestsPerMinute?: components['schemas']['Quota']
        readonly unfinishedJobs?: components['schemas']['Quota']
        readonly unfinishedItems?: components['schemas']['Quota']
        readonly itemsPerJob?: components['schemas']['Quota']
        readonly collections?: components['schemas']['Quota']
        readonly eventStreams?: components['schemas']['Quota']
      }
      readonly nextCursor: string | null
    }
    readonly ListCollectionsQuery: {
      /** @description how many at most; default 100 */
      readonly limit?: number
      /** @description the nextCursor of the page before */
      readonly cursor?: string
      /** @enum {string} */
      readonly minRole?: 'readonly' | 'readwrite' | 'admin' | 'owner'
      /** @description ids that begin with this */
      readonly prefix?: string
    }
    readonly DeleteCollectionQuery: {
      /** @description delete everything in it first, as a job; call again without it when that job is done */
      readonly force?: boolean
    }
    readonly ListGrantsQuery: {
      /** @description how many at most; default 100 */
      readonly limit?: number
      /** @description the nextCursor of the page before */
      readonly cursor?: string
    }
    readonly ListEntriesQuery: {
      /** @description how many at most; default 100 */
      readonly limit?: number
      /** @description the nextCursor of the page before */
      readonly cursor?: string
      /** @description paths that begin with this */
      readonly prefix?: string
      /** @enum {string} */
      readonly delimiter?: '/'
      /** @enum {string} */
      readonly kind?: 'file' | 'folder' | 'object' | 'link'
      /** @description true: tombstones too */
      readonly deleted?: boolean
    }
    readonly GetEntryQuery: {
      readonly version?: number
    }
    readonly GetMetadataQuery: {
      readonly version?: number
    }
    readonly ListVersionsQuery: {
      /** @description how many at most; default 100 */
      readonly limit?: number
      /** @description the nextCursor of the page before */
      readonly cursor?: string
    }
    readonly ListJobsQuery: {
      /** @description how many at most; default 100 */
      readonly limit?: number
      /** @description the nextCursor of the page before */
      readonly cursor?: string
      /** @enum {string} */
      readonly state?: 'submitted' | 'resolving' | 'running' | 'finished'
      /** @enum {string} */
      readonly outcome?: 'succeeded' | 'partial' | 'failed' | 'cancelled'
      /** @enum {string} */
      readonly kind?: 'copy' | 'move' | 'delete' | 'update'
      /** @description this very label */
      readonly label?: string
      /** @description a part of the label, in small or large letters */
      readonly labelContains?: string
      readonly submittedBy?: string
      readonly collection?: string
      /** @description created at or after this time, RFC 3339 */
      readonly since?: string
      /** @description created before this time, RFC 3339 */
      readonly until?: string
    }
    readonly SubmitJobQuery: {
      /**
       * @description required with a manifest
       * @enum {string}
       */
      readonly kind?: 'copy' | 'move' | 'delete' | 'update'
      /**
       * @description what to do when the destination exists; default version
       * @enum {string}
       */
      readonly conflict?: 'version' | 'skip' | 'fail' | 'rename'
      /**
       * @description `digest` reads and hashes each source again; default none
       * @enum {string}
       */
      readonly verify?: 'none' | 'digest'
      /** @description plan every item and change nothing */
      readonly dryRun?: boolean
      /** @description default 5 */
      readonly priority?: number
      readonly label?: string
      /** @description where events are sent by POST */
      readonly webhookUrl?: string
      /** @description one or more of job.submitted, job.resolved, item.failed, item.evicted, job.finished, separated by commas; default all */
      readonly webhookEvents?: string
    }
    readonly ListItemsQuery: {
      /** @description how many at most; default 100 */
      readonly limit?: number
      /** @description the nextCursor of the page before */
      readonly cursor?: string
      /** @description one or more of pending, running, done, skipped, failed, evicted, cancelled, separated by commas */
      readonly state?: string
      /** @description source paths that begin with this */
      readonly path?: string
      /** @description items from this `seq` on; not with a cursor, which goes on from its own */
      readonly from?: number
    }
    readonly GetReportQuery: {
      /**
       * @description default csv
       * @enum {string}
       */
      readonly format?: 'csv' | 'ndjson'
      /** @description one or more of pending, running, done, skipped, failed, evicted, cancelled, separated by commas */
      readonly state?: string
    }
    readonly JobEventsQuery: {
      /** @description for clients that cannot send Last-Event-ID */
      readonly lastEventId?: number
      /** @description false leaves out `item.failed` and `item.evicted`; default true */
      readonly items?: boolean
      /** @description true begins with what happens from now on, where no Last-Event-ID is sent */
      readonly live?: boolean
    }
    readonly AllEventsQuery: {
      /** @description for clients that cannot send Last-Event-ID */
      readonly lastEventId?: number
      /** @description false leaves out `item.failed` and `item.evicted`; default true */
      readonly items?: boolean
    }
    readonly ListTokensQuery: {
      /** @description those of this subject; of another than oneself with the scope `admin` only */
      readonly subject?: string
      /** @description how many at most; default 100 */
      readonly limit?: number
      /** @description the nextCursor of the page before */
      readonly cursor?: string
    }
    readonly ListWebhooksQuery: {
      /** @description how many at most; default 100 */
      readonly limit?: number
      /** @description the nextCursor of the page before */
      readonly cursor?: string
      /** @description those of this collection (admin) */
      readonly collection?: string
      /** @description those of this job */
      readonly job?: string
    }
    readonly ListDeliveriesQuery: {
      /** @description how many at most; default 100 */
      readonly limit?: number
      /** @description the nextCursor of the page before */
      readonly cursor?: string
    }
    readonly ListAuditQuery: {
      /** @description what was done to it; needed without the scope `admin` */
      readonly collection?: string
      /** @description who did it */
      readonly subject?: string
      /** @enum {string} */
      readonly action?:
        | 'collection.create'
        | 'collection.update'
        | 'collection.delete'
        | 'grant.set'
        | 'grant.remove'
        | 'lock.acquire'
        | 'lock.release'
        | 'entry.put'
        | 'entry.patch'
        | 'entry.delete'
        | 'job.submit'
        | 'job.cancel'
        | 'job.pause'
        | 'job.resume'
        | 'job.retry'
        | 'webhook.create'
        | 'webhook.delete'
        | 'token.create'
        | 'token.revoke'
      /** @description RFC 3339; done at or after */
      readonly since?: string
      /** @description RFC 3339; done before */
      readonly until?: string
      /** @description how many at most; default 100 */
      readonly limit?: number
      /** @description the nextCursor of the page before */
      readonly cursor?: string
    }
    readonly WhoamiQuery: {
      /** @description how many at most; default 100 */
      readonly limit?: number
      /** @description the nextCursor of the page before */
      readonly cursor?: string
    }
  }
  responses: never
  parameters: never
  requestBodies: never
  headers: never
  pathItems: never
}
