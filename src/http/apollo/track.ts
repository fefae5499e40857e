import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Item } from '../../model/item.ts'
import { authenticate, callerOf } from '../auth.ts'
import { sendJsonText } from '../text-stream.ts'
import { fileEnvelope } from './envelope.ts'
import { badRequest } from './errors.ts'
import type { ApolloOptions } from './options.ts'
import { detailOf } from './item-words.ts'
import type { Detail } from './item-words.ts'
import { collectionOf, correlationIdIn } from './request.ts'
import { WORDS } from './words.ts'

/** Details held in memory before an answer is streamed instead: the dialect's own requests have at most 10,000 files. */
const HELD_DETAILS = 10_000

/**
 * `GET /apollo/files/track/{correlation_id}`: one consistent snapshot of the request, as far as it touches the collection of the header.
 * Any principal with read access on that collection may track. Without an id, the documented 400.
 */
export function trackRoutes(app: FastifyInstance, { services }: ApolloOptions): void {
  const onRequest = authenticate(services, ['apollo_read'])
  const refuse = (): never => {
    throw badRequest(WORDS.noCorrelationId)
  }
  app.get('/files/track', { onRequest }, refuse)
  app.get('/files/track/', { onRequest }, refuse)
  app.get('/files/track/:id', { onRequest }, track)

  async function track(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { id } = request.params as { id: string }
    const job = correlationIdIn(id)
    const collection = collectionOf(request)
    const caller = callerOf(request)
    const { collections, jobs, locks } = services.engine
    // Access before the lock: who may not see the collection must not see its lock either.
    await collections.get(caller, collection)
    await locks.refuse(caller, collection, null)
    const { items } = await jobs.reportForCollection(caller, job, collection)
    return sendReport(reply, items)
  }
}

/** Counts the details as they pass. */
class Tally {
  requested = 0
  succeeded = 0
  failed = 0

  add(detail: Detail): void {
    this.requested += 1
    if (detail.Status === 1) this.succeeded += 1
    if (detail.Status === 2) this.failed += 1
  }

  /** The Summary, whose numbers the documents show as strings. */
  summary(): { readonly FilesRequestedToBeCopied: string; readonly Succeeded: string; readonly Failed: string } {
    return { FilesRequestedToBeCopied: String(this.requested), Succeeded: String(this.succeeded), Failed: String(this.failed) }
  }
}

/**
 * Answers a report. Up to HELD_DETAILS lines: the Summary, then the Detail, as in the documents. Beyond (requests of other dialects may have
 * millions of items): the members change places and the answer is streamed, since the Summary is known only when the one snapshot has been
 * read; the order of an object's members means nothing in JSON (RFC 8259 section 4).
 */
async function sendReport(reply: FastifyReply, pages: AsyncIterable<readonly Item[]>): Promise<FastifyReply> {
  const iterator = pages[Symbol.asyncIterator]()
  const tally = new Tally()
  const held: Detail[] = []
  while (held.length <= HELD_DETAILS) {
    const page = await iterator.next()
    if (page.done) return reply.send(fileEnvelope(WORDS.tracked, { Summary: tally.summary(), Detail: held }))
    held.push(...detailsOf(page.value, tally))
  }
  return sendJsonText(reply, reportText(held, iterator, tally))
}

async function* reportText(held: readonly Detail[], rest: AsyncIterator<readonly Item[]>, tally: Tally): AsyncGenerator<string> {
  try {
    const head = JSON.stringify(fileEnvelope(WORDS.tracked, {})).slice(0, -2)
    yield `${head}"Detail":[${encodeAll(held)}`
    for (let page = await rest.next(); !page.done; page = await rest.next()) {
      if (page.value.length > 0) yield `,${encodeAll(detailsOf(page.value, tally))}`
    }
    yield `],"Summary":${JSON.stringify(tally.summary())}}}`
  } finally {
    // also when the client has gone before the end: the snapshot closes with its iteration
    await rest.return?.()
  }
}

function detailsOf(items: readonly Item[], tally: Tally): Detail[] {
  return items.map(item => {
    const detail = detailOf(item)
    tally.add(detail)
    return detail
  })
}

function encodeAll(details: readonly Detail[]): string {
  return details.map(detail => JSON.stringify(detail)).join(',')
}
