import { randomBytes } from 'node:crypto'
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
import type { Intent, Look, PublishedItem, Run } from '../../ports/place-ledger.ts'
import type { JobAhead } from '../../ports/waiting-ledger.ts'
import type { LedgerNode, NodeDescription, QueueFigures } from '../../ports/system-ledger.ts'
import type { Moved, PlacePath, Transfer } from '../../ports/transfer.ts'
import type { Backlog, CommittedWork } from '../../ports/observed-ledger.ts'
import type { WakeSender } from '../../ports/queue.ts'
import { IDEMPOTENCY_MS } from '../shared/intake.ts'
import { toQueueFigures, UNFINISHED_JOBS } from '../shared/queue-figures.ts'
import { RESTORED_AT, toRestoredAt } from '../shared/restored.ts'
import { PostgresWebhooks } from './postgres-webhooks.ts'
import { backlog } from './reads/backlog.ts'
import { KNOWN_SCHEMA, migrate } from './connection/migrate.ts'
import { endPool } from './connection/pools.ts'
import type { Readers } from './connection/readers.ts'
import type { Writes } from './connection/transactions.ts'
import { operations } from './operations/index.ts'
import { heldUpBy, successors } from './operations/order.ts'
import { audit, collections, entries, items, jobs, locks, names, nodes, places, tokens, tree, uploads, usage } from './reads/index.ts'
import { partsOf, type Parts } from './parts.ts'

/**
 * The ledger on PostgreSQL (14 or newer), for any number of processes at once. Each write is a transaction (connection/, operations/), reads are answered from
 * connections of their own; what one process commits the others hear by LISTEN. See docs/decisions/0030-the-ledger-on-postgresql.md.
 */
export class PostgresLedger implements Ledger {
  readonly kind = 'postgres'
  readonly schema = KNOWN_SCHEMA
  readonly webhooks: PostgresWebhooks
  readonly #parts: Parts
  readonly #writes: Writes
  readonly #clock: Clock
  readonly #db: Readers

  private constructor(parts: Parts, writes: Writes) {
    this.#parts = parts
    this.#writes = writes
    this.#clock = parts.clock
    this.#db = parts.db
    this.webhooks = new PostgresWebhooks(writes, parts.db)
  }

  /** Brings the schema of the database at `url` (postgres://...) up to date and opens it. Throws `unavailable`. */
  static async open(url: string, clock: Clock): Promise<PostgresLedger> {
    await migrate(url)
    const parts = partsOf(url, clock)
    return new PostgresLedger(parts, parts.transactions)
  }

