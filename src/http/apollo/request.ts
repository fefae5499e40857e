import type { FastifyRequest } from 'fastify'
import { pathFault } from '../../model/paths.ts'
import { isUuid } from '../../model/text.ts'
import { badRequest } from './errors.ts'
import { WORDS } from './words.ts'

/** The collection that the `ercollectionid` header names, in any letter case of the header's name; a 400 with `message` without one. */
export function collectionOf(request: FastifyRequest, message: string = WORDS.noCollectionId): string {
  const collection = headerOf(request, 'ercollectionid')
  if (collection === null) throw badRequest(message)
  return collection
}

/** One header's value without white space around it, or null when it is absent or blank. */
export function headerOf(request: FastifyRequest, name: string): string | null {
  const value = request.headers[name]
  const text = (Array.isArray(value) ? value.join(', ') : (value ?? '')).trim()
  return text === '' ? null : text
}

/**
 * The file a path names. The router has decoded the percent encoding, exactly once: `%2541.txt` is the file `%41.txt`, a plus is a plus,
 * `%2F` a slash. Throws a 400 that begins with `words` for a name no file can have.
 */
export function fileNameOf(request: FastifyRequest, words: string = WORDS.badName): string {
  const { name } = request.params as { name: string }
  const fault = pathFault(name)
  if (fault !== null) throw badRequest(`${words}: ${fault}`)
  return name
}

/** One query parameter, or null when it is absent or empty; a 400 when it is given twice. */
export function queryOf(request: FastifyRequest, name: string): string | null {
  const value = (request.query as Record<string, unknown>)[name]
  if (Array.isArray(value)) throw badRequest(`${WORDS.badRequest}: ${name} is given more than once`)
  return typeof value === 'string' && value !== '' ? value : null
}

/** A version number as headers and paths give it: 1, 2, 3, perhaps in the quotes of an entity tag. Null for anything else. */
export function versionIn(text: string): number | null {
  const digits = /^(?:"([1-9]\d{0,14})"|([1-9]\d{0,14}))$/.exec(text)
  return digits === null ? null : Number(digits[1] ?? digits[2])
}

/** The job that a correlation id names; a 400 when it cannot be one, since every correlation id is a UUID. */
export function correlationIdIn(text: string): string {
  if (!isUuid(text))
    throw badRequest(`the co-relation Id ${JSON.stringify(text.slice(0, 80))} is malformed; give the CorrelationId that the copy request answered, a UUID`)
  return text.toLowerCase()
}
