import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { Item } from '../../model/item.ts'
import type { ItemFilter } from '../../ports/ledger.ts'
import { callerOf } from '../auth.ts'
import { preferredType } from '../accept.ts'
import type { V1App, V1Context } from './context.ts'
import { itemStates } from './decode.ts'
import { encodeItem } from './encode.ts'
import { CSV_HEADER, csvRows, ndjsonRows } from './item-rows.ts'
import { linkNext, pageOf, pageQuery } from './page.ts'
import { Text } from './schemas/common.ts'
import { ItemPage, ItemQuery, JobParams, ReportQuery } from './schemas/job.ts'

const FORMATS = {
  csv: { type: 'text/csv; charset=utf-8; header=present', head: CSV_HEADER, rows: csvRows },
  ndjson: { type: 'application/x-ndjson; charset=utf-8', head: '', rows: ndjsonRows },
} as const

const OFFERED = ['application/json', 'application/x-ndjson', 'text/csv'] as const

/** `/v1/jobs/{job}/items`, a page in one of three forms, and `/v1/jobs/{job}/report`, all items as a download. */
export function registerItems(app: V1App, context: V1Context): void {
  const { jobs } = context.services.engine
  const tags = ['jobs']
  const errors = ['job_not_found', 'job_expired'] as const

  app.get(
    '/v1/jobs/:job/items',
    {
      schema: {
        tags,
        operationId: 'listItems',
        summary: 'Items in order, a page at a time',
        description: 'As JSON, NDJSON or CSV, by Accept. In the latter two the next page is in the Link header.',
        params: JobParams,
        querystring: ItemQuery,
        response: {
          200: {
            description: 'a page of items',
            content: { 'application/json': { schema: ItemPage }, 'application/x-ndjson': { schema: Text }, 'text/csv': { schema: Text } },
          },
        },
      },
      config: { errors: [...errors, 'invalid_cursor'] },
      onRequest: context.needs.read,
    },
    async (request, reply) => {
      const { state, path, from, ...query } = request.query
      const page = await jobs.items(callerOf(request), request.params.job, filterOf(state, path, from), pageQuery(query))
      const type = preferredType(request.headers.accept, OFFERED)
      reply.header('vary', 'accept')
      if (type === 'application/json') return reply.type(`${type}; charset=utf-8`).send(pageOf(request, reply, page, encodeItem))
      linkNext(request, reply, page.nextCursor)
      const format = type === 'text/csv' ? FORMATS.csv : FORMATS.ndjson
      return reply.type(format.type).send(format.head + format.rows(page.items))
    },
  )

  app.get(
    '/v1/jobs/:job/report',
    {
      schema: {
        tags,
        operationId: 'getReport',
        summary: 'All items as one download',
        description: 'One consistent snapshot, streamed.',
        params: JobParams,
        querystring: ReportQuery,
        response: {
          200: {
            description: 'the items',
            content: { 'text/csv': { schema: Type.Unsafe<Readable>(Text) }, 'application/x-ndjson': { schema: Type.Unsafe<Readable>(Text) } },
          },
        },
      },
      config: { errors },
      onRequest: context.needs.read,
    },
    async (request, reply) => {
      const name = request.query.format ?? 'csv'
      const format = FORMATS[name]
      const { job, items } = await jobs.report(callerOf(request), request.params.job, filterOf(request.query.state))
      const iterator = items[Symbol.asyncIterator]()
      // the snapshot closes with its iteration, which must have begun for that: also when the client has gone before the first byte
      const first = await iterator.next()
      const stream = Readable.from(reportText(first, iterator, format), { objectMode: false })
      stream.once('close', () => {
        iterator.return?.().catch((error: unknown) => reply.log.error({ err: error }, 'closing the snapshot of a report failed'))
      })
      reply.type(format.type).header('content-disposition', `attachment; filename="job-${job.number}.${name}"`)
      return reply.send(stream)
    },
  )
}

async function* reportText(
  first: IteratorResult<readonly Item[]>,
  rest: AsyncIterator<readonly Item[]>,
  format: { readonly head: string; readonly rows: (items: readonly Item[]) => string },
): AsyncGenerator<string> {
  if (format.head !== '') yield format.head
  for (let page = first; page.done !== true; page = await rest.next()) {
    if (page.value.length > 0) yield format.rows(page.value)
  }
}

function filterOf(state: string | undefined, path?: string, from?: number): ItemFilter {
  const states = itemStates(state)
  return {
    ...(states === undefined ? {} : { states }),
    ...(path === undefined ? {} : { pathPrefix: path }),
    ...(from === undefined ? {} : { afterSeq: from - 1 }),
  }
}
