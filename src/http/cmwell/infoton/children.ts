import type { FastifyRequest } from 'fastify'
import type { Engine } from '../../../engine/api.ts'
import type { Caller } from '../../../model/access.ts'
import { WaybillError, isWaybillError } from '../../../model/errors.ts'
import { DATA_CENTER, infotonOf } from './entry-infoton.ts'
import type { Infoton } from './infoton.ts'
import type { Place } from '../place.ts'
import { infotonPath, isDomain } from '../place.ts'
import { parameter } from '../query.ts'

/** How many children are told with their parent unless `length` says so, and at most. */
const USUAL_LENGTH = 100
const MOST_LENGTH = 1000

/** The infoton with those directly beneath it; one that has any is a CompoundInfoton (contract, section 4). */
export async function withChildren(engine: Engine, caller: Caller, request: FastifyRequest, place: Place, infoton: Infoton): Promise<Infoton> {
  const children = await childrenOf(engine, caller, request, place)
  return children.length === 0 ? infoton : { ...infoton, type: infoton.type === 'ObjectInfoton' ? 'CompoundInfoton' : infoton.type, children }
}

/** The infoton of a domain that nobody has written one for: what its collection says. Throws `collection_not_found`. */
export async function domainInfoton(engine: Engine, caller: Caller, place: Place, request: FastifyRequest): Promise<Infoton> {
  const { createdBy, modifiedAt } = await engine.collections.get(caller, place.collection)
  const infoton: Infoton = {
    type: 'ObjectInfoton',
    path: infotonPath(place),
    // no version of it is stored
    uuid: '0',
    lastModified: modifiedAt,
    lastModifiedBy: createdBy,
    dataCenter: DATA_CENTER,
    protocol: 'http',
    indexTime: modifiedAt,
    fields: {},
  }
  return withChildren(engine, caller, request, place, infoton)
}

async function childrenOf(engine: Engine, caller: Caller, request: FastifyRequest, place: Place): Promise<Infoton[]> {
  const page = { offset: wholeNumber(request, 'offset', 0, Number.MAX_SAFE_INTEGER), limit: wholeNumber(request, 'length', USUAL_LENGTH, MOST_LENGTH) }
  if (page.limit === 0) return []
  try {
    const { items } = await engine.tree.children(caller, place.collection, isDomain(place) ? '' : place.path, {}, page)
    return items.filter(entry => !isDomain(entry)).map(infotonOf)
  } catch (error) {
    // a collection that is not addressable has no folders
    if (isWaybillError(error, 'invalid_request')) return []
    throw error
  }
}

function wholeNumber(request: FastifyRequest, name: string, usual: number, most: number): number {
  const text = parameter(request, name)
  if (text === undefined) return usual
  if (!/^\d{1,15}$/.test(text)) throw new WaybillError('invalid_request', `${name} must be a whole number, not ${JSON.stringify(text.slice(0, 40))}`)
  return Math.min(Number(text), most)
}
