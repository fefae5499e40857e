import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../../model/access.ts'
import type { Entry } from '../../../model/entry.ts'
import { WaybillError } from '../../../model/errors.ts'
import type { Context } from '../context.ts'
import { missing, newest } from './find.ts'
import { linkOf } from './own-fields.ts'
import { placeOf } from '../place.ts'
import { normalPath } from '../subjects.ts'

/** How a link is followed (contract, section 5): by the client, for good or this time, or by us. */
const STATUS: Readonly<Record<number, 301 | 307>> = { 0: 301, 1: 307 }
/** Forward links in one chain; the protocol's budget. */
const LONGEST_CHAIN = 15

/**
 * Where a link leads: the entry at the end of a chain of forward links; or null when the client was sent on to another address, with the query it asked
 * with. Throws `invalid_request` for a chain that is too long.
 */
export async function followLink(context: Context, request: FastifyRequest, reply: FastifyReply, caller: Caller, first: Entry): Promise<Entry | null> {
  let entry = first
  for (let hops = 0; entry.kind === 'link'; hops += 1) {
    const link = linkOf(entry.fields)
    if (link === null) throw missing()
    const status = STATUS[link.type]
    if (status !== undefined) {
      reply.redirect(located(request, link.to), status)
      return null
    }
    if (hops === LONGEST_CHAIN) throw new WaybillError('invalid_request', 'too deep forward link chain detected!')
    const place = placeOf(normalPath(link.to))
    const next = place === null ? null : await newest(context, caller, place)
    if (next === null || next.deleted) throw missing()
    entry = next
  }
  return entry
}

/** A path on this server, or another's address, escaped where a header needs it; the token never goes along. */
function located(request: FastifyRequest, to: string): string {
  if (/^https?:\/\//.test(to)) return escaped(to)
  const query = new URLSearchParams((request.url.split('?', 2)[1] ?? '').split('#', 1)[0])
  query.delete('token')
  const rest = query.size === 0 ? '' : `?${query.toString()}`
  return encodeURI(normalPath(to.toWellFormed())) + rest
}

/** Everything but visible ASCII, of which an address may have escapes of its own. */
function escaped(address: string): string {
  return address.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent)
}
