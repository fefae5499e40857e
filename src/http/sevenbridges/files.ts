import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Engine } from '../../engine/api.ts'
import type { Entry } from '../../model/entry.ts'
import type { ChildFilter } from '../../ports/ledger.ts'
import { callerOf } from '../auth.ts'
import { jsonObjectOf } from '../json-body.ts'
import { CODES } from './codes.ts'
import type { Context } from './context.ts'
import { badRequest, refuseNoRoute, withLines } from './errors.ts'
import { rootObject } from './file-object.ts'
import type { FileObject } from './file-object.ts'
import { findFile, findFolder } from './folders.ts'
import { projectOfRoot } from './ids.ts'
import { openList, windowOf } from './page.ts'
import { checkName, checkProject, folderPlace, pathOne, placeOf, queryAll, queryOne, textOf } from './request.ts'
import type { Place } from './request.ts'

/** `/v2/files`: list, get, delete, and new folders. */
export function fileRoutes(app: FastifyInstance, context: Context): void {
  const { engine, reads, writes } = context
  app.get('/files', reads, async (request, reply) => list(request, reply, placeOfQuery(request)))
  app.get('/files/:id/list', reads, async (request, reply) => list(request, reply, folderPlace(pathOne(request, 'id'))))
  app.get('/files/scroll', refuseNoRoute) // else it would be looked up as a file's id
  app.get('/files/:id', reads, get)
  app.delete('/files/:id', writes, remove)
  app.post('/files', writes, createFolder)

  /** The children of one folder; those beneath them are not listed. */
  async function list(request: FastifyRequest, reply: FastifyReply, place: Place): Promise<object> {
    const window = windowOf(request)
    const folder = await findFolder(engine, callerOf(request), place, 'readonly')
    const { items, total } = await engine.tree.children(callerOf(request), folder.project, folder.path, filterOf(request), window)
    const envelope = openList(request, reply, context.services, window, total)
    const files = context.files(request)
    files.know(folder)
    return { ...envelope, items: await Promise.all(items.map(entry => files.of(entry))) }
  }

  async function get(request: FastifyRequest): Promise<FileObject> {
    const id = pathOne(request, 'id')
    const project = projectOfRoot(id)
    if (project !== null) {
      const root = withLines(engine.collections.get(callerOf(request), project), { collection_not_found: CODES.noSuchFile })
      return rootObject(await root, context.base(request))
    }
    return context.files(request).of(await findFile(engine, callerOf(request), id))
  }

  /** A folder must be empty; one that is not is deleted by an asynchronous job. */
  async function remove(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    await removeFile(context, request, pathOne(request, 'id'))
    return reply.code(204).send()
  }

  async function createFolder(request: FastifyRequest, reply: FastifyReply): Promise<FileObject> {
    const body = jsonObjectOf(request.body)
    if (textOf(body, 'type')?.toLowerCase() !== 'folder') throw badRequest(CODES.badFileRequest, 'type must be "folder"; files are made by an upload')
    const name = textOf(body, 'name')
    if (name === null) throw badRequest(CODES.badFolderName, 'name is missing; give the name of the new folder')
    checkName(name, CODES.badFolderName)
    const parent = await findFolder(engine, callerOf(request), placeOf(body), 'readwrite')
    const path = parent.path === '' ? name : `${parent.path}/${name}`
    const lines = { entry_exists: CODES.folderExists, invalid_path: CODES.badFolderName }
    const entry = await withLines(engine.tree.createFolder(callerOf(request), parent.project, path), lines)
    const files = context.files(request)
    files.know(parent)
    reply.code(201)
    return files.of(entry)
  }
}

/** Deletes one file or empty folder. The condition keeps from deleting another file that has taken its path meanwhile. */
export async function removeFile({ engine }: Context, request: FastifyRequest, id: string): Promise<void> {
  const { collection, path, revision } = await findForWrite(engine, request, id)
  await engine.entries.remove(callerOf(request), collection, path, { ifMatch: revision })
}

/** The file that a change is about: with the right to write it, and no root folder, which only goes with its project. */
export async function findForWrite(engine: Engine, request: FastifyRequest, id: string): Promise<Entry> {
  if (projectOfRoot(id) !== null) throw badRequest(CODES.badFileRequest, `${id} is the root folder of a project; it can be neither changed nor deleted`)
  return findFile(engine, callerOf(request), id, 'readwrite')
}

function placeOfQuery(request: FastifyRequest): Place {
  const project = queryOne(request, 'project')
  const parent = queryOne(request, 'parent')
  if (queryOne(request, 'dataset') !== null) throw badRequest(CODES.badRequest, 'there are no datasets here; give project or parent')
  if (project !== null && parent !== null) throw badRequest(CODES.twoPlaces, 'project and parent are both given; give one of them')
  if (project !== null) return { project: checkProject(project, CODES.malformedProjectParameter) }
  if (parent === null) throw badRequest(CODES.noPlace, 'project and parent are both missing; give one of them')
  return folderPlace(parent)
}

/** `name` and `tag` may be given more than once: any of them. `metadata.<key>` and `origin.<key>` must all hold, each with any of its values. */
function filterOf(request: FastifyRequest): ChildFilter {
  const names = queryAll(request, 'name')
  const where = Object.keys(request.query as object).flatMap(parameter => {
    const field = fieldOf(parameter)
    const values = queryAll(request, parameter)
    return field === null || values.length === 0 ? [] : [{ field, values }]
  })
  return { ...(names.length === 0 ? {} : { names }), ...(where.length === 0 ? {} : { where }) }
}

function fieldOf(parameter: string): string[] | null {
  if (parameter === 'tag') return ['tags']
  const dot = parameter.indexOf('.')
  const head = parameter.slice(0, Math.max(dot, 0))
  return head === 'metadata' || head === 'origin' ? [head, parameter.slice(dot + 1)] : null
}
