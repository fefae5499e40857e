import { isAddressableId, ROLES, type Collection, type Role } from '../../../model/collection.ts'
import { refuseLargeFields } from '../../../model/entry.ts'
import { lockedBy } from '../../../model/lock.ts'
import { mergePatch } from '../../../model/merge-patch.ts'
import type { NewCollection } from '../../../ports/ledger.ts'
import { FOLDER, toCollection, toLock } from '../../shared/codec.ts'
import { changeDetails } from '../../shared/audit.ts'
import { attachedAddressable, collectionNotEmpty, collectionTaken, lastOwner, noCollection, noGrant, placeTaken } from '../../shared/refusals.ts'
import { record } from './audit.ts'
import { refuseCollectionBeyond } from './quotas.ts'
import { alone, lockedCollection, type Tx } from './tx.ts'
import { removeCollectionWebhooks } from './webhooks.ts'

const OWNER = ROLES.indexOf('owner')

/** Addressable collections have negative keys, counting down, the others positive ones (docs/decisions/0013-addressable-collections.md). */
const INSERT = `INSERT INTO collection (key, id, name, store, attributes, attached, created_at, created_by, modified_at)
  VALUES (nextval(CASE WHEN :addressable::boolean THEN 'addressable_collection' ELSE 'plain_collection' END), :id, :name, :store, :attributes, :attached, :now, :by, :now) RETURNING *`

const AT_PLACE = 'SELECT 1 FROM collection WHERE store = :store AND attached = 1 AND deleted_at IS NULL'

/** Makes a collection, owned by its creator. Throws `collection_exists`. */
export async function createCollection(tx: Tx, wish: NewCollection): Promise<Collection> {
  const { id, name, store, createdBy: by } = wish
  const taken = await tx.db.get('SELECT 1 FROM collection WHERE id = :id AND deleted_at IS NULL', { id })
  if (taken !== undefined) throw collectionTaken(id)
  const addressable = wish.addressable ?? isAddressableId(id)
  const attached = wish.attached === true ? 1 : 0
  if (attached === 1 && addressable) throw attachedAddressable(id)
  if (attached === 1 && (await tx.db.get(AT_PLACE, { store })) !== undefined) throw placeTaken(store)
  await refuseCollectionBeyond(tx, by, wish.quotas)
  const row = await tx.db.get(INSERT, { addressable, attached, id, name, store, attributes: JSON.stringify(wish.attributes), now: tx.now, by })
  if (row === undefined) throw new Error('the new collection was not returned')
  const key = row['key'] as number
  await putGrant(tx, key, by, OWNER)
  await record(tx, { action: 'collection.create', collection: key, collectionId: id, details: { name, store, owner: by } })
  return toCollection(row)
}

const TO_UPDATE = 'SELECT key, attributes FROM collection WHERE id = :id AND deleted_at IS NULL FOR NO KEY UPDATE'
const UPDATE = 'UPDATE collection SET name = coalesce(:name, name), attributes = :attributes, modified_at = :now WHERE key = :key RETURNING *'

/** Changes name and attributes (a merge patch, RFC 7396). Throws `collection_not_found`, `fields_too_large`. */
export async function updateCollection(tx: Tx, id: string, change: { name?: string; attributes?: Readonly<Record<string, unknown>> }): Promise<Collection> {
  const row = await tx.db.get(TO_UPDATE, { id })
  if (row === undefined) throw noCollection(id)
  const attributes = JSON.stringify(mergePatch(JSON.parse(row['attributes'] as string) as Record<string, unknown>, change.attributes ?? {}))
  if (change.attributes !== undefined) refuseLargeFields(attributes)
  const updated = await tx.db.get(UPDATE, { key: row['key'], name: change.name ?? null, attributes, now: tx.now })
  if (updated === undefined) throw new Error('the collection was not returned')
  await record(tx, { action: 'collection.update', collection: row['key'] as number, collectionId: id, details: changeDetails(change) })
  return toCollection(updated)
}

