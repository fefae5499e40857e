import type { Role } from '../model/collection.ts'
import { collectionPath, entryPath, segment } from './places.ts'
import type { Transport } from './transport.ts'
import type { CollectionInfo, GrantInfo, LockInfo } from './types.ts'

/** Collections, their grants and locks. */
export class CollectionsClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Makes a collection that the caller owns. Without `id` the server makes a UUID. */
  create(wish: {
    readonly id?: string
    readonly name?: string
    readonly store?: string
    readonly attributes?: Record<string, unknown>
  }): Promise<CollectionInfo> {
    return this.#transport.json({ method: 'POST', path: '/v1/collections', json: wish })
  }

  get(collection: string): Promise<CollectionInfo> {
    return this.#transport.json({ path: collectionPath(collection) })
  }

  /** Every collection the caller has a role on, in the order of their ids. */
  list(filter: { readonly minRole?: Role; readonly prefix?: string } = {}): AsyncGenerator<CollectionInfo, void, undefined> {
    return this.#transport.all({ path: '/v1/collections', query: filter })
  }

  update(collection: string, change: { readonly name?: string; readonly attributes?: Record<string, unknown> }): Promise<CollectionInfo> {
    return this.#transport.json({ method: 'PATCH', path: collectionPath(collection), json: change })
  }

  /** Only an empty one. */
  remove(collection: string): Promise<void> {
    return this.#transport.done({ method: 'DELETE', path: collectionPath(collection) })
  }

  grants(collection: string): AsyncGenerator<GrantInfo, void, undefined> {
    return this.#transport.all({ path: `${collectionPath(collection)}/grants` })
  }

  grant(collection: string, subject: string, role: Role): Promise<void> {
    return this.#transport.done({ method: 'PUT', path: `${collectionPath(collection)}/grants/${segment(subject)}`, json: { role } })
  }

  revoke(collection: string, subject: string): Promise<void> {
    return this.#transport.done({ method: 'DELETE', path: `${collectionPath(collection)}/grants/${segment(subject)}` })
  }

  /** Takes or renews a lock on one path and all beneath it, or (`path` null) on the whole collection. */
  lock(collection: string, path: string | null, request: { readonly ttlSeconds: number; readonly reason?: string }): Promise<LockInfo> {
    return this.#transport.json({ method: 'PUT', path: lockPath(collection, path), json: request })
  }

  unlock(collection: string, path: string | null): Promise<void> {
    return this.#transport.done({ method: 'DELETE', path: lockPath(collection, path) })
  }
}

function lockPath(collection: string, path: string | null): string {
  return path === null ? `${collectionPath(collection)}/lock` : `${collectionPath(collection)}/locks/${entryPath(path)}`
}
