import type { FastifyInstance } from 'fastify'
import type { Conditions } from '../../model/entry.ts'
import { WaybillError, isWaybillError } from '../../model/errors.ts'
import { authenticate, callerOf } from '../auth.ts'
import { fileEnvelope } from './envelope.ts'
import { badRequest } from './errors.ts'
import type { ApolloOptions } from './options.ts'
import { collectionOf, fileNameOf, headerOf, versionIn } from './request.ts'
import { WORDS } from './words.ts'

/** `DELETE /apollo/files/{filename}`: soft. The name disappears from reads, and copies of it fail; its records stay. */
export function deleteRoute(app: FastifyInstance, { services }: ApolloOptions): void {
  app.delete('/files/:name', { onRequest: authenticate(services, ['apollo_read', 'apollo_write']) }, async request => {
    const name = fileNameOf(request)
    const collection = collectionOf(request)
    const conditions = deleteConditions(headerOf(request, 'if-match'), headerOf(request, 'if-none-match'))
    try {
      await services.engine.entries.remove(callerOf(request), collection, name, conditions)
    } catch (error) {
      // What is not there is not found, whichever version was named; the engine calls that a failed condition.
      if (isWaybillError(error, 'precondition_failed') && error.facts.actual === null)
        throw new WaybillError('entry_not_found', WORDS.noFile, {}, { cause: error })
      throw error
    }
    return fileEnvelope('OK', { message: WORDS.deleted, fileName: name })
  })
}

/**
 * Exactly one of the two: If-Match names the latest version; If-None-Match: * means "delete the latest, whichever it is", the reverse of what it
 * means on an upload.
 */
export function deleteConditions(ifMatch: string | null, ifNoneMatch: string | null): Conditions {
  if (ifMatch !== null && ifNoneMatch !== null) throw badRequest(`${WORDS.badRequest}: send If-Match or If-None-Match, not both`)
  if (ifMatch === null && ifNoneMatch === null) throw badRequest(`${WORDS.badRequest}: send If-Match with the latest version, or If-None-Match: *`)
  if (ifNoneMatch !== null && ifNoneMatch !== '*') throw badRequest(`${WORDS.badRequest}: If-None-Match must be *`)
  if (ifMatch === null) return {}
  const version = versionIn(ifMatch)
  if (version === null) throw badRequest(`${WORDS.badRequest}: If-Match must be the latest version number, such as 1`)
  return { ifVersion: version }
}
