import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isWaybillError } from '../../model/errors.ts'
import { callerOf } from '../auth.ts'
import { jsonObjectOf } from '../json-body.ts'
import { CODES } from './codes.ts'
import type { Context } from './context.ts'
import { badRequest, bodyOf, errorBody } from './errors.ts'
import type { ErrorBody } from './errors.ts'
import { changeFile, changeIn } from './file-changes.ts'
import { removeFile } from './files.ts'
import { noSuchFile } from './folders.ts'
import { entityIdOf } from './ids.ts'
import { textOf } from './request.ts'

/** Files in one call of these. */
const MOST_FILES = 100

/** What became of one file, in the order of the request. */
type BulkRecord = { readonly resource: object } | { readonly error: ErrorBody }

/** `/v2/bulk/files/*`: up to 100 files a call, each with its own success or error. */
export function bulkRoutes(app: FastifyInstance, context: Context): void {
  const { engine, reads, writes } = context

  app.post('/bulk/files/get', reads, async request => {
    const ids = fileIdsIn(jsonObjectOf(request.body))
    const found = await engine.tree.manyById(callerOf(request), [...new Set(ids.map(entityIdOf))])
    const files = context.files(request)
    return recordsOf(ids, async id => {
      const entry = found.get(entityIdOf(id))
      return entry === undefined ? { error: errorBody(CODES.noSuchFile, noSuchFile(id)) } : { resource: await files.of(entry) }
    })
  })

  app.post('/bulk/files/delete', writes, async request =>
    recordsOf(fileIdsIn(jsonObjectOf(request.body)), async id => {
      await removeFile(context, request, id)
      return { resource: {} }
    }),
  )

  /** `update` replaces the metadata of a file as a whole, `edit` adds to them. */
  for (const [verb, replace] of [
    ['update', true],
    ['edit', false],
  ] as const) {
    app.post(`/bulk/files/${verb}`, writes, async request => {
      const files = context.files(request)
      const items = itemsIn(jsonObjectOf(request.body))
      return recordsOf(items, async item => ({ resource: await files.of(await changeItem(request, item, replace)) }))
    })
  }

  async function changeItem(request: FastifyRequest, item: Readonly<Record<string, unknown>>, replace: boolean): ReturnType<typeof changeFile> {
    const id = textOf(item, 'id')
    if (id === null) throw badRequest(CODES.fileIdEmpty, 'id is missing; give the id of the file to change')
    return changeFile(context, request, id, changeIn(item), replace)
  }
}

/** `file_ids` of a body: 1 to 100 ids. */
export function fileIdsIn(body: Readonly<Record<string, unknown>>): string[] {
  const ids = arrayIn(body, 'file_ids')
  if (ids.every(id => typeof id === 'string' && id !== '')) return ids as string[]
  throw badRequest(CODES.fileIdEmpty, 'file_ids must be an array of ids of files')
}

function itemsIn(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>[] {
  const items = arrayIn(body, 'items')
  if (items.every(item => typeof item === 'object' && item !== null && !Array.isArray(item))) return items as Readonly<Record<string, unknown>>[]
  throw badRequest(CODES.badFileRequest, 'items must be an array of objects')
}

function arrayIn(body: Readonly<Record<string, unknown>>, name: string): unknown[] {
  const values = body[name]
  if (!Array.isArray(values) || values.length === 0) throw badRequest(CODES.badFileRequest, `${name} must be an array with at least one member`)
  if (values.length > MOST_FILES) throw badRequest(CODES.badFileRequest, `${name} has ${values.length} members; at most ${MOST_FILES} are allowed in one call`)
  return values
}

/** One after the other, so that a file named twice meets what was done to it before. An error of one file leaves the others alone. */
async function recordsOf<T>(things: readonly T[], recordOf: (thing: T) => Promise<BulkRecord>): Promise<{ readonly items: BulkRecord[] }> {
  const items: BulkRecord[] = []
  for (const thing of things) {
    try {
      items.push(await recordOf(thing))
    } catch (error) {
      if (!isWaybillError(error) || error.status >= 500) throw error
      items.push({ error: bodyOf(error) })
    }
  }
  return { items }
}
