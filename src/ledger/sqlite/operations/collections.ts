import { isAddressableId, ROLES, type Collection, type Role } from '../../../model/collection.ts'
import { refuseLargeFields } from '../../../model/entry.ts'
import { lockedBy } from '../../../model/lock.ts'
import type { NewCollection } from '../../../ports/ledger.ts'
import { toCollection, toLock, FOLDER } from '../../shared/codec.ts'
import { changeDetails } from '../../shared/audit.ts'
import { attachedAddressable, collectionNotEmpty, collectionTaken, lastOwner, noCollection, noGrant, placeTaken } from '../../shared/refusals.ts'
import { record } from './audit.ts'
import { refuseCollectionBeyond } from './quotas.ts'
import { collectionKey, nextNumber, type Tx } from './tx.ts'
import { removeCollectionWebhooks } from './webhooks.ts'

const OWNER = ROLES.indexOf('owner')

/** Addressable collections have negative keys, counting down, the others positive ones (docs/decisions/0013-addressable-collections.md); none is given twice. */
function nextKey(tx: Tx, addressable: boolean): number {
  return addressable ? -nextNumber(tx, 'addressable_collection') : nextNumber(tx, 'plain_collection')
}

/** Makes a collection, owned by its creator. Throws `collection_exists`. */
export function createCollection(tx: Tx, wish: NewCollection): Collection {
  const taken = tx.db.get('SELECT 1 FROM collection WHERE id = :id AND deleted_at IS NULL', { id: wish.id })
  if (taken !== undefined) throw collectionTaken(wish.id)
  if (wish.attached === true) refuseSecond(tx, wish)
  refuseCollectionBeyond(tx, wish.createdBy, wish.quotas)
  const row = tx.db.get(
    `INSERT INTO collection (key, id, name, store, attributes, attached, created_at, created_by, modified_at)
     VALUES (:key, :id, :name, :store, :attributes, :attached, :now, :by, :now) RETURNING *`,
    {
      key: nextKey(tx, wish.addressable ?? isAddressableId(wish.id)),
      attached: wish.attached === true ? 1 : 0,
      id: wish.id,
      name: wish.name,
      store: wish.store,
      attributes: JSON.stringify(wish.attributes),
      now: tx.now,
      by: wish.createdBy,
    },
  )
  if (row === undefined) throw new Error('the new collection was not returned')
  const key = row['key'] as number
  putGrant(tx, key, wish.createdBy, OWNER)
  record(tx, { action: 'collection.create', collection: key, collectionId: wish.id, details: { name: wish.name, store: wish.store, owner: wish.createdBy } })
  return toCollection(row)
}

function refuseSecond(tx: Tx, { store, addressable, id }: NewCollection): void {
  if (addressable ?? isAddressableId(id)) throw attachedAddressable(id)
  const other = tx.db.get('SELECT 1 FROM collection WHERE store = :store AND attached = 1 AND deleted_at IS NULL', { store })
  if (other !== undefined) throw placeTaken(store)
}

/** Changes name and attributes (a merge patch, RFC 7396, by SQLite's own function, as for fields). Throws `collection_not_found`, `fields_too_large`. */
export function updateCollection(tx: Tx, id: string, change: { name?: string; attributes?: Readonly<Record<string, unknown>> }): Collection {
  const row = tx.db.get(
    `UPDATE collection SET name = coalesce(:name, name), attributes = coalesce(json_patch(attributes, :patch), attributes), modified_at = :now
     WHERE id = :id AND deleted_at IS NULL RETURNING *`,
    { id, name: change.name ?? null, patch: change.attributes === undefined ? null : JSON.stringify(change.attributes), now: tx.now },
  )
  if (row === undefined) throw noCollection(id)
  if (change.attributes !== undefined) refuseLargeFields(row['attributes'] as string)
  record(tx, { action: 'collection.update', collection: row['key'] as number, collectionId: id, details: changeDetails(change) })
  return toCollection(row)
}

const LIVE = `SELECT e.path FROM entry e JOIN collection c ON c.key = e.collection
  WHERE e.collection = :key AND e.deleted = 0 AND e.kind <> :folder AND c.attached = 0 LIMIT 1`

/** Deletes a collection that holds nothing but folders, or is attached, with its grants, locks, types of fields and webhooks; the rest is purged later (leftovers.ts). Throws `collection_not_empty`, and `locked` while others hold a lock in it. */
export function deleteCollection(tx: Tx, id: string, subject: string): void {
  const key = collectionKey(tx, id)
  const lock = tx.db.get('SELECT * FROM lock WHERE collection = :key AND holder <> :subject AND expires_at > :now LIMIT 1', { key, subject, now: tx.now })
  if (lock !== undefined) throw lockedBy(toLock(lock, id))
  const live = tx.db.get(LIVE, { key, folder: FOLDER })
  if (live !== undefined) {
    throw collectionNotEmpty(live['path'])
  }
  tx.db.run('UPDATE collection SET deleted_at = :now, purging = 1 WHERE key = :key', { key, now: tx.now })
  tx.db.run('DELETE FROM access_grant WHERE collection = :key', { key })
  tx.db.run('DELETE FROM lock WHERE collection = :key', { key })
  tx.db.run('DELETE FROM field_type WHERE collection = :key', { key })
  removeCollectionWebhooks(tx, key)
  record(tx, { action: 'collection.delete', collection: key, collectionId: id })
}

/** Gives a subject a role, in place of the one it had. Throws `last_owner`. */
export function setGrant(tx: Tx, id: string, subject: string, role: Role): void {
  const key = collectionKey(tx, id)
  if (role !== 'owner') refuseLastOwner(tx, key, subject)
  putGrant(tx, key, subject, ROLES.indexOf(role))
  record(tx, { action: 'grant.set', collection: key, collectionId: id, details: { subject, role } })
}

/** Takes a subject's role away. Throws `grant_not_found`, `last_owner`. */
export function removeGrant(tx: Tx, id: string, subject: string): void {
  const key = collectionKey(tx, id)
  refuseLastOwner(tx, key, subject)
  const gone = tx.db.run('DELETE FROM access_grant WHERE collection = :key AND subject = :subject', { key, subject })
  if (gone === 0) throw noGrant(subject)
  record(tx, { action: 'grant.remove', collection: key, collectionId: id, details: { subject } })
}

function putGrant(tx: Tx, key: number, subject: string, role: number): void {
  tx.db.run(
    `INSERT INTO access_grant (collection, subject, role, granted_at) VALUES (:key, :subject, :role, :now)
     ON CONFLICT (collection, subject) DO UPDATE SET role = excluded.role, granted_at = excluded.granted_at`,
    { key, subject, role, now: tx.now },
  )
}

/** The last owner cannot go (docs/reference/v1.md, Grants). */
function refuseLastOwner(tx: Tx, key: number, subject: string): void {
  const others = tx.db.get('SELECT 1 FROM access_grant WHERE collection = :key AND role = :owner AND subject <> :subject', { key, owner: OWNER, subject })
  const isOwner = tx.db.get('SELECT 1 FROM access_grant WHERE collection = :key AND role = :owner AND subject = :subject', { key, owner: OWNER, subject })
  if (isOwner !== undefined && others === undefined) {
    throw lastOwner(subject)
  }
}
