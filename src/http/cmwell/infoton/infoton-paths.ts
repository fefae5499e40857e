import type { IncomingMessage } from 'node:http'
import type { FastifyRequest, FastifyServerOptions } from 'fastify'
import { Refusal } from '../errors.ts'
import { missing } from './find.ts'
import type { Place } from '../place.ts'
import { placeOf } from '../place.ts'
import { normalPath } from '../subjects.ts'

type Strategy = NonNullable<NonNullable<FastifyServerOptions['routerOptions']>['constraints']>[string]
type Storage = ReturnType<Strategy['storage']>
type Handler = NonNullable<ReturnType<Storage['get']>>

const IS_INFOTON = 'yes'

/** What routes at the root are constrained by. */
export const AT_ROOT = { infoton: IS_INFOTON }

/**
 * Lets the routes at the root answer only what can mean an infoton, so that every other path stays with whom it belongs to: the first segment must be what a
 * collection may be called, and, unless it is a domain, the request must bring a token in some way: else somebody mistook a URL.
 */
export const infotonConstraint: Strategy = {
  name: 'infoton',
  storage: () => {
    const handlers = new Map<unknown, Handler>()
    return {
      get: key => handlers.get(key) ?? null,
      set: (key, handler) => void handlers.set(key, handler),
    }
  },
  deriveConstraint: request => (meansInfoton(request) ? IS_INFOTON : 'no'),
  mustMatchWhenDerived: false,
  validate: () => undefined,
}

const CREDENTIALS = ['authorization', 'x-cm-well-token', 'x-cm-well-token2']

function meansInfoton({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): boolean {
  const path = normalPath(url.split('?', 1)[0] ?? '')
  const domain = path.split('/', 2)[1] ?? ''
  return placeOf(path) !== null && (domain.includes('.') || url.includes('token=') || CREDENTIALS.some(name => headers[name] !== undefined))
}

/**
 * The infotons that a request's URL may mean, the likeliest first. A subject's percent-escapes are part of its path, so the path is taken as it was sent;
 * other characters arrive escaped, so it may also be meant decoded.
 */
export function placesOf(request: FastifyRequest): [Place, ...Place[]] {
  const sent = sentPath(request)
  const [first, ...others] = [...new Set([sent, decoded(sent)])].map(placeOf).filter(place => place !== null)
  if (first === undefined) throw missing()
  return [first, ...others]
}

/** The path of a request that writes: what cannot stand in a subject was escaped on the way, everything else is the subject's own. */
export function writtenPath(request: FastifyRequest): string {
  return sentPath(request).replace(/(?:%[89A-F][0-9A-F])+/gi, escaped => decoded(escaped))
}

function sentPath(request: FastifyRequest): string {
  return normalPath(request.url.split('?', 1)[0] ?? '')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (error) {
    throw new Refusal('invalid_path', 400, 'text', `the URL is not valid percent-encoded UTF-8: ${(error as Error).message}`)
  }
}
