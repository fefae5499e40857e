import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../../model/access.ts'
import { WaybillError } from '../../../model/errors.ts'
import { PRIORITY } from '../../../model/job.ts'
import type { Job } from '../../../model/job.ts'
import { isMediaType } from '../../../model/media-type.ts'
import { callerOf, hasScope } from '../../auth.ts'
import { unlessGivenUp } from '../../body-watch.ts'
import { onceGone } from '../../gone.ts'
import { bodyOf, updatesOf } from './body.ts'
import type { Context } from '../context.ts'
import { callerWith } from '../credentials.ts'
import { Refusal } from '../errors.ts'
import { Ingest } from './ingest.ts'
import type { Ingested } from './ingest.ts'
import { prefixesOf } from './namespaces.ts'
import { documentWord } from '../place.ts'
import { flag, parameter } from '../query.ts'
import { inputFormatOf, outputFormatOf } from '../rdf/formats.ts'
import type { InputFormat } from '../rdf/formats.ts'
import { replaceModeOf } from './replace-mode.ts'
import type { ReplaceMode } from './replace-mode.ts'
import { sendStatus } from '../track/status-document.ts'

/** How long a request may be held, in milliseconds (contract, section 1.4). */
const LONGEST_HOLD_MS = 57_000

/** `POST /_in`: updates of infotons, as one tracked job (contract, section 1). */
export function inRoute(app: FastifyInstance, context: Context): void {
  app.post('/_in', { onRequest: [context.identify, letBadTypesIn] }, async (request, reply) => {
    const until = context.services.clock.steady() + LONGEST_HOLD_MS
    // the id by which our log and the words of a refusal name the request (contract, section 1.1)
    if (flag(request, 'debug-log')) reply.header('x-cm-well-log-id', request.id)
    const format = inputFormatOf(parameter(request, 'format'), request.headers['content-type'])
    refuseWrappedRehearsal(request, format)
    const ingested = await unlessGivenUp(reply, ingest(context, request, format))
    if (ingested === null) return reply
    // jsonw has neither tracking nor blocking (contract, section 1.2)
    if (ingested.job === null || format === 'jsonw') return reply.send(success(request, ingested))
    const blocking = flag(request, 'blocking')
    if (blocking || flag(request, 'tracking')) setIds(reply, context.trackingIds.of(ingested.job))
    return blocking ? held(context, request, reply, ingested.job, until) : reply.send(success(request, ingested))
  })
}

/** Contract, section 1.2: where `format` says what a body is, its Content-Type does not matter, not even one that is none and that we would refuse unread. */
async function letBadTypesIn(request: FastifyRequest): Promise<void> {
  const type = request.headers['content-type']
  if (type === undefined || isMediaType(type)) return
  inputFormatOf(parameter(request, 'format'), type)
  delete request.raw.headers['content-type']
}

function refuseWrappedRehearsal(request: FastifyRequest, format: InputFormat): void {
  if (format === 'jsonw' && flag(request, 'dry-run')) {
    throw new WaybillError('invalid_request', 'dry-run is not implemented for wrapped requests.')
  }
}

async function ingest(context: Context, request: FastifyRequest, format: InputFormat): Promise<Ingested> {
  const caller = callerWith(request, 'write')
  const prefixes = await prefixesOf(context.engine, caller)
  const document = {
    documentId: documentWord(context.services.signer, caller?.subject ?? ''),
    logId: request.id,
    prefixes,
    ...(await replacing(context, request, caller)),
  }
  const taking = new Ingest(context, caller, {
    dryRun: flag(request, 'dry-run'),
    force: flag(request, 'force'),
    priority: priorityOf(request, caller),
    prefixes,
  })
  try {
    const updates = updatesOf(format, bodyOf(request), document)
    let next = await updates.next()
    for (; next.done !== true; next = await updates.next()) await taking.take(next.value)
    return await taking.finish(next.value)
  } catch (error) {
    await taking.abort()
    throw error
  }
}

/** `replace-mode`, whose graph may be named by an alias of the caller's. */
async function replacing(context: Context, request: FastifyRequest, caller: Caller | null): Promise<{ replaceMode?: ReplaceMode }> {
  const mode = parameter(request, 'replace-mode')
  if (mode === undefined) return {}
  const aliases = caller === null ? new Map<string, string>() : await context.engine.names.get(caller, 'graph-alias')
  return { replaceMode: replaceModeOf(mode, alias => aliases.get(alias)) }
}

/** Contract, section 1.1: only who has that right may go before others. */
function priorityOf(request: FastifyRequest, caller: Caller | null): number {
  if (!flag(request, 'priority')) return PRIORITY.usual
  if (caller !== null && hasScope(caller, 'admin')) return PRIORITY.most
  throw new Refusal('insufficient_scope', 403, 'message', 'User not authorized for priority write')
}

/** Documents and server call the header differently; clients of either find it (contract, decision 1). */
function setIds(reply: FastifyReply, id: string): void {
  reply.header('x-cm-well-tracking', id).header('x-cm-well-tid', id)
}

/** Contract, section 1.3: one message is a `message`, more are `messages`. */
function success(request: FastifyRequest, { messages }: Ingested): object {
  const [first, ...more] = messages
  return {
    success: true,
    ...(flag(request, 'dry-run') ? { 'dry-run': true } : {}),
    ...(first === undefined ? {} : more.length === 0 ? { message: first } : { messages }),
  }
}

/** `blocking`: the answer is what `_track` says when all is done (contract, section 1.5). The work goes on when the time is over. */
async function held(context: Context, request: FastifyRequest, reply: FastifyReply, job: Job, until: number): Promise<FastifyReply> {
  const format = outputFormatOf(parameter(request, 'format') || undefined, undefined, 'ntriples')
  const gone = new AbortController()
  onceGone(reply, () => gone.abort())
  const signal = AbortSignal.any([gone.signal, request.server.closing])
  const finished = await context.engine.jobs.wait(callerOf(request), job.id, Math.max(0, until - context.services.clock.steady()), signal)
  if (finished.state !== 'finished') {
    reply.removeHeader('x-cm-well-tracking').removeHeader('x-cm-well-tid')
    throw new WaybillError('unavailable', 'An internal timeout happened. Please try again later.')
  }
  // section 1.5: Done is what `_track` says of itself, and blocking does not
  return sendStatus(context, request, reply, job.id, { format, type: 'text/plain; charset=utf-8' })
}
