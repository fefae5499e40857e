import { subjectFault, type Caller } from '../model/access.ts'
import { checkCollectionId, roleAtLeast, type Collection, type CollectionView, type Grant, type Role } from '../model/collection.ts'
import { refuseLargeFields } from '../model/entry.ts'
import { WaybillError } from '../model/errors.ts'
import { jsonDepthFault } from '../model/json-depth.ts'
import type { Page, PageQuery } from '../model/page.ts'
import { textFault } from '../model/text.ts'
import type { Ids } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { LedgerOf } from '../ports/recording.ts'
import type { Access } from './access.ts'
import type { Collections } from './api.ts'
import type { QuotaService } from './quotas.ts'
import type { Stores } from './stores.ts'

type Wish = Parameters<Collections['create']>[1]
type Change = Parameters<Collections['update']>[2]

/** Collections and their grants. */
export class CollectionService implements Collections {
  readonly #ledger: Ledger
  readonly #by: LedgerOf
  readonly #quotas: QuotaService
  readonly #access: Access
  readonly #stores: Stores
  readonly #ids: Ids

  constructor(parts: { ledger: Ledger; by: LedgerOf; quotas: QuotaService; access: Access; stores: Stores; ids: Ids }) {
    this.#ledger = parts.ledger
    this.#by = parts.by
    this.#quotas = parts.quotas
    this.#access = parts.access
    this.#stores = parts.stores
    this.#ids = parts.ids
  }

  async create(caller: Caller, wish: Wish): Promise<CollectionView> {
    checkWords(wish)
    const id = checkCollectionId(wish.id ?? this.#ids.uuid())
    const attached = this.#stores.isPlace(wish.store)
    if (attached) refuseAttaching(caller)
    const store = attached ? wish.store : this.#stores.named(wish.store).name
    const collection = await this.#by(caller).createCollection({
      ...{ id, name: wish.name ?? id, store, attached, attributes: wish.attributes ?? {}, createdBy: caller.subject, quotas: this.#quotas.of(caller.subject) },
      ...(wish.addressable === undefined ? {} : { addressable: wish.addressable }),
    })
    return { ...collection, role: 'owner' }
  }

  async isFree(id: string): Promise<boolean> {
    return (await this.#ledger.collection(checkCollectionId(id))) === null
  }

  get(caller: Caller, id: string, least: Role = 'readonly'): Promise<CollectionView> {
    return this.#access.require(caller, id, least)
  }

  list(caller: Caller, filter: { readonly minRole?: Role; readonly prefix?: string }, page: PageQuery): Promise<Page<CollectionView>> {
    return this.#ledger.collections(caller.subject, filter, page)
  }

  async update(caller: Caller, id: string, change: Change, least: Role = 'admin'): Promise<Collection> {
    await this.#access.requireRole(caller, id, least)
    checkWords(change)
    return this.#by(caller).updateCollection(id, change)
  }

  async remove(caller: Caller, id: string): Promise<void> {
    await this.#access.requireRole(caller, id, 'owner')
    await this.#by(caller).deleteCollection(id, caller.subject)
  }

  async grants(caller: Caller, id: string, page: PageQuery): Promise<Page<Grant>> {
    await this.#access.requireRole(caller, id, 'admin')
    return this.#ledger.grants(id, page)
  }

  async setGrant(caller: Caller, id: string, subject: string, role: Role): Promise<void> {
    const own = await this.#access.requireRole(caller, id, 'admin')
    const fault = subjectFault(subject)
    if (fault !== null) throw new WaybillError('invalid_request', fault)
    await this.#refuseAbove(own, id, subject, role)
    await this.#by(caller).setGrant(id, subject, role)
  }

  async removeGrant(caller: Caller, id: string, subject: string): Promise<void> {
    const own = await this.#access.requireRole(caller, id, 'admin')
    await this.#refuseAbove(own, id, subject, 'readonly')
    await this.#by(caller).removeGrant(id, subject)
  }

  /** Nobody hands out, or takes away, more than they have: else an admin could make themselves owner. */
  async #refuseAbove(own: Role, id: string, subject: string, role: Role): Promise<void> {
    const present = await this.#ledger.role(subject, id)
    if (roleAtLeast(own, role) && (present === null || roleAtLeast(own, present))) return
    throw new WaybillError('insufficient_role', `your role on ${JSON.stringify(id)} is ${own}; you may not grant, change or take away a stronger one`)
  }
}

/** Who makes the collection owns it, and reads what has been lying in the place before: that is for an administrator to give away. */
function refuseAttaching(caller: Caller): void {
  if (caller.scopes.has('admin')) return
  throw new WaybillError('insufficient_scope', 'a collection at an attached store shows files that are there already; it needs a token with the scope admin', {
    scope: 'admin',
  })
}

/** Throws `invalid_request` for a name and attributes that no reader could bear. */
function checkWords({ name, attributes }: Change): void {
  if (name !== undefined) refuseFault('/name', textFault(name))
  refuseFault('/attributes', jsonDepthFault(attributes))
  if (attributes !== undefined) refuseLargeFields(JSON.stringify(attributes))
}

function refuseFault(pointer: string, fault: string | null): void {
  if (fault !== null) throw new WaybillError('invalid_request', `${pointer}: ${fault}`, { errors: [{ pointer, detail: fault }] })
}
