import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { REMEDIES } from '../model/error-remedies.ts'
import { CATALOGUE, type ErrorCode } from '../model/errors.ts'
import { preferredType } from './accept.ts'
import { limitAddress } from './auth.ts'

/** Only these, so that a collection called `errors` has all its other paths. */
const CODES = `^(?:${Object.keys(CATALOGUE).join('|')})$`
const POLICY = "default-src 'none'; frame-ancestors 'none'"

/**
 * `GET /errors/<code>`: what the `type` of problem details leads to. RFC 9457 section 3.1.1: a type that can be dereferenced should give documentation for
 * people; whoever asks for JSON gets the same as JSON.
 */
export function registerErrorPages(app: FastifyInstance): void {
  const onRequest = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => limitAddress(request, reply)
  app.get<{ Params: { code: ErrorCode } }>(`/errors/:code(${CODES})`, { schema: { hide: true }, onRequest }, (request, reply) => {
    const { code } = request.params
    reply.headers({ 'cache-control': 'no-cache', 'content-security-policy': POLICY, vary: 'accept' })
    if (preferredType(request.headers.accept, ['text/html', 'application/json']) === 'text/html')
      return reply.type('text/html; charset=utf-8').send(pageOf(code))
    return { code, ...CATALOGUE[code], remedy: REMEDIES[code] }
  })
}

function pageOf(code: ErrorCode): string {
  const { status, title, retryable } = CATALOGUE[code]
  const again = retryable ? 'The same request, or a retry of the item, may succeed later.' : 'The same will fail again: something has to change first.'
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${code}: ${title}</title>
<h1>${title}</h1><p><code>${code}</code>, HTTP status ${status}<p>${markUp(REMEDIES[code])}<p>${again}
<p>The API is described at <a href="/docs">/docs</a>.</html>
`
}

/** The texts are our own; of what HTML reads they hold `<` and `>` at most. What stands in backticks is code. */
function markUp(text: string): string {
  return text
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/`([^`]*)`/g, '<code>$1</code>')
}
