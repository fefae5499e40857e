import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Entry } from '../../model/entry.ts'
import type { Item } from '../../model/item.ts'
import type { EntitySelection } from '../../model/job.ts'
import { callerOf } from '../auth.ts'
import { jsonObjectOf } from '../json-body.ts'
import { CODES } from './codes.ts'
import type { Context } from './context.ts'
import { badRequest } from './errors.ts'
import type { FileObject } from './file-object.ts'
import { findFile, findFolder, noSuchFile } from './folders.ts'
import { entityIdOf, fileIdOf, projectOfRoot } from './ids.ts'
import { checkName, checkProject, pathOne, placeOf, textOf } from './request.ts'
import { fileIdsIn } from './bulk.ts'
import { resultError, isSettledWell } from './result-error.ts'
import { runJob, transferOne } from './sync-jobs.ts'
import { nameOf } from './words.ts'

/** What became of one file of `POST /v2/action/files/copy`. */
type CopyStatus =
  | { readonly status: 'OK'; readonly new_file_id: string; readonly new_file_name: string }
  | { readonly status: 'FAILED'; readonly code: number; readonly message: string }

/** Copies and moves that are done when the call is answered: of one file, and the old call for up to 100 files. */
export function actionRoutes(app: FastifyInstance, context: Context): void {
  const { engine, writes } = context
  app.post('/files/:id/actions/copy', writes, async (request, reply) => {
    const copied = await transfer(request, 'copy')
    reply.code(201)
    return copied
  })
  app.post('/files/:id/actions/move', writes, async request => transfer(request, 'move'))
  app.post('/action/files/copy', writes, copyMany)

  async function transfer(request: FastifyRequest, kind: 'copy' | 'move'): Promise<FileObject> {
    const id = pathOne(request, 'id')
    const body = jsonObjectOf(request.body)
    const name = textOf(body, 'name')
    const folder = await findFolder(engine, callerOf(request), placeOf(body), 'readwrite')
    const source = await findSource(request, id, kind)
    if (source.kind === 'folder') throw badRequest(CODES.foldersNotCopied, `${id} is a folder; folders are copied and moved by POST /v2/async/files/${kind}`)
    const entity: EntitySelection = {
      entityId: source.entityId,
      destination: folder.path === '' ? { collection: folder.project } : { folder: entityIdOf(folder.id) },
      ...(name === null ? {} : { name: checkName(name, CODES.badName) }),
    }
    const files = context.files(request)
    files.know(folder)
    return files.of(await transferOne(context, request, kind, entity))
  }

  async function findSource(request: FastifyRequest, id: string, kind: 'copy' | 'move'): Promise<Entry> {
    const root = projectOfRoot(id)
    if (root !== null) throw badRequest(CODES.foldersNotCopied, `${id} is the root folder of a project; name one of its files`)
    return findFile(engine, callerOf(request), id, kind === 'copy' ? 'readonly' : 'readwrite')
  }

  async function copyMany(request: FastifyRequest): Promise<Record<string, CopyStatus>> {
    const body = jsonObjectOf(request.body)
    const ids = fileIdsIn(body)
    const project = textOf(body, 'project')
    if (project === null) throw badRequest(CODES.noPlace, 'project is missing; give the id of the project to copy to')
    const destination = await findFolder(engine, callerOf(request), { project: checkProject(project, CODES.malformedProject) }, 'readwrite')
    const statuses: Record<string, CopyStatus> = Object.fromEntries(ids.map(id => [id, notFile(id)]))
    const known = await engine.tree.manyById(callerOf(request), [...new Set(ids.map(entityIdOf))])
    const files = ids.filter(id => known.get(entityIdOf(id))?.kind === 'file')
    if (files.length === 0) return statuses
    const entities = files.map(id => ({ entityId: entityIdOf(id), destination: { collection: destination.project } }))
    const items = await runJob(context, request, 'copy', entities, 'rename', 'return')
    files.forEach((id, index) => {
      const item = items[index]
      if (item === undefined) throw new Error('a job over files has fewer items than files')
      statuses[id] = isSettledWell(item) ? copied(item) : failed(item)
    })
    return statuses
  }
}

function notFile(id: string): CopyStatus {
  return { status: 'FAILED', code: CODES.noSuchFile.number, message: noSuchFile(id) }
}

function copied({ destination }: Item): CopyStatus {
  return { status: 'OK', new_file_id: fileIdOf(destination?.entityId ?? ''), new_file_name: nameOf(destination?.path ?? '') }
}

function failed(item: Item): CopyStatus {
  const { line, message } = resultError(item, 'copy')
  return { status: 'FAILED', code: line.number, message }
}
