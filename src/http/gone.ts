import type { FastifyReply } from 'fastify'

/** Calls the listener once there is nobody to answer any more: the connection may have closed already while the request was looked at. */
export function onceGone({ raw }: FastifyReply, listener: () => void): void {
  if (raw.closed) listener()
  else raw.once('close', listener)
}
