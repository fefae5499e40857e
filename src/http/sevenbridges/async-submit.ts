import type { FastifyInstance } from 'fastify'
import { WaybillError } from '../../model/errors.ts'
import type { EntitySelection } from '../../model/job.ts'
import { callerOf } from '../auth.ts'
import { jsonObjectOf } from '../json-body.ts'
import { CODES } from './codes.ts'
import type { Context } from './context.ts'
import { badRequest } from './errors.ts'
import { entityIdOf, projectOfRoot } from './ids.ts'
import { ASYNC_KINDS, DIALECT, jobHref, jobObject } from './job-object.ts'
import type { AsyncKind } from './job-object.ts'
import { checkName, placeOf, textOf } from './request.ts'
import { jobOptions } from './sync-jobs.ts'

type Item = Readonly<Record<string, unknown>>

/**
 * `POST /v2/async/files/{copy,move,delete}`. A request that is malformed is refused as a whole; what depends on stored data (a missing file, a missing
 * permission) is the result of its own item, and the job finishes all the same.
 */
export function asyncSubmitRoutes(app: FastifyInstance, context: Context): void {
  const { services, retentionMs } = context
  const settings = { ...context.writes, bodyLimit: services.limits.submitBodyBytes }
  for (const kind of ASYNC_KINDS) {
    app.post(`/async/files/${kind}`, settings, async (request, reply) => {
      const entities = decodeItems(kind, jsonObjectOf(request.body), services.limits.jsonItems)
      const command = { options: jobOptions(kind, DIALECT, retentionMs), items: [], select: [], entities }
      const { job } = await services.engine.jobs.submit(callerOf(request), command)
      const base = context.base(request)
      reply.code(202).header('location', jobHref(base, job))
      // as it was taken: by now it may have begun
      return { ...jobObject({ ...job, state: 'submitted' }, base), result: [] }
    })
  }
}

/** The items of a request. Faults name the item by its index, counted from 0; more than `most` items are `too_many_items`. */
export function decodeItems(kind: AsyncKind, body: Item, most: number): EntitySelection[] {
  const { items } = body
  if (!Array.isArray(items)) throw badRequest(CODES.badSyntax, `items ${items === undefined ? 'is missing' : 'is not an array'}; give an array of files`)
  if (items.length === 0) throw badRequest(CODES.noItems, 'items is empty; name at least one file')
  if (items.length > most)
    throw new WaybillError('too_many_items', `items has ${items.length} members; at most ${most} are taken in one call, send the rest in another`)
  return items.map((item: unknown, index) => decodeItem(kind, item, `items[${index}].`))
}

function decodeItem(kind: AsyncKind, item: unknown, where: string): EntitySelection {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) throw badRequest(CODES.badSyntax, `${where.slice(0, -1)} is not an object`)
  const file = textOf(item as Item, 'file', where)
  if (file === null) throw badRequest(CODES.fileIdEmpty, `${where}file is missing; give the id of a file or folder`)
  if (projectOfRoot(file) !== null) {
    throw badRequest(CODES.badSyntax, `${where}file is the root folder of a project, which cannot be copied, moved or deleted; name what is in it`)
  }
  const entityId = entityIdOf(file)
  return kind === 'delete' ? { entityId } : { entityId, ...decodeDestination(item as Item, where) }
}

/** Exactly one of `project` and `parent`; `name` may be left out, or be empty, to keep the present one. */
function decodeDestination(item: Item, where: string): Pick<EntitySelection, 'destination' | 'name'> {
  const place = placeOf(item, where)
  const name = textOf(item, 'name', where)
  return {
    destination: 'project' in place ? { collection: place.project } : { folder: entityIdOf(place.folder) },
    ...(name === null ? {} : { name: checkName(name, CODES.badFileName, where) }),
  }
}
