import { randomUUID } from 'node:crypto'
import type { TokenRecord } from '../../model/access.ts'
import type { Actor, AuditRecord } from '../../model/audit.ts'
import type { Collection, CollectionView, Grant, Role } from '../../model/collection.ts'
import type { Entry, Fields } from '../../model/entry.ts'
import type { JobEvent } from '../../model/event.ts'
import type { Item, ItemState } from '../../model/item.ts'
import type { Job, SubmitItem } from '../../model/job.ts'
import type { Lock } from '../../model/lock.ts'
import type { NameKind } from '../../model/names.ts'
import type { Page, PageQuery } from '../../model/page.ts'
import type { CountedQuota, Quotas } from '../../model/quotas.ts'
import type { UploadPart, UploadPlan } from '../../model/upload.ts'
import type { Blob } from '../../ports/blob-store.ts'
import type { AuditFilter } from '../../ports/audit-ledger.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  BlobProgress,
  BytesRead,
  ChildFilter,
  Children,
  ChunkBlob,
  CommitNotice,
  CopiedBlobs,
  EntryFilter,
  EntryPage,
  EntryWrite,
  FieldType,
  ItemFilter,
  ItemPart,
  JobFilter,
  JobSnapshot,
  Lease,
  Ledger,
  NewCollection,
  NewFolder,
  NewJob,
  NewUpload,
  NextWork,
  PutEntry,
  Submitted,
  Turn,
} from '../../ports/ledger.ts'
import type { NewToken } from '../../ports/token-ledger.ts'
import type { Backlog, CommittedWork } from '../../ports/observed-ledger.ts'
import type { Intent, Look, PublishedItem, Run } from '../../ports/place-ledger.ts'
import type { JobAhead } from '../../ports/waiting-ledger.ts'
import type { LedgerNode, NodeDescription, QueueFigures } from '../../ports/system-ledger.ts'
import type { Moved, PlacePath, Transfer } from '../../ports/transfer.ts'
import { Database, KNOWN_SCHEMA } from './database.ts'
import { IDEMPOTENCY_MS } from '../shared/intake.ts'
import { heldUpBy } from './operations/order.ts'
import { toQueueFigures, UNFINISHED_JOBS } from '../shared/queue-figures.ts'
import { RESTORED_AT, toRestoredAt } from '../shared/restored.ts'
import { ReadCache } from './reads/cache.ts'
import { backlog } from './reads/backlog.ts'
import { SqliteWebhooks } from './sqlite-webhooks.ts'
import { audit, collections, entries, items, jobs, locks, names, places, tokens, tree, uploads, usage } from './reads/index.ts'
import { Snapshots } from './reads/snapshot.ts'
import { startThread } from './thread.ts'
import { Writer, type Calls } from './writer/writer.ts'

/** A UUID's characters; numbers have fewer. */
const LONGEST_ID = 36

/** What a ledger and those that record in somebody's name (`by`) share. */
interface Parts {
  readonly file: string
  readonly clock: Clock
  readonly writer: Writer
  readonly db: Database
  readonly cache: ReadCache
  readonly snapshots: Snapshots
  /** This process, once it has said who it is. */
  node: (NodeDescription & { readonly id: string }) | null
}

/**
 * The ledger on the embedded default. Writes go to the writer thread (writer/, operations/), reads are answered here, from a connection that sees the last
 * commit and never waits for a writer (WAL). One file; other processes may administer it at the same time.
 */
export class SqliteLedger implements Ledger {
  readonly kind = 'sqlite'
  readonly schema = KNOWN_SCHEMA
  readonly webhooks: SqliteWebhooks
  readonly #clock: Clock
  readonly #parts: Parts
  readonly #writer: Calls
  readonly #db: Database
  readonly #cache: ReadCache

  private constructor(parts: Parts, writer: Calls) {
    this.#parts = parts
    this.#writer = writer
    this.#clock = parts.clock
    this.#db = parts.db
    this.#cache = parts.cache
    this.webhooks = new SqliteWebhooks(writer, parts.db)
  }

  static async open(file: string, clock: Clock): Promise<SqliteLedger> {
    const writer = await Writer.open(file, clock)
    const db = Database.openReader(file)
    const cache = new ReadCache(db)
    writer.onAnswer(() => cache.expire())
    return new SqliteLedger({ file, clock, writer, db, cache, snapshots: new Snapshots(file, clock), node: null }, writer)
  }

