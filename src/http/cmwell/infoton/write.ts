import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Caller } from '../../../model/access.ts'
import { DEFAULT_MEDIA_TYPE } from '../../../model/entry.ts'
import { WaybillError } from '../../../model/errors.ts'
import type { FieldRemoval, FieldValue, FieldValues } from '../../../model/field-values.ts'
import { withoutGraph } from '../../../model/field-values.ts'
import { PRIORITY } from '../../../model/job.ts'
import type { Job } from '../../../model/job.ts'
import { mediaTypeFault } from '../../../model/media-type.ts'
import { bodyBytes } from '../../body-bytes.ts'
import type { Context } from '../context.ts'
import { callerWith, denial } from '../credentials.ts'
import { Refusal, Unauthorized } from '../errors.ts'
import { newest } from './find.ts'
import { infotonOf } from './entry-infoton.ts'
import { AT_ROOT, writtenPath } from './infoton-paths.ts'
import { bodyOf } from '../update/body.ts'
import { Ingest } from '../update/ingest.ts'
import { fieldKeyOf, readFlatFields } from '../update/jsonw.ts'
import { linkTarget } from '../update/draft.ts'
import { prefixesOf } from '../update/namespaces.ts'
import { placeOf } from '../place.ts'
import { flag, parameter } from '../query.ts'
import type { DocumentPrefixes } from '../rdf/prefixes.ts'
import { checkedPath } from '../subjects.ts'
import type { SubjectUpdate } from '../update/update.ts'
import { noUpdate } from '../update/update.ts'
import { lexicalForm } from '../fields.ts'

const REMOVE_FIELDS: FieldRemoval = { what: 'field', field: '*', graph: '*' }
const NO_OPERATIONS = { replaceGraphs: [], graphAliases: [], namespaces: [] }

/** Writes of one infoton: `POST` and `PUT /{path}` with `X-CM-WELL-TYPE`, and `DELETE /{path}` (contract, section 5). */
export function writeRoutes(app: FastifyInstance, context: Context): void {
  const at = { url: '/*', onRequest: context.identify, constraints: AT_ROOT }
  app.route({ ...at, method: ['POST', 'PUT'], config: { manner: 'cause' }, handler: request => write(context, request, post) })
  app.route({ ...at, method: 'DELETE', config: { manner: 'error' }, handler: request => write(context, request, remove) })
}

/** What a route makes its update with. */
interface Writing {
  readonly context: Context
  readonly request: FastifyRequest
  readonly caller: Caller
  readonly path: string
  readonly prefixes: DocumentPrefixes
  readonly ingest: Ingest
}

/** How long a write is waited for, in milliseconds; one that takes longer was accepted, and goes on. */
const LONGEST_WAIT_MS = 10_000

/** One update, in order with those of `_in`: a job of one item. There is no tracking here, so the answer says what came of it. */
async function write(context: Context, request: FastifyRequest, updateOf: (writing: Writing) => Promise<SubjectUpdate>): Promise<object> {
  const path = checkedPath(writtenPath(request))
  const caller = callerWith(request, 'write')
  if (caller === null) throw new Refusal('insufficient_scope', 403, 'message', denial(request))
  const prefixes = await prefixesOf(context.engine, caller)
  const ingest = new Ingest(context, caller, { dryRun: false, force: flag(request, 'force'), priority: PRIORITY.usual, prefixes })
  try {
    await ingest.take([await updateOf({ context, request, caller, path, prefixes, ingest })])
    const { job } = await ingest.finish(NO_OPERATIONS)
    if (job !== null) await done(context, caller, job)
  } catch (error) {
    await ingest.abort()
    throw error instanceof Unauthorized ? new Refusal('insufficient_role', 403, 'message', denial(request)) : error
  }
  return { success: true }
}

/** Throws what kept the update from being done. */
async function done({ engine }: Context, caller: Caller, job: Job): Promise<void> {
  const { state, outcome } = await engine.jobs.wait(caller, job.id, LONGEST_WAIT_MS)
  if (state !== 'finished' || outcome === 'succeeded') return
  const { items } = await engine.jobs.items(caller, job.id, { states: ['failed', 'cancelled'] }, { limit: 1 })
  const reason = items[0]?.reason
  throw new WaybillError(reason?.code ?? 'unavailable', reason?.message ?? 'the write was cancelled before it was done')
}

