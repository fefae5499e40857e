import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Page, PageQuery } from '../../model/page.ts'
import { PAGE_LIMIT } from './schemas/common.ts'

/** The page that a query asks for. */
export function pageQuery(query: { readonly limit?: number; readonly cursor?: string }): PageQuery {
  return { limit: query.limit ?? PAGE_LIMIT.default, ...(query.cursor === undefined ? {} : { cursor: query.cursor }) }
}

/** Sets `Link: <...>; rel="next"` (RFC 8288): the same request with the next cursor. */
export function linkNext(request: FastifyRequest, reply: FastifyReply, nextCursor: string | null): void {
  if (nextCursor === null) return
  const url = new URL(request.url, 'http://relative')
  url.searchParams.set('cursor', nextCursor)
  reply.header('link', `<${url.pathname}${url.search}>; rel="next"`)
}

/** The body of a list, with the Link header set. */
export function pageOf<Model, Wire>(
  request: FastifyRequest,
  reply: FastifyReply,
  page: Page<Model>,
  encode: (one: Model) => Wire,
): { items: Wire[]; nextCursor: string | null } {
  linkNext(request, reply, page.nextCursor)
  return { items: page.items.map(encode), nextCursor: page.nextCursor }
}