  by(actor: Actor | null): Ledger {
    return new PostgresLedger(this.#parts, actor === null ? this.#parts.transactions : this.#parts.transactions.by(actor))
  }

  get sendsWakes(): boolean {
    return this.#parts.transactions.wakeSender !== null
  }

  /** From now on the wake-ups of jobs are sent in the transactions that give them something to do. */
  sendWakesBy(sender: WakeSender): void {
    this.#parts.transactions.wakeSender = sender
  }

  // collections and grants
  createCollection(collection: NewCollection): Promise<Collection> {
    return this.#writes.write(tx => operations.createCollection(tx, collection))
  }
  updateCollection(id: string, change: { name?: string; attributes?: Readonly<Record<string, unknown>> }): Promise<Collection> {
    return this.#writes.write(tx => operations.updateCollection(tx, id, change))
  }
  deleteCollection(id: string, subject: string): Promise<void> {
    return this.#writes.write(tx => operations.deleteCollection(tx, id, subject))
  }
  collection(id: string): Promise<Collection | null> {
    return collections.collection(this.#db, id)
  }
  collections(subject: string, filter: { minRole?: Role; prefix?: string }, page: PageQuery): Promise<Page<CollectionView>> {
    return collections.collections(this.#db, subject, filter, page)
  }
  role(subject: string, collection: string): Promise<Role | null> {
    return collections.role(this.#db, subject, collection)
  }
  roles(subject: string, ids: readonly string[]): Promise<Map<string, Role>> {
    return collections.roles(this.#db, subject, ids)
  }
  grants(collection: string, page: PageQuery): Promise<Page<Grant>> {
    return collections.grants(this.#db, collection, page)
  }
  setGrant(collection: string, subject: string, role: Role): Promise<void> {
    return this.#writes.write(tx => operations.setGrant(tx, collection, subject, role))
  }
  removeGrant(collection: string, subject: string): Promise<void> {
    return this.#writes.write(tx => operations.removeGrant(tx, collection, subject))
  }

  // locks
  acquireLock(wish: { collection: string; path: string | null; holder: string; reason: string | null; ttlMs: number }): Promise<Lock> {
    return this.#writes.write(tx => operations.acquireLock(tx, wish))
  }
  releaseLock(collection: string, path: string | null, holder: string | null): Promise<void> {
    return this.#writes.write(tx => operations.releaseLock(tx, collection, path, holder))
  }
  locksOver(collection: string, path: string | null): Promise<readonly Lock[]> {
    return locks.locksOver(this.#db, collection, path, this.#clock.now())
  }
  lockAgainst(holder: string, places: readonly { collection: string; path: string | null }[]): Promise<Lock | null> {
    return locks.lockAgainst(this.#db, holder, places, this.#clock.now())
  }

  // entries
  entry(collection: string, path: string, version?: number): Promise<Entry | null> {
    return entries.entry(this.#db, collection, path, version)
  }
  async entries(collection: string, filter: EntryFilter, page: PageQuery): Promise<EntryPage> {
    return entries.entries(this.#db, collection, filter, page)
  }
  async versions(collection: string, path: string, page: PageQuery): Promise<Page<Entry>> {
    return entries.versions(this.#db, collection, path, page)
  }
  putEntry(put: PutEntry): Promise<{ entry: Entry; created: boolean }> {
    return this.#writes.write(tx => operations.putEntry(tx, put))
  }
  removeEntry(remove: EntryWrite): Promise<Entry> {
    return this.#writes.write(tx => operations.removeEntry(tx, remove))
  }
  patchEntry(patch: EntryWrite & { fields?: Fields; mediaType?: string }): Promise<Entry> {
    return this.#writes.write(tx => operations.patchEntry(tx, patch))
  }
  createFolder(folder: NewFolder): Promise<Entry> {
    return this.#writes.write(tx => operations.createFolder(tx, folder))
  }
  entriesById(entityIds: readonly string[], reader: string): Promise<readonly Entry[]> {
    return tree.entriesById(this.#db, entityIds, reader)
  }
  entryByRevision(revision: string, reader: string): Promise<Entry | null> {
    return tree.entryByRevision(this.#db, revision, reader)
  }
  children(collection: string, folder: string, filter: ChildFilter, page: { offset: number; limit: number }): Promise<Children> {
    return this.#db.atOnce(db => tree.children(db, collection, folder, filter, page))
  }
  referenced(store: string, digests: readonly string[]): Promise<Set<string>> {
    return this.#parts.walks.atOnce(db => entries.referenced(db, store, digests))
  }

  // names and types
  names(subject: string, kind: NameKind): Promise<ReadonlyMap<string, string>> {
    return names.names(this.#db, subject, kind)
  }
  setNames(subject: string, kind: NameKind, given: Readonly<Record<string, string>>): Promise<void> {
    return this.#writes.write(tx => operations.setNames(tx, subject, kind, given))
  }
  fieldTypes(collection: string, fields: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    return names.fieldTypes(this.#db, collection, fields)
  }
  addFieldTypes(collection: string, types: readonly FieldType[]): Promise<void> {
    return this.#writes.write(tx => operations.addFieldTypes(tx, collection, types))
  }

  // uploads in parts
  createUpload(upload: NewUpload): Promise<UploadPlan> {
    return this.#writes.write(tx => operations.createUpload(tx, upload))
  }
  upload(id: string): Promise<{ plan: UploadPlan; version: number | null } | null> {
    return uploads.upload(this.#db, id, this.#clock.now())
  }
  uploadParts(upload: string, number?: number): Promise<readonly UploadPart[]> {
    return uploads.uploadParts(this.#db, upload, number, this.#clock.now())
  }
  putUploadPart(upload: string, part: UploadPart): Promise<void> {
    return this.#writes.write(tx => operations.putUploadPart(tx, upload, part))
  }
  completeUpload(upload: string, parts: readonly UploadPart[], blob: Blob): Promise<Entry | null> {
    return this.#writes.write(tx => operations.completeUpload(tx, upload, parts, blob))
  }
  abortUpload(upload: string): Promise<void> {
    return this.#writes.write(tx => operations.abortUpload(tx, upload))
  }

  // jobs: intake
  async createJob(job: NewJob): Promise<Submitted> {
    // whoever finds a job that is arriving asks whether its node is alive
    if (!job.sealed) await this.#parts.notices.bePresent()
    return this.#writes.write(tx => operations.createJob(tx, job))
  }
  appendItems(job: string, more: readonly SubmitItem[], quotas?: Quotas): Promise<void> {
    return this.#writes.write(tx => operations.appendItems(tx, job, more, quotas))
  }
  mergeItems(job: string, parts: readonly ItemPart[]): Promise<void> {
    return this.#writes.write(tx => operations.mergeItems(tx, job, parts))
  }
  seal(job: string, fingerprint: string | null, before?: string): Promise<Job> {
    return this.#writes.write(tx => operations.seal(tx, job, fingerprint, before))
  }
  dropUnsealed(job: string): Promise<void> {
    return this.#writes.write(tx => operations.dropUnsealed(tx, job))
  }
  idempotent(subject: string, key: string): Promise<{ job: string; fingerprint: string | null } | null> {
    return jobs.idempotent(this.#db, subject, key, this.#clock.now() - IDEMPOTENCY_MS)
  }

  // jobs: life
  async takeTurn(job: string, worker: string, leaseMs: number): Promise<Turn> {
    const { turn, ordered } = await this.#writes.write(tx => operations.takeTurn(tx, job, worker, leaseMs))
    if (turn.do !== 'worked' || ordered.length === 0) return turn
    // looked for again, now that it is committed: one that was sealed meanwhile, and found it unfinished, is told, too
    const followers = new Set(turn.followers)
    for (const one of ordered) for (const follower of await successors(this.#db, one)) followers.add(follower)
    return { ...turn, followers: [...followers] }
  }
  nextWork(job: string, worker: string, leaseMs: number): Promise<NextWork> {
    return this.#writes.write(tx => operations.nextWork(tx, job, worker, leaseMs))
  }
  resolvePage(job: string): Promise<void> {
    return this.#writes.write(tx => operations.resolvePage(tx, job))
  }
  renewLease(lease: Lease, leaseMs: number, progress?: readonly BlobProgress[]): Promise<void> {
    return this.#writes.write(tx => operations.renewLease(tx, lease, leaseMs, progress))
  }
  releaseLease(lease: Lease): Promise<void> {
    return this.#writes.write(tx => operations.releaseLease(tx, lease))
  }
  chunkBlobs(lease: Lease): Promise<readonly ChunkBlob[]> {
    return this.#writes.write(tx => operations.chunkBlobs(tx, lease))
  }
  applyChunk(lease: Lease, corrupt: readonly string[], copied?: CopiedBlobs): Promise<boolean> {
    return this.#writes.write(tx => operations.applyChunk(tx, lease, corrupt, copied))
  }
  cancel(job: string): Promise<Job> {
    return this.#writes.write(tx => operations.cancel(tx, job))
  }
  pause(job: string): Promise<Job> {
    return this.#writes.write(tx => operations.pause(tx, job))
  }
  resume(job: string): Promise<Job> {
    return this.#writes.write(tx => operations.resume(tx, job))
  }
  retry(job: string, states: readonly ItemState[]): Promise<Job> {
    return this.#writes.write(tx => operations.retry(tx, job, states))
  }

  // places
  edition(collection: string): Promise<number> {
    return places.edition(this.#db, collection)
  }
  placedFiles(collection: string, range: { prefix: string; after: string }, limit: number): Promise<{ path: string; stamp: string }[]> {
    return places.placedFiles(this.#db, collection, range, limit)
  }
  stamps(collection: string, paths: readonly string[]): Promise<Map<string, string>> {
    return places.stamps(this.#db, collection, paths)
  }
  reconcile(look: Look): Promise<boolean> {
    return this.#writes.write(tx => operations.reconcile(tx, look))
  }
  chunkPaths(lease: Lease, run: Run): Promise<readonly PlacePath[]> {
    return this.#writes.write(tx => operations.chunkPaths(tx, lease, run))
  }
  planTransfers(lease: Lease, run: Run): Promise<readonly Transfer[]> {
    return this.#writes.write(tx => operations.planTransfers(tx, lease, run))
  }
  intend(lease: Lease, run: Run, moved: readonly Moved[]): Promise<readonly Intent[]> {
    return this.#writes.write(tx => operations.intend(tx, lease, run, moved))
  }
  settlePublished(lease: Lease, run: Run, published: readonly PublishedItem[]): Promise<void> {
    return this.#writes.write(tx => operations.settlePublished(tx, lease, run, published))
  }
  applyRun(lease: Lease, run: Run, read: BytesRead): Promise<void> {
    return this.#writes.write(tx => operations.applyRun(tx, lease, run, read))
  }
  unsettled(lease: Lease): Promise<readonly Intent[]> {
    return this.#writes.write(tx => operations.unsettled(tx, lease))
  }

  // jobs: reading
  job(idOrNumber: string): Promise<Job | null> {
    return jobs.job(this.#db, idOrNumber, this.#clock.now())
  }
  async jobs(filter: JobFilter, page: PageQuery): Promise<Page<Job>> {
    return jobs.jobs(this.#db, filter, page, this.#clock.now())
  }
  items(job: string, filter: ItemFilter, page: PageQuery): Promise<Page<Item>> {
    return this.#db.atOnce(async db => {
      const row = await jobs.acknowledged(db, job, this.#clock.now())
      return row === undefined ? { items: [], nextCursor: null } : items.items(db, row['key'] as number, filter, page)
    })
  }
  snapshot(job: string, reader?: string): Promise<JobSnapshot | null> {
    return this.#parts.snapshots.open(job, reader ?? null)
  }
  administers(subject: string, job: string): Promise<boolean> {
    return jobs.administers(this.#db, subject, job)
  }
  heldUpBy(job: string): Promise<JobAhead | null> {
    return heldUpBy(this.#db, job)
  }
  touches(job: string, collection: string): Promise<boolean> {
    return jobs.touches(this.#db, job, collection)
  }
  eventsAfter(after: number, limit: number, job?: string): Promise<readonly JobEvent[]> {
    return jobs.eventsAfter(this.#db, after, limit, job)
  }
  lastEvent(): Promise<number> {
    return jobs.lastEvent(this.#db)
  }
  onCommit(listener: (notice: CommitNotice) => void): () => void {
    return this.#parts.notices.onCommit(listener)
  }

  // watching
  onWork(listener: (work: CommittedWork) => void): void {
    this.#parts.transactions.onWork = listener
  }
  backlog(): Promise<Backlog> {
    return backlog(this.#db, this.#clock.now())
  }

  // upkeep
  unfinished(after: number, limit: number): Promise<readonly { job: string; position: number; tenant: string; priority: number }[]> {
    return jobs.unfinished(this.#db, after, limit)
  }
  recover(): Promise<void> {
    return this.#writes.write(tx => operations.recover(tx))
  }
  async purge(batch: number): Promise<number> {
    const gone = await this.#writes.write(tx => operations.purge(tx, batch))
    return gone + (await this.#parts.transactions.purgeMarks(batch))
  }

  // what operators ask
  announce(node: NodeDescription): Promise<void> {
    return this.#parts.notices.announce(node)
  }
  nodes(): Promise<readonly LedgerNode[]> {
    return nodes.nodes(this.#db, this.#parts.node)
  }
  async queueFigures(): Promise<QueueFigures> {
    return toQueueFigures((await this.#db.get(UNFINISHED_JOBS)) ?? {})
  }
  async restoredAt(): Promise<number | null> {
    return toRestoredAt(await this.#db.get(RESTORED_AT))
  }

  // tokens
  createToken(token: NewToken): Promise<TokenRecord> {
    return this.#writes.write(tx => operations.createToken(tx, token))
  }
  token(hash: string): Promise<TokenRecord | null> {
    return tokens.token(this.#db, hash)
  }
  tokenById(id: string): Promise<TokenRecord | null> {
    return tokens.tokenById(this.#db, id)
  }
  tokens(page: PageQuery, subject?: string): Promise<Page<TokenRecord>> {
    return tokens.tokens(this.#db, page, subject)
  }
  revokeToken(id: string): Promise<void> {
    return this.#writes.write(tx => operations.revokeToken(tx, id))
  }

  /** A secret that all nodes on the database share; whoever asks first makes it, at random. */
  sharedSecret(name: string, bytes: number): Promise<Uint8Array> {
    return this.agreed(name, randomBytes(bytes))
  }

  /** What all nodes on the database take under a name: the value of whoever proposed one first. */
  agreed(name: string, proposed: Uint8Array): Promise<Uint8Array> {
    return this.#writes.write(tx => operations.agreed(tx, name, proposed))
  }

  usage(subject: string, quotas: Quotas): Promise<Partial<Record<CountedQuota, number>>> {
    return usage.usage(this.#db, subject, quotas)
  }

  // audit
  audit(filter: AuditFilter, page: PageQuery): Promise<Page<AuditRecord>> {
    return audit.audit(this.#db, filter, page)
  }
  purgeAudit(before: number, batch: number): Promise<number> {
    return this.#writes.write(tx => operations.purgeAudit(tx, before, batch))
  }
  purgeCollections(deletedBefore: number, batch: number): Promise<number> {
    return this.#writes.write(tx => operations.purgeCollections(tx, deletedBefore, batch))
  }
  purgeTokens(endedBefore: number, batch: number): Promise<number> {
    return this.#writes.write(tx => operations.purgeTokens(tx, endedBefore, batch))
  }

  async health(): Promise<void> {
    await jobs.lastEvent(this.#db)
    await this.#writes.write(tx => operations.probe(tx))
  }

  /** Waits for what was asked before, as far as the database answers, then closes the connections. */
  async close(): Promise<void> {
    this.#parts.transactions.close()
    this.#db.close()
    this.#parts.walks.close()
    this.#parts.snapshots.close()
    await this.#parts.notices.close()
    await Promise.all(this.#parts.pools.map(endPool))
  }
}