function post(writing: Writing): Promise<SubjectUpdate> {
  switch (writing.request.headers['x-cm-well-type']?.toString().toUpperCase()) {
    case 'FILE':
      return file(writing)
    case 'FILE_MD':
      return fields(writing, null)
    case 'OBJ':
      return fields(writing, 'object')
    case 'LN':
      return link(writing)
    default:
      throw new WaybillError('invalid_request', 'unrecognized type')
  }
}

async function file({ request, path, ingest }: Writing): Promise<SubjectUpdate> {
  const mimeType = request.headers['content-type'] ?? DEFAULT_MEDIA_TYPE
  const fault = mediaTypeFault(mimeType)
  if (fault !== null) throw new WaybillError('invalid_request', `Content-Type ${fault}`)
  const bytes = Readable.from(bodyBytes(bodyOf(request), 'the file broke off; nothing of it was taken, send it again'), { objectMode: false })
  const content = await ingest.stage(path, bytes)
  if (content.size === 0) throw new WaybillError('invalid_request', 'empty content')
  return { ...noUpdate(path), kind: 'file', file: { mimeType, data: { encoding: 'stored', content } } }
}

/** The fields replace those that were there. */
async function fields({ request, path, prefixes }: Writing, kind: 'object' | null): Promise<SubjectUpdate> {
  return { ...noUpdate(path), kind, remove: [REMOVE_FIELDS], add: await flatBody(request, prefixes) }
}

function flatBody(request: FastifyRequest, prefixes: DocumentPrefixes): Promise<FieldValues> {
  return readFlatFields(bodyBytes(bodyOf(request), 'the fields broke off; nothing of them was taken, send them again'), prefixes)
}

async function link({ request, path }: Writing): Promise<SubjectUpdate> {
  const to = await textBody(request)
  const type = request.headers['x-cm-well-link-type'] ?? '1'
  if (type !== '0' && type !== '1' && type !== '2') {
    throw new WaybillError('invalid_request', 'X-CM-WELL-LINK-TYPE is 0 (permanent), 1 (temporary) or 2 (forward)')
  }
  return { ...noUpdate(path), kind: 'link', remove: [REMOVE_FIELDS], link: { to, type: Number(type) } }
}

const LONGEST_TARGET = 4096

async function textBody(request: FastifyRequest): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of bodyBytes(bodyOf(request), 'the target broke off; send it again')) {
    bytes += part.length
    if (bytes > LONGEST_TARGET) throw new WaybillError('body_too_large', `the target of a link has at most ${LONGEST_TARGET} bytes`)
    parts.push(part)
  }
  return linkTarget(Buffer.concat(parts).toString('utf8').trim())
}

/** Without `field` and `data` the infoton goes, and unless `recursive=false` all that is beneath it; with them, values of it go. */
async function remove(writing: Writing): Promise<SubjectUpdate> {
  const { request, path } = writing
  const [field, data] = [parameter(request, 'field'), parameter(request, 'data')]
  if (field === undefined && data === undefined) return { ...noUpdate(path), fullDelete: { recursive: parameter(request, 'recursive') !== 'false' } }
  return { ...noUpdate(path), remove: await removals(writing, field, data) }
}

/** Values are named by their text, whatever their type: those that have it are looked up. */
async function removals({ context, request, caller, path, prefixes, ingest }: Writing, field?: string, data?: string): Promise<FieldRemoval[]> {
  const wanted: Readonly<Record<string, readonly (FieldValue | undefined)[]>> =
    field === undefined ? await readFlatFields([Buffer.from(data ?? '')], prefixes) : { [fieldKeyOf(field, prefixes)]: [parameter(request, 'value')] }
  const place = placeOf(path)
  if (place !== null && (await ingest.mayWrite(place))) await ingest.settled(place)
  const entry = place === null ? null : await newest(context, caller, place)
  const present = entry === null ? {} : infotonOf(entry).fields
  return Object.entries(wanted).flatMap(([key, values]): FieldRemoval[] =>
    values.flatMap((value): FieldRemoval[] => {
      if (value === undefined) return [{ what: 'field', field: key, graph: '*' }]
      const text = lexicalForm(value)
      return (present[key] ?? []).filter(one => lexicalForm(one) === text).map(one => ({ what: 'value', field: key, value: withoutGraph(one), graph: '*' }))
    }),
  )
}
