import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Caller } from '../../model/access.ts'
import type { Entry, Fields } from '../../model/entry.ts'
import { isWaybillError } from '../../model/errors.ts'
import { callerOf } from '../auth.ts'
import { jsonObjectOf, jsonOf } from '../json-body.ts'
import { CODES } from './codes.ts'
import type { Context } from './context.ts'
import { Refusal, badRequest } from './errors.ts'
import { tagsOf, textsOf } from './file-object.ts'
import { findForWrite } from './files.ts'
import { findFile } from './folders.ts'
import { checkName, pathOne, textOf } from './request.ts'
import { runJob } from './sync-jobs.ts'
import { folderOf, nameOf } from './words.ts'

/** Tries of a change that depends on what the file is, while others change it at the same time. */
const TRIES = 5

/** What may be changed of a file. `metadata`: texts to set, null to remove. */
export interface FileChange {
  readonly name: string | null
  readonly tags: readonly string[] | null
  readonly metadata: Readonly<Record<string, string | null>> | null
}

/** `PATCH /v2/files/{id}`, and its metadata and tags alone. */
export function changeRoutes(app: FastifyInstance, context: Context): void {
  const { engine, reads, writes } = context
  app.patch('/files/:id', writes, async request =>
    context.files(request).of(await changeFile(context, request, idOf(request), changeIn(jsonObjectOf(request.body)))),
  )

  app.get('/files/:id/metadata', reads, async request => textsOf((await find(request)).fields.metadata))
  app.patch('/files/:id/metadata', writes, async request => {
    const metadata = metadataIn(jsonObjectOf(request.body))
    return textsOf((await changeFields(context, request, idOf(request), () => ({ metadata }))).fields.metadata)
  })
  app.put('/files/:id/metadata', writes, async request => {
    const metadata = metadataIn(jsonObjectOf(request.body))
    return textsOf((await changeFields(context, request, idOf(request), entry => replacing(entry, metadata))).fields.metadata)
  })

  app.get('/files/:id/tags', reads, async request => tagsOf((await find(request)).fields))
  app.put('/files/:id/tags', writes, async request => {
    const tags = tagsIn(jsonOf(request.body))
    return tagsOf((await changeFields(context, request, idOf(request), () => ({ tags }))).fields)
  })

  function find(request: FastifyRequest): Promise<Entry> {
    return findFile(engine, callerOf(request), idOf(request))
  }
}

/** Applies what `changeIn` read: tags and metadata first, then the name, which is a move within the folder. */
export async function changeFile(context: Context, request: FastifyRequest, id: string, change: FileChange, replace = false): Promise<Entry> {
  const fields = (entry: Entry): Fields => ({
    ...(change.tags === null ? {} : { tags: change.tags }),
    ...(change.metadata === null ? {} : replace ? replacing(entry, change.metadata) : { metadata: change.metadata }),
  })
  const changed = change.tags !== null || change.metadata !== null
  const entry = changed ? await changeFields(context, request, id, fields) : await findForWrite(context.engine, request, id)
  return change.name === null || change.name === nameOf(entry.path) ? entry : rename(context, request, entry, change.name)
}

/** A new name in the same folder. What has that name already is never merged with nor displaced. */
async function rename(context: Context, request: FastifyRequest, entry: Entry, name: string): Promise<Entry> {
  const { engine } = context
  const caller = callerOf(request)
  const folder = folderOf(entry.path)
  const path = folder === '' ? name : `${folder}/${name}`
  if (await exists(context, caller, entry.collection, path)) {
    throw new Refusal(
      'entry_exists',
      entry.kind === 'folder' ? CODES.folderExists : CODES.fileExists,
      `${JSON.stringify(path)} exists already; choose another name`,
    )
  }
  const destination = folder === '' ? { collection: entry.collection } : { folder: (await engine.entries.stat(caller, entry.collection, folder)).entityId }
  await runJob(context, request, 'move', [{ entityId: entry.entityId, destination, name }], 'fail')
  return engine.entries.stat(caller, entry.collection, path)
}

async function exists({ engine }: Context, caller: Caller, collection: string, path: string): Promise<boolean> {
  try {
    await engine.entries.stat(caller, collection, path)
    return true
  } catch (error) {
    if (isWaybillError(error, 'entry_not_found')) return false
    throw error
  }
}

/** `name`, `tags` and `metadata` of a body; what is absent stays as it is. */
export function changeIn(body: Readonly<Record<string, unknown>>, where = ''): FileChange {
  const name = textOf(body, 'name', where)
  return {
    name: name === null ? null : checkName(name, CODES.badName, where),
    tags: body.tags === undefined || body.tags === null ? null : tagsIn(body.tags, where),
    metadata: body.metadata === undefined || body.metadata === null ? null : metadataIn(body.metadata, where),
  }
}

/** One merge patch of a file's fields, made from what the file is; made anew when the file was changed in between. */
async function changeFields(context: Context, request: FastifyRequest, id: string, fieldsOf: (entry: Entry) => Fields): Promise<Entry> {
  const { engine } = context
  for (let tried = 1; ; tried += 1) {
    const entry = await findForWrite(engine, request, id)
    try {
      return await engine.entries.patch(callerOf(request), entry.collection, entry.path, { fields: fieldsOf(entry) }, { ifMatch: entry.revision })
    } catch (error) {
      const passed = isWaybillError(error, 'precondition_failed') || isWaybillError(error, 'entry_not_found')
      if (!passed || tried === TRIES) throw error
    }
  }
}

/** A merge patch that makes the metadata exactly these: what is there and not among them is removed. */
function replacing(entry: Entry, metadata: Readonly<Record<string, string | null>>): Fields {
  const present = entry.fields.metadata
  const gone = typeof present === 'object' && present !== null ? Object.keys(present).map(key => [key, null]) : []
  return { metadata: { ...Object.fromEntries(gone), ...metadata } }
}

function tagsIn(value: unknown, where = ''): string[] {
  if (Array.isArray(value) && value.every(tag => typeof tag === 'string')) return value
  throw badRequest(CODES.badFileRequest, `${where}tags must be an array of strings`)
}

function metadataIn(value: unknown, where = ''): Record<string, string | null> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest(CODES.badFileRequest, `${where}metadata must be an object`)
  const entries = Object.entries(value as Record<string, unknown>).map(([key, text]) => {
    if (text === null || typeof text === 'string') return [key, text] as const
    if (typeof text === 'number' || typeof text === 'boolean') return [key, String(text)] as const
    throw badRequest(CODES.badFileRequest, `${where}metadata.${key} must be a string, or null to remove it`)
  })
  return Object.fromEntries(entries)
}

function idOf(request: FastifyRequest): string {
  return pathOne(request, 'id')
}
