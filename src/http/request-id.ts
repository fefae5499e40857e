import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const WELL_FORMED = /^[A-Za-z0-9._:/+=-]{1,128}$/

/** The id of a request: the caller's own X-Request-Id where it is well formed (1 to 128 of `A-Z a-z 0-9 . _ : / + = -`), else a new UUID. */
export function requestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID()
}
