import type { Engine } from '../../../engine/api.ts'
import type { Caller } from '../../../model/access.ts'
import { WaybillError } from '../../../model/errors.ts'
import type { Place } from '../place.ts'
import { isDomain } from '../place.ts'

/** The protocol's own limit (contract, section 1.4). */
const MOST = 500

/**
 * What lies beneath an infoton, the deepest last path first, so that nothing goes before what it holds. Throws `invalid_request` when there is more than
 * the protocol deletes at once.
 */
export async function descendants(engine: Engine, caller: Caller, place: Place): Promise<Place[]> {
  const { collection } = place
  const prefix = isDomain(place) ? '' : `${place.path}/`
  const { items } = await engine.entries.list(caller, collection, { prefix }, { limit: MOST + 2 })
  const beneath = items.filter(({ path }) => path !== place.path)
  if (beneath.length > MOST) {
    throw new WaybillError('invalid_request', 'recursive DELETE is forbidden for large (>500 descendants) infotons. Please delete descendants recursively.')
  }
  return beneath.reverse().map(({ path }) => ({ collection, path }))
}