  by(actor: Actor | null): Ledger {
    return new SqliteLedger(this.#parts, actor === null ? this.#parts.writer : this.#parts.writer.by(actor))
  }

  readonly sendsWakes = false

  // collections and grants
  createCollection(collection: NewCollection): Promise<Collection> {
    return this.#writer.call('createCollection', collection)
  }
  updateCollection(id: string, change: { name?: string; attributes?: Readonly<Record<string, unknown>> }): Promise<Collection> {
    return this.#writer.call('updateCollection', id, change)
  }
  deleteCollection(id: string, subject: string): Promise<void> {
    return this.#writer.call('deleteCollection', id, subject)
  }
  async collection(id: string): Promise<Collection | null> {
    return collections.collection(this.#db, id)
  }
  async collections(subject: string, filter: { minRole?: Role; prefix?: string }, page: PageQuery): Promise<Page<CollectionView>> {
    return collections.collections(this.#db, subject, filter, page)
  }
  async role(subject: string, collection: string): Promise<Role | null> {
    return collections.role(this.#db, subject, collection)
  }
  async roles(subject: string, ids: readonly string[]): Promise<Map<string, Role>> {
    return collections.roles(this.#db, subject, ids)
  }
  async grants(collection: string, page: PageQuery): Promise<Page<Grant>> {
    return collections.grants(this.#db, collection, page)
  }
  setGrant(collection: string, subject: string, role: Role): Promise<void> {
    return this.#writer.call('setGrant', collection, subject, role)
  }
  removeGrant(collection: string, subject: string): Promise<void> {
    return this.#writer.call('removeGrant', collection, subject)
  }

  // locks
  acquireLock(wish: { collection: string; path: string | null; holder: string; reason: string | null; ttlMs: number }): Promise<Lock> {
    return this.#writer.call('acquireLock', wish)
  }
  releaseLock(collection: string, path: string | null, holder: string | null): Promise<void> {
    return this.#writer.call('releaseLock', collection, path, holder)
  }
  async locksOver(collection: string, path: string | null): Promise<readonly Lock[]> {
    return locks.locksOver(this.#db, collection, path, this.#clock.now())
  }
  async lockAgainst(holder: string, places: readonly { collection: string; path: string | null }[]): Promise<Lock | null> {
    return locks.lockAgainst(this.#db, holder, places, this.#clock.now())
  }

  // entries
  async entry(collection: string, path: string, version?: number): Promise<Entry | null> {
    return entries.entry(this.#db, collection, path, version)
  }
  async entries(collection: string, filter: EntryFilter, page: PageQuery): Promise<EntryPage> {
    return entries.entries(this.#db, collection, filter, page)
  }
  async versions(collection: string, path: string, page: PageQuery): Promise<Page<Entry>> {
    return entries.versions(this.#db, collection, path, page)
  }
  putEntry(put: PutEntry): Promise<{ entry: Entry; created: boolean }> {
    return this.#writer.call('putEntry', put)
  }
  removeEntry(remove: EntryWrite): Promise<Entry> {
    return this.#writer.call('removeEntry', remove)
  }
  patchEntry(patch: EntryWrite & { fields?: Fields; mediaType?: string }): Promise<Entry> {
    return this.#writer.call('patchEntry', patch)
  }
  createFolder(folder: NewFolder): Promise<Entry> {
    return this.#writer.call('createFolder', folder)
  }
  async entriesById(entityIds: readonly string[], reader: string): Promise<readonly Entry[]> {
    return tree.entriesById(this.#db, entityIds, reader)
  }
  async entryByRevision(revision: string, reader: string): Promise<Entry | null> {
    return tree.entryByRevision(this.#db, revision, reader)
  }
  async children(collection: string, folder: string, filter: ChildFilter, page: { offset: number; limit: number }): Promise<Children> {
    return tree.children(this.#db, collection, folder, filter, page)
  }
  referenced(store: string, digests: readonly string[]): Promise<Set<string>> {
    const worker = startThread(import.meta.url, './reads/referenced-worker', { file: this.#parts.file, store, digests })
    return new Promise((resolve, reject) => {
      worker.once('message', (found: readonly string[]) => resolve(new Set(found)))
      worker.once('error', reject)
    })
  }

  // names and types
  async names(subject: string, kind: NameKind): Promise<ReadonlyMap<string, string>> {
    return names.names(this.#db, subject, kind)
  }
  setNames(subject: string, kind: NameKind, given: Readonly<Record<string, string>>): Promise<void> {
    return this.#writer.call('setNames', subject, kind, Object.entries(given))
  }
  async fieldTypes(collection: string, fields: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    return names.fieldTypes(this.#db, collection, fields)
  }
  addFieldTypes(collection: string, types: readonly FieldType[]): Promise<void> {
    return this.#writer.call('addFieldTypes', collection, types)
  }

  // uploads in parts
  createUpload(upload: NewUpload): Promise<UploadPlan> {
    return this.#writer.call('createUpload', upload)
  }
  async upload(id: string): Promise<{ plan: UploadPlan; version: number | null } | null> {
    return uploads.upload(this.#db, id, this.#clock.now())
  }
  async uploadParts(upload: string, number?: number): Promise<readonly UploadPart[]> {
    return uploads.uploadParts(this.#db, upload, number, this.#clock.now())
  }
  putUploadPart(upload: string, part: UploadPart): Promise<void> {
    return this.#writer.call('putUploadPart', upload, part)
  }
  completeUpload(upload: string, parts: readonly UploadPart[], blob: Blob): Promise<Entry | null> {
    return this.#writer.call('completeUpload', upload, parts, blob)
  }
  abortUpload(upload: string): Promise<void> {
    return this.#writer.call('abortUpload', upload)
  }

  // jobs: intake
  createJob(job: NewJob): Promise<Submitted> {
    return this.#writer.call('createJob', job)
  }
  appendItems(job: string, more: readonly SubmitItem[], quotas?: Quotas): Promise<void> {
    return this.#writer.call('appendItems', job, more, quotas)
  }
  mergeItems(job: string, parts: readonly ItemPart[]): Promise<void> {
    return this.#writer.call('mergeItems', job, parts)
  }
  seal(job: string, fingerprint: string | null, before?: string): Promise<Job> {
    return this.#writer.call('seal', job, fingerprint, before)
  }
  dropUnsealed(job: string): Promise<void> {
    return this.#writer.call('dropUnsealed', job)
  }
  async idempotent(subject: string, key: string): Promise<{ job: string; fingerprint: string | null } | null> {
    return jobs.idempotent(this.#db, subject, key, this.#clock.now() - IDEMPOTENCY_MS)
  }

  // jobs: life
  takeTurn(job: string, worker: string, leaseMs: number): Promise<Turn> {
    return this.#writer.call('takeTurn', job, worker, leaseMs)
  }
  nextWork(job: string, worker: string, leaseMs: number): Promise<NextWork> {
    return this.#writer.call('nextWork', job, worker, leaseMs)
  }
  resolvePage(job: string): Promise<void> {
    return this.#writer.call('resolvePage', job)
  }
  renewLease(lease: Lease, leaseMs: number, progress?: readonly BlobProgress[]): Promise<void> {
    return this.#writer.call('renewLease', lease, leaseMs, progress)
  }
  releaseLease(lease: Lease): Promise<void> {
    return this.#writer.call('releaseLease', lease)
  }
  chunkBlobs(lease: Lease): Promise<readonly ChunkBlob[]> {
    return this.#writer.call('chunkBlobs', lease)
  }
  applyChunk(lease: Lease, corrupt: readonly string[], copied?: CopiedBlobs): Promise<boolean> {
    return this.#writer.call('applyChunk', lease, corrupt, copied)
  }
  cancel(job: string): Promise<Job> {
    return this.#writer.call('cancel', job)
  }
  pause(job: string): Promise<Job> {
    return this.#writer.call('pause', job)
  }
  resume(job: string): Promise<Job> {
    return this.#writer.call('resume', job)
  }
  retry(job: string, states: readonly ItemState[]): Promise<Job> {
    return this.#writer.call('retry', job, states)
  }

  // places
  async edition(collection: string): Promise<number> {
    return places.edition(this.#db, collection)
  }
  async placedFiles(collection: string, range: { prefix: string; after: string }, limit: number): Promise<{ path: string; stamp: string }[]> {
    return places.placedFiles(this.#db, collection, range, limit)
  }
  async stamps(collection: string, paths: readonly string[]): Promise<Map<string, string>> {
    return places.stamps(this.#db, collection, paths)
  }
  reconcile(look: Look): Promise<boolean> {
    return this.#writer.call('reconcile', look)
  }
  chunkPaths(lease: Lease, run: Run): Promise<readonly PlacePath[]> {
    return this.#writer.call('chunkPaths', lease, run)
  }
  planTransfers(lease: Lease, run: Run): Promise<readonly Transfer[]> {
    return this.#writer.call('planTransfers', lease, run)
  }
  intend(lease: Lease, run: Run, moved: readonly Moved[]): Promise<readonly Intent[]> {
    return this.#writer.call('intend', lease, run, moved)
  }
  settlePublished(lease: Lease, run: Run, published: readonly PublishedItem[]): Promise<void> {
    return this.#writer.call('settlePublished', lease, run, published)
  }
  applyRun(lease: Lease, run: Run, read: BytesRead): Promise<void> {
    return this.#writer.call('applyRun', lease, run, read)
  }
  unsettled(lease: Lease): Promise<readonly Intent[]> {
    return this.#writer.call('unsettled', lease)
  }

  // jobs: reading
  async job(idOrNumber: string, reader = ''): Promise<Job | null> {
    if (idOrNumber.length > LONGEST_ID) return null // nor does it fill the cache
    // both may hold blanks: the length tells where the id ends
    const job = this.#cache.get(`job ${idOrNumber.length} ${idOrNumber} ${reader}`, () => jobs.job(this.#db, idOrNumber, this.#clock.now()))
    // time alone expires a job, too, without any commit
    return job?.expiresAt == null || job.expiresAt > this.#clock.now() ? job : jobs.job(this.#db, idOrNumber, this.#clock.now())
  }
  async jobs(filter: JobFilter, page: PageQuery): Promise<Page<Job>> {
    return jobs.jobs(this.#db, filter, page, this.#clock.now())
  }
  async items(job: string, filter: ItemFilter, page: PageQuery): Promise<Page<Item>> {
    const row = jobs.acknowledged(this.#db, job, this.#clock.now())
    return row === undefined ? { items: [], nextCursor: null } : items.items(this.#db, row['key'] as number, filter, page)
  }
  async snapshot(job: string, reader?: string): Promise<JobSnapshot | null> {
    return this.#parts.snapshots.open(job, reader ?? null)
  }
  async administers(subject: string, job: string): Promise<boolean> {
    return jobs.administers(this.#db, subject, job)
  }
  async heldUpBy(job: string): Promise<JobAhead | null> {
    return heldUpBy(this.#db, job)
  }
  async touches(job: string, collection: string): Promise<boolean> {
    return jobs.touches(this.#db, job, collection)
  }
  async eventsAfter(after: number, limit: number, job?: string): Promise<readonly JobEvent[]> {
    const events = jobs.eventsAfter(this.#db, after, limit, job)
    // a job that is read after its events is not older than they are, even in the same turn
    if (events.length > 0) this.#cache.expire()
    return events
  }
  async lastEvent(): Promise<number> {
    return jobs.lastEvent(this.#db)
  }
  onCommit(listener: (notice: CommitNotice) => void): () => void {
    return this.#parts.writer.onCommit(listener)
  }

  // watching
  onWork(listener: (work: CommittedWork) => void): void {
    this.#parts.writer.onWork(listener)
  }
  async backlog(): Promise<Backlog> {
    return backlog(this.#db, this.#clock.now())
  }

  // upkeep
  async unfinished(after: number, limit: number): Promise<readonly { job: string; position: number; tenant: string; priority: number }[]> {
    return jobs.unfinished(this.#db, after, limit)
  }
  recover(): Promise<void> {
    return this.#writer.call('recover')
  }
  purge(batch: number): Promise<number> {
    return this.#writer.call('purge', batch)
  }

  // what operators ask
  async announce(node: NodeDescription): Promise<void> {
    this.#parts.node = { id: randomUUID(), ...node }
  }
  /** One process works on a data directory (claim.ts), and it is alive when it answers: nothing need be written. */
  async nodes(): Promise<readonly LedgerNode[]> {
    return this.#parts.node === null ? [] : [{ ...this.#parts.node, lastSeenAt: this.#clock.now(), self: true }]
  }
  async queueFigures(): Promise<QueueFigures> {
    return toQueueFigures(this.#db.get(UNFINISHED_JOBS) ?? {})
  }
  async restoredAt(): Promise<number | null> {
    return toRestoredAt(this.#db.get(RESTORED_AT))
  }

  // tokens
  createToken(token: NewToken): Promise<TokenRecord> {
    return this.#writer.call('createToken', token)
  }
  async token(hash: string): Promise<TokenRecord | null> {
    return this.#cache.get(`token ${hash}`, () => tokens.token(this.#db, hash))
  }
  async tokenById(id: string): Promise<TokenRecord | null> {
    return tokens.tokenById(this.#db, id)
  }
  async tokens(page: PageQuery, subject?: string): Promise<Page<TokenRecord>> {
    return tokens.tokens(this.#db, page, subject)
  }
  revokeToken(id: string): Promise<void> {
    return this.#writer.call('revokeToken', id)
  }

  async usage(subject: string, quotas: Quotas): Promise<Partial<Record<CountedQuota, number>>> {
    return usage.usage(this.#db, subject, quotas)
  }

  // audit
  async audit(filter: AuditFilter, page: PageQuery): Promise<Page<AuditRecord>> {
    return audit.audit(this.#db, filter, page)
  }
  purgeAudit(before: number, batch: number): Promise<number> {
    return this.#writer.call('purgeAudit', before, batch)
  }
  purgeCollections(deletedBefore: number, batch: number): Promise<number> {
    return this.#writer.call('purgeCollections', deletedBefore, batch)
  }
  purgeTokens(endedBefore: number, batch: number): Promise<number> {
    return this.#writer.call('purgeTokens', endedBefore, batch)
  }

  async health(): Promise<void> {
    jobs.lastEvent(this.#db)
    await this.#writer.call('probe')
  }
  async close(): Promise<void> {
    // readers first: the last connection folds the log into the file, and only the writer can
    this.#parts.snapshots.close()
    this.#db.close()
    await this.#parts.writer.close()
  }
}
