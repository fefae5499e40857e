import { collectionPath, entryPath, segment } from './places.ts'
import type { Transport } from './transport.ts'
import type { CollectionChange, CollectionInfo, CollectionQuery, GrantInfo, JobInfo, LockInfo, LockRequest, NewCollection, Role, Stoppable } from './types.ts'

/** Collections, their grants and locks. */
export class CollectionsClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Makes a collection that the caller owns. Without `id` the server makes a UUID. */
  create(wish: NewCollection, options: Stoppable = {}): Promise<CollectionInfo> {
    return this.#transport.json({ method: 'POST', path: '/v1/collections', json: wish, signal: options.signal })
  }

  get(collection: string, options: Stoppable = {}): Promise<CollectionInfo> {
    return this.#transport.json({ path: collectionPath(collection), signal: options.signal })
  }

  /** Every collection the caller has a role on, in the order of their ids. */
  list({ signal, ...query }: CollectionQuery = {}): AsyncGenerator<CollectionInfo, void, undefined> {
    return this.#transport.all({ path: '/v1/collections', query, signal })
  }

  update(collection: string, change: CollectionChange, options: Stoppable = {}): Promise<CollectionInfo> {
    return this.#transport.json({ method: 'PATCH', path: collectionPath(collection), json: change, signal: options.signal })
  }

  /**
   * Removes an empty collection and resolves with null. One that holds entries is refused (`collection_not_empty`), unless `force`: that resolves with
   * the job that deletes them all; when it is finished, the same call removes the collection.
   */
  async remove(collection: string, options: { readonly force?: boolean } & Stoppable = {}): Promise<JobInfo | null> {
    const call = { method: 'DELETE', path: collectionPath(collection), query: { force: options.force }, signal: options.signal }
    return (await this.#transport.json<JobInfo | undefined>(call)) ?? null
  }

  grants(collection: string, options: Stoppable = {}): AsyncGenerator<GrantInfo, void, undefined> {
    return this.#transport.all({ path: `${collectionPath(collection)}/grants`, signal: options.signal })
  }

  grant(collection: string, subject: string, role: Role, options: Stoppable = {}): Promise<void> {
    return this.#transport.json({ method: 'PUT', path: grantPath(collection, subject), json: { role }, idempotent: true, signal: options.signal })
  }

  revoke(collection: string, subject: string, options: Stoppable = {}): Promise<void> {
    return this.#transport.json({ method: 'DELETE', path: grantPath(collection, subject), signal: options.signal })
  }

  /** Takes or renews a lock on one path and all beneath it, or (`path` null) on the whole collection. Held by another: `locked`, 423. */
  lock(collection: string, path: string | null, request: LockRequest, options: Stoppable = {}): Promise<LockInfo> {
    return this.#transport.json({ method: 'PUT', path: lockPath(collection, path), json: request, idempotent: true, signal: options.signal })
  }

  unlock(collection: string, path: string | null, options: Stoppable = {}): Promise<void> {
    return this.#transport.json({ method: 'DELETE', path: lockPath(collection, path), signal: options.signal })
  }
}

function grantPath(collection: string, subject: string): string {
  return `${collectionPath(collection)}/grants/${segment(subject)}`
}

function lockPath(collection: string, path: string | null): string {
  return path === null ? `${collectionPath(collection)}/lock` : `${collectionPath(collection)}/locks/${entryPath(path)}`
}