const LOCKED = 'SELECT * FROM lock WHERE collection = :key AND holder <> :subject AND expires_at > :now LIMIT 1'
const LIVE = `SELECT e.path FROM entry e JOIN collection c ON c.key = e.collection
  WHERE e.collection = :key AND e.deleted = 0 AND e.kind <> :folder AND c.attached = 0 LIMIT 1`

/** Deletes a collection that holds nothing but folders, or is attached, with its grants, locks, types of fields and webhooks; the rest is purged later (leftovers.ts). Throws `collection_not_empty`, and `locked` while others hold a lock in it. */
export async function deleteCollection(tx: Tx, id: string, subject: string): Promise<void> {
  const key = (await lockedCollection(tx, id, alone))['key'] as number
  const lock = await tx.db.get(LOCKED, { key, subject, now: tx.now })
  if (lock !== undefined) throw lockedBy(toLock(lock, id))
  const live = await tx.db.get(LIVE, { key, folder: FOLDER })
  if (live !== undefined) throw collectionNotEmpty(live['path'])
  await tx.db.run('UPDATE collection SET deleted_at = :now, purging = 1 WHERE key = :key', { key, now: tx.now })
  await tx.db.run('DELETE FROM access_grant WHERE collection = :key', { key })
  await tx.db.run('DELETE FROM lock WHERE collection = :key', { key })
  await tx.db.run('DELETE FROM field_type WHERE collection = :key', { key })
  await removeCollectionWebhooks(tx, key)
  await record(tx, { action: 'collection.delete', collection: key, collectionId: id })
}

/** Gives a subject a role, in place of the one it had, when nobody writes to the collection. Throws `last_owner`. */
export async function setGrant(tx: Tx, id: string, subject: string, role: Role): Promise<void> {
  const key = (await lockedCollection(tx, id, alone))['key'] as number
  if (role !== 'owner') await refuseLastOwner(tx, key, subject)
  await putGrant(tx, key, subject, ROLES.indexOf(role))
  await record(tx, { action: 'grant.set', collection: key, collectionId: id, details: { subject, role } })
}

/** Takes a subject's role away: what is being written with it ends first. Throws `grant_not_found`, `last_owner`. */
export async function removeGrant(tx: Tx, id: string, subject: string): Promise<void> {
  const key = (await lockedCollection(tx, id, alone))['key'] as number
  await refuseLastOwner(tx, key, subject)
  const gone = await tx.db.run('DELETE FROM access_grant WHERE collection = :key AND subject = :subject', { key, subject })
  if (gone === 0) throw noGrant(subject)
  await record(tx, { action: 'grant.remove', collection: key, collectionId: id, details: { subject } })
}

const PUT_GRANT = `INSERT INTO access_grant (collection, subject, role, granted_at) VALUES (:key, :subject, :role, :now)
  ON CONFLICT (collection, subject) DO UPDATE SET role = excluded.role, granted_at = excluded.granted_at`

async function putGrant(tx: Tx, key: number, subject: string, role: number): Promise<void> {
  await tx.db.run(PUT_GRANT, { key, subject, role, now: tx.now })
}

const OTHER_OWNER = 'SELECT 1 FROM access_grant WHERE collection = :key AND role = :owner AND subject <> :subject LIMIT 1'
const IS_OWNER = 'SELECT 1 FROM access_grant WHERE collection = :key AND role = :owner AND subject = :subject'

/** The last owner cannot go (docs/reference/v1.md, Grants). */
async function refuseLastOwner(tx: Tx, key: number, subject: string): Promise<void> {
  const who = { key, owner: OWNER, subject }
  if ((await tx.db.get(IS_OWNER, who)) !== undefined && (await tx.db.get(OTHER_OWNER, who)) === undefined) throw lastOwner(subject)
}
