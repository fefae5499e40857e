import type { FastifyReply, FastifyRequest } from 'fastify'
import { baseUrl } from '../base-url.ts'
import type { HttpServices } from '../services.ts'
import { CODES } from './codes.ts'
import { badRequest } from './errors.ts'
import { queryOne } from './request.ts'

const USUAL_LIMIT = 25
const MOST_LIMIT = 100

/** Which part of a list: `limit` things from `offset` on, which counts from 0. */
export interface Window {
  readonly offset: number
  readonly limit: number
}

export interface Link {
  readonly href: string
  readonly rel: 'next' | 'prev'
  readonly method: 'GET'
}

/** What a list is wrapped in, beside its `items`. `href` asks for this very page again: the official client does so before it goes through all. */
export interface Envelope {
  readonly href: string
  readonly links: readonly Link[]
}

/** `offset` and `limit` of the query: by default 0 and 25, at most 100 at once. */
export function windowOf(request: FastifyRequest): Window {
  const offset = wholeNumber(request, 'offset', 0)
  const limit = wholeNumber(request, 'limit', USUAL_LIMIT)
  if (limit < 1 || limit > MOST_LIMIT) throw badRequest(CODES.badRequest, `limit must be a whole number from 1 to ${MOST_LIMIT}`)
  return { offset, limit }
}

/** The envelope of a page out of `total` things, and the header that tells how many there are: clients fail without it. */
export function openList(request: FastifyRequest, reply: FastifyReply, services: Pick<HttpServices, 'publicUrl'>, window: Window, total: number): Envelope {
  reply.header('x-total-matching-query', total)
  const { offset, limit } = window
  const at = (from: number): string => pageUrl(request, services, { offset: from, limit })
  const links: Link[] = []
  if (offset + limit < total) links.push({ href: at(offset + limit), rel: 'next', method: 'GET' })
  if (offset > 0) links.push({ href: at(Math.max(0, offset - limit)), rel: 'prev', method: 'GET' })
  return { href: at(offset), links }
}

function pageUrl(request: FastifyRequest, services: Pick<HttpServices, 'publicUrl'>, { offset, limit }: Window): string {
  const [path = '', query = ''] = request.url.split('?', 2)
  const parameters = new URLSearchParams(query)
  parameters.set('offset', String(offset))
  parameters.set('limit', String(limit))
  return `${baseUrl(request, services)}${path}?${parameters.toString()}`
}

function wholeNumber(request: FastifyRequest, name: string, usual: number): number {
  const text = queryOne(request, name)
  if (text === null) return usual
  if (!/^\d{1,15}$/.test(text)) throw badRequest(CODES.badRequest, `${name} must be a whole number`)
  return Number(text)
}
