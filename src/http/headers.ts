import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Headers of every answer; a route may replace them. Answers are data and never pages of ours, so nothing in them may run, be framed or be
 * guessed at by a browser, and what needs a token is not stored by caches.
 */
const USUAL_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** Sets the usual headers and the request's id: an `onRequest` hook of the root, so that answers of errors carry them too. */
export function setUsualHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(USUAL_HEADERS)
  reply.header('x-request-id', request.id)
}
