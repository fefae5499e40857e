import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../../model/access.ts'
import type { Entry } from '../../../model/entry.ts'
import { isRevision } from '../../../model/entry.ts'
import { WaybillError, isWaybillError } from '../../../model/errors.ts'
import type { Page } from '../../../model/page.ts'
import { sendEntryBytes } from '../../entry-bytes.ts'
import type { Context } from '../context.ts'
import { callerWith, denial } from '../credentials.ts'
import { domainInfoton, withChildren } from './children.ts'
import { infotonOf, withContent } from './entry-infoton.ts'
import { Refusal } from '../errors.ts'
import { find, missing, newest } from './find.ts'
import type { Infoton } from './infoton.ts'
import { AT_ROOT, placesOf } from './infoton-paths.ts'
import { followLink } from './links.ts'
import type { Place } from '../place.ts'
import { flag, parameter } from '../query.ts'
import { sendInfotons } from './send-infotons.ts'

/** Versions of one infoton in one answer. */
const MOST_VERSIONS = 1000
const VERSIONS_AT_ONCE = 20

/** Reads of infotons: `GET /{path}` and `GET /ii/{uuid}` (contract, sections 4 and 5). */
export function readRoutes(app: FastifyInstance, context: Context): void {
  const options = { onRequest: context.identify, config: { manner: 'text' as const } }
  app.get('/ii/:uuid', options, async (request, reply) => {
    const { uuid } = request.params as { readonly uuid: string }
    if (!isRevision(uuid)) throw new WaybillError('invalid_request', 'not a valid uuid format')
    const caller = reader(request)
    const entry = await orMissing(context.engine.entries.byRevision(caller, uuid))
    return sendInfotons(context, request, reply, [await withContent(context.engine, caller, entry)], false)
  })
  // HEAD by ourselves: a route that fastify makes of GET would say that a file has no bytes
  const at = { ...options, method: ['GET', 'HEAD'], url: '/*', constraints: AT_ROOT, exposeHeadRoute: false }
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const places = placesOf(request)
    const caller = reader(request)
    if (flag(request, 'with-history')) return sendInfotons(context, request, reply, await history(context, caller, places), true)
    const found = await find(context, caller, places)
    if (found === null) {
      return sendInfotons(context, request, reply, [await orMissing(domainInfoton(context.engine, caller, places[0], request))], false)
    }
    const entry = found.kind === 'link' ? await followLink(context, request, reply, caller, found) : found
    if (entry === null) return reply
    return entry.kind === 'file' && parameter(request, 'format') === undefined
      ? sendEntryBytes(request, reply, await context.engine.entries.open(caller, entry.collection, entry.path, entry.version))
      : sendInfotons(context, request, reply, [await whole(context, request, caller, entry)], false)
  }
  app.route({ ...at, handler: answer })
}

/** Who reads; nobody is told what exists without a token (contract, section 6). */
function reader(request: FastifyRequest): Caller {
  const caller = callerWith(request, 'read')
  if (caller === null) throw new Refusal('insufficient_scope', 403, 'text', denial(request))
  return caller
}

/** The versions of the first place that has any. */
async function history(context: Context, caller: Caller, places: readonly Place[]): Promise<AsyncGenerator<Infoton>> {
  for (const place of places) if ((await newest(context, caller, place)) !== null) return versions(context, caller, place)
  throw missing()
}

/** A page at a time: each version may have as many values as an infoton can hold. */
async function* versions({ engine }: Context, caller: Caller, { collection, path }: Place): AsyncGenerator<Infoton> {
  let cursor: string | null = null
  for (let told = 0; told < MOST_VERSIONS; told += VERSIONS_AT_ONCE) {
    const page: Page<Entry> = await engine.entries.versions(caller, collection, path, { limit: VERSIONS_AT_ONCE, ...(cursor === null ? {} : { cursor }) })
    yield* page.items.map(infotonOf)
    cursor = page.nextCursor
    if (cursor === null) return
    // others are answered in between
    await setImmediate()
  }
}

async function whole(context: Context, request: FastifyRequest, caller: Caller, entry: Entry): Promise<Infoton> {
  const infoton = await withContent(context.engine, caller, entry)
  return withChildren(context.engine, caller, request, entry, infoton)
}

async function orMissing<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    throw isWaybillError(error, 'entry_not_found') || isWaybillError(error, 'collection_not_found') ? missing() : error
  }
}
