import type { FastifyInstance } from 'fastify'
import { WaybillError } from '../../model/errors.ts'
import { PRIORITY } from '../../model/job.ts'
import type { JobOptions, SubmitItem } from '../../model/job.ts'
import { pathFault } from '../../model/paths.ts'
import { authenticate, callerOf } from '../auth.ts'
import { baseUrl } from '../base-url.ts'
import { jsonObjectOf } from '../json-body.ts'
import { fileEnvelope } from './envelope.ts'
import { badRequest } from './errors.ts'
import type { ApolloOptions } from './options.ts'
import { WORDS } from './words.ts'

/** Apollo's copy is an upsert: a first version where the destination has no such name, else the next one. */
function copyOptions(retentionMs: number): JobOptions {
  return { kind: 'copy', conflict: 'version', verify: 'none', dryRun: false, priority: PRIORITY.usual, label: null, dialect: 'apollo', retentionMs }
}

/**
 * `POST /apollo/files/copy`. It answers "Files copying completed" as soon as the request is stored: the copying itself is asynchronous, and the
 * CorrelationId tracks it. The whole request is refused, and nothing queued, when one entry is malformed, not allowed or locked.
 */
export function copyRoute(app: FastifyInstance, { services, retentionMs }: ApolloOptions): void {
  const options = copyOptions(retentionMs)
  app.post('/files/copy', { onRequest: authenticate(services, ['apollo_read', 'apollo_write']), bodyLimit: services.limits.submitBodyBytes }, async request => {
    const items = decodeCopy(jsonObjectOf(request.body), services.limits.jsonItems)
    const { job } = await services.engine.jobs.submit(callerOf(request), { options, items, select: [] }, { refuseLocked: true })
    const statusUrl = `${baseUrl(request, services)}/apollo/status/logs?correlationId=${job.id}`
    return fileEnvelope(WORDS.copied, {
      Result: `Please check the status of your request at statusURL: ${statusUrl}`,
      Message: `Number of file copy requests:${items.length}`,
      CorrelationId: job.id,
    })
  })
}

/** The items of a copy request. Faults name the entry's index, counted from 0, and its field; more than `most` entries are `too_many_items`. */
export function decodeCopy(body: Readonly<Record<string, unknown>>, most: number): SubmitItem[] {
  const entries = body.copyFileCollectionData
  if (!Array.isArray(entries))
    throw badRequest(`copyFileCollectionData ${entries === undefined ? 'is missing' : 'is not an array'}; give an array of files to copy`)
  if (entries.length === 0) throw badRequest('copyFileCollectionData is empty; name at least one file to copy')
  if (entries.length > most)
    throw new WaybillError('too_many_items', `copyFileCollectionData has ${entries.length} entries; at most ${most} are allowed in one request`)
  return entries.map(decodeEntry)
}

function decodeEntry(entry: unknown, index: number): SubmitItem {
  const where = `copyFileCollectionData[${index}]`
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    throw badRequest(`${where} is not an object; give sourceCollectionId, destinationCollectionId and fileName`)
  const fields = entry as Readonly<Record<string, unknown>>
  const source = textField(fields, where, 'sourceCollectionId')
  const destination = textField(fields, where, 'destinationCollectionId')
  const path = textField(fields, where, 'fileName')
  const fault = pathFault(path)
  if (fault !== null) throw badRequest(`${where}.fileName: ${WORDS.badName}: ${fault}`)
  return { source: { collection: source, path }, destination: { collection: destination } }
}

function textField(fields: Readonly<Record<string, unknown>>, where: string, name: string): string {
  const value = fields[name]
  if (typeof value === 'string' && value !== '') return value
  const fault = value === undefined ? 'is missing' : value === '' ? 'is empty' : 'is not a string'
  throw badRequest(`${where}.${name} ${fault}; give a non-empty string`)
}
