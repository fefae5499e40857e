import type { Caller } from '../model/access.ts'
import { roleAtLeast, type CollectionView, type Role } from '../model/collection.ts'
import { WaybillError, type ErrorPlace } from '../model/errors.ts'
import type { Ledger } from '../ports/ledger.ts'

/** Grants, checked in one place (I9): what a caller has no grant for answers exactly as what does not exist. */
export class Access {
  readonly #ledger: Ledger

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** The collection as the caller sees it. Throws `collection_not_found` without any grant, `insufficient_role` with too weak a one. */
  async require(caller: Caller, id: string, least: Role): Promise<CollectionView> {
    const role = await this.requireRole(caller, id, least)
    const collection = await this.#ledger.collection(id)
    if (collection === null) throw unknownCollection(id)
    return { ...collection, role }
  }

  /** As `require`, for those who need the yes alone. */
  async requireRole(caller: Caller, id: string, least: Role): Promise<Role> {
    const role = await this.#ledger.role(caller.subject, id)
    if (role === null) throw unknownCollection(id)
    if (!roleAtLeast(role, least)) throw tooWeak(id, role, least)
    return role
  }

  /**
   * Checks many places at once; the error names every place that is refused. An unknown or forbidden collection anywhere weighs more than a weak role
   * elsewhere: what the caller may not see is never told by the order of checks.
   */
  async requireAll(caller: Caller, wants: readonly { readonly collection: string; readonly least: Role; readonly pointer: string }[]): Promise<void> {
    const roles = await this.#ledger.roles(caller.subject, [...new Set(wants.map(want => want.collection))])
    const unknown = wants.filter(want => !roles.has(want.collection))
    const first = unknown[0]
    if (first !== undefined)
      throw withPlaces(
        unknownCollection(first.collection),
        unknown.map(want => ({ pointer: want.pointer, detail: unknownCollection(want.collection).message })),
      )
    const weak = wants.filter(want => !roleAtLeast(roles.get(want.collection) ?? null, want.least))
    const weakest = weak[0]
    if (weakest === undefined) return
    const refusal = (want: (typeof wants)[number]): WaybillError => tooWeak(want.collection, roles.get(want.collection) as Role, want.least)
    throw withPlaces(
      refusal(weakest),
      weak.map(want => ({ pointer: want.pointer, detail: refusal(want).message })),
    )
  }
}

/** At most this many places are listed in one answer. */
const MOST_PLACES = 100

function withPlaces(error: WaybillError, errors: readonly ErrorPlace[]): WaybillError {
  return new WaybillError(error.code, error.message, { errors: errors.slice(0, MOST_PLACES) })
}

function unknownCollection(id: string): WaybillError {
  return new WaybillError('collection_not_found', `there is no collection ${JSON.stringify(id)} that you have a grant for`)
}

/** The refusal of too weak a role. */
export function tooWeak(id: string, role: Role, least: Role): WaybillError {
  return new WaybillError('insufficient_role', `your role on ${JSON.stringify(id)} is ${role}; this needs ${least === 'owner' ? least : `${least} or more`}`)
}
