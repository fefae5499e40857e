import type { FastifyReply } from 'fastify'

/** Answers without a body: 204, or 304. (A payload of null would be sent as JSON.) */
export function sendEmpty(reply: FastifyReply, status: 204 | 304): FastifyReply {
  return reply.code(status).send()
}
