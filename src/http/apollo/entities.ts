import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Entry } from '../../model/entry.ts'
import { isWaybillError } from '../../model/errors.ts'
import { authenticate, callerOf } from '../auth.ts'
import { badRequest } from './errors.ts'
import { metadataOf } from './file-metadata.ts'
import type { MetadataWords } from './file-metadata.ts'
import type { ApolloOptions } from './options.ts'
import { collectionOf, fileNameOf, queryOf } from './request.ts'
import { WORDS } from './words.ts'

/** An entity as the page on metadata by file name shows it. */
export interface Entity {
  readonly entityType: string
  readonly entityName: string
  readonly id: string
  readonly sysData?: MetadataWords & { readonly version: string }
  readonly brickEntityName: string
  readonly brickEntitySubType: string
  readonly brickEntityType: string
  readonly isActive: boolean
}

/**
 * `GET /apollo/entities/filename/{fileName}`: a bare array of the one entity with that name, or of none. The page's sample sends POST beneath a
 * GET heading, so both are answered.
 */
export function entityRoute(app: FastifyInstance, { services }: ApolloOptions): void {
  app.route({ method: ['GET', 'POST'], url: '/entities/filename/:name', onRequest: authenticate(services, ['apollo_read']), handler: find })

  async function find(request: FastifyRequest): Promise<readonly Entity[]> {
    const name = fileNameOf(request)
    const collection = collectionOf(request)
    const withSystemData = includesSystemData(request)
    try {
      return [entityOf(await services.engine.entries.stat(callerOf(request), collection, name), withSystemData)]
    } catch (error) {
      // a list of what has this name: nothing is an empty one
      if (isWaybillError(error, 'entry_not_found')) return []
      throw error
    }
  }
}

/** The table says that system data is left out by default, the sample without the flag shows it: examples win, so only `false` leaves it out. */
function includesSystemData(request: FastifyRequest): boolean {
  const flag = queryOf(request, 'includeSystemData')?.toLowerCase() ?? 'true'
  if (flag !== 'true' && flag !== 'false') throw badRequest(`${WORDS.badRequest}: includeSystemData must be true or false`)
  return flag === 'true'
}

/** An entry as an entity. We have no bricks: their three names are empty strings. */
export function entityOf(entry: Entry, withSystemData: boolean): Entity {
  return {
    entityType: 'JCI_EXT__File',
    entityName: 'FileEntity',
    id: entry.entityId,
    ...(withSystemData ? { sysData: { ...metadataOf(entry), version: String(entry.version) } } : {}),
    brickEntityName: '',
    brickEntitySubType: '',
    brickEntityType: '',
    isActive: !entry.deleted,
  }
}
