import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import { bodyBytes } from '../../body-bytes.ts'
import type { DocumentOperations } from './document-operations.ts'
import { UpdateDocument } from './document.ts'
import type { DocumentOptions } from './document.ts'
import { readJsonw } from './jsonw.ts'
import type { InputFormat, RdfInput } from '../rdf/formats.ts'
import type { Prefixes } from '../rdf/prefixes.ts'
import { readRdf } from '../rdf/read.ts'
import { meaningless } from './update.ts'
import type { SubjectUpdate } from './update.ts'
import { isFileData } from './vocabulary.ts'

const NOTHING_MORE: DocumentOperations = { replaceGraphs: [], graphAliases: [], namespaces: [] }

/** What a document is read with. */
export interface BodyOptions extends Omit<DocumentOptions, 'format'> {
  readonly prefixes: Prefixes
}

/** The body as it comes; of a request without one, nothing. */
export function bodyOf(request: FastifyRequest): Readable {
  return request.body instanceof Readable ? request.body : Readable.from([])
}

/** The updates that a body asks for, batch by batch while it arrives, and at its end what it says of all infotons. */
export function updatesOf(format: InputFormat, body: Readable, options: BodyOptions): AsyncGenerator<SubjectUpdate[], DocumentOperations> {
  const bytes = bodyBytes(body, 'the document broke off; nothing of it was taken, send it again')
  return format === 'jsonw' ? wrapped(bytes, options) : statements(format, bytes, options)
}

async function* statements(format: RdfInput, bytes: AsyncIterable<Uint8Array>, options: BodyOptions): AsyncGenerator<SubjectUpdate[], DocumentOperations> {
  const document = new UpdateDocument({ ...options, format })
  for await (const quads of readRdf(format, bytes, {}, { isFileData })) {
    document.add(quads)
    const updates = document.drain()
    if (updates.length > 0) yield updates
  }
  const rest = document.finish()
  for (let next = rest.next(); ; next = rest.next()) {
    if (next.done === true) return next.value
    yield next.value
    // others are answered in between
    await setImmediate()
  }
}

/** Each infoton replaces what its path has, so of several for one path the last holds. */
async function* wrapped(bytes: AsyncIterable<Uint8Array>, { prefixes, logId }: BodyOptions): AsyncGenerator<SubjectUpdate[], DocumentOperations> {
  const updates = await readJsonw(bytes, prefixes)
  if (updates.length === 0) throw meaningless(logId)
  yield [...new Map(updates.map(update => [update.path, update])).values()]
  return NOTHING_MORE
}
