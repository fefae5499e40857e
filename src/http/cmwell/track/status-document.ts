import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Item } from '../../../model/item.ts'
import type { Job } from '../../../model/job.ts'
import { sendPieces } from '../../text-stream.ts'
import type { Context } from '../context.ts'
import { virtualInfoton } from '../infoton/infoton.ts'
import type { Infoton } from '../infoton/infoton.ts'
import { writeInfotons } from '../infoton/infoton-writer.ts'
import { infotonPath } from '../place.ts'
import { flag } from '../query.ts'
import { OUTPUT_TYPES, isRdfOutput } from '../rdf/formats.ts'
import type { OutputFormat } from '../rdf/formats.ts'
import { DocumentPrefixes } from '../rdf/prefixes.ts'
import type { Quad } from '../rdf/terms.ts'
import { iri, literal } from '../rdf/terms.ts'
import { writeRdf } from '../rdf/write.ts'
import { subjectIri } from '../subjects.ts'
import { metaIri } from '../update/vocabulary.ts'

/** The name of the one field of a status document. */
const FIELD = 'trackingStatus'

/** The status of an item in the protocol's words (contract, section 2.4). */
export function statusOf({ state, reason }: Item): string {
  switch (state) {
    case 'pending':
    case 'running':
      return 'InProgress'
    case 'done':
    case 'skipped':
      return 'Done'
    case 'evicted':
      return `Evicted(expected:${reason?.expected ?? ''},actual:${reason?.actual ?? 'none'})`
    case 'failed':
    case 'cancelled':
      return 'Failed'
  }
}

/** True when nothing of the job is in progress any more. */
export function isOver({ counts, discovering }: Job): boolean {
  return counts.pending + counts.running === 0 && !discovering
}

/**
 * Answers the status document of a job, one line a path, streamed (contract, section 2.3). `type`: another Content-Type than the format's own.
 * Throws `job_not_found`, `job_expired`.
 */
export async function sendStatus(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  id: string,
  { format, type, onJob }: { readonly format: OutputFormat; readonly type?: string; readonly onJob?: (job: Job) => void },
): Promise<FastifyReply> {
  const { job, items } = await context.engine.jobs.reportForHolder(id)
  onJob?.(job)
  const text = isRdfOutput(format)
    ? writeRdf(format, statements(items, statusPredicate(context, request), request.host))
    : writeInfotons(format, infotons(items), { host: request.host, prefixes: new DocumentPrefixes(), bag: true, pretty: flag(request, 'pretty') })
  return sendPieces(reply, type ?? OUTPUT_TYPES[format], text)
}

/** Documents and server disagree on where the predicate is (contract, decision 1). */
function statusPredicate({ compat }: Context, request: FastifyRequest): string {
  return metaIri(compat === 'docs' ? 'cmwell://' : `http://${request.host}/`, 'nn', FIELD)
}

async function* statements(pages: AsyncIterable<readonly Item[]>, predicate: string, host: string): AsyncGenerator<Quad[]> {
  for await (const page of pages) {
    yield page.map(item => ({ subject: iri(subjectIri(infotonPath(item.source), host)), predicate, object: literal(statusOf(item)), graph: null }))
  }
}

async function* infotons(pages: AsyncIterable<readonly Item[]>): AsyncGenerator<Infoton> {
  for await (const page of pages) for (const item of page) yield virtualInfoton(infotonPath(item.source), { [FIELD]: [statusOf(item)] })
}
