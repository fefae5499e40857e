import { callerOf } from '../auth.ts'
import type { CollectionView } from '../../model/collection.ts'
import { isWaybillError } from '../../model/errors.ts'
import type { Job } from '../../model/job.ts'
import { jobOptions } from './decode.ts'
import { encodeCollection } from './encode.ts'
import { pageOf, pageQuery } from './page.ts'
import type { V1App, V1Context } from './context.ts'
import { JobAnswers } from './job-answers.ts'
import { CollectionChange, CollectionPage, CollectionQuery, CollectionWire, NewCollection, RemoveCollectionQuery } from './schemas/collection.ts'
import { CollectionParams, Nothing } from './schemas/common.ts'
import { JobWire } from './schemas/job.ts'
import type { Caller } from '../../model/access.ts'
import { sendEmpty } from './empty.ts'

/** How long `DELETE ?force=true` holds its answer for the job to finish; a small collection is then empty at once. */
const FORCE_WAIT_MS = 1000

/** The path of a collection's resource. */
function locationOf({ id }: Pick<CollectionView, 'id'>): string {
  return `/v1/collections/${encodeURIComponent(id)}`
}

/** `/v1/collections`: create, list, get, change and delete collections. */
export function registerCollections(app: V1App, context: V1Context): void {
  const { collections, jobs } = context.services.engine
  const answers = new JobAnswers(context)
  const tags = ['collections']

  app.post(
    '/v1/collections',
    {
      schema: {
        tags,
        operationId: 'createCollection',
        summary: 'Create a collection; the caller owns it',
        body: NewCollection,
        response: { 201: CollectionWire },
      },
      config: {
        errors: [
          'invalid_collection_id',
          'invalid_json',
          'collection_exists',
          'quota_exceeded',
          'body_too_large',
          'fields_too_large',
          'unsupported_media_type',
        ],
      },
      onRequest: context.needs.write,
    },
    async (request, reply) => {
      const made = await collections.create(callerOf(request), request.body)
      return reply.code(201).header('location', locationOf(made)).send(encodeCollection(made))
    },
  )

  app.get(
    '/v1/collections',
    {
      schema: {
        tags,
        operationId: 'listCollections',
        summary: 'Collections the caller has a grant for',
        querystring: CollectionQuery,
        response: { 200: CollectionPage },
      },
      config: { errors: ['invalid_cursor'] },
      onRequest: context.needs.read,
    },
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, ...filter } = request.query
      return pageOf(request, reply, await collections.list(callerOf(request), filter, pageQuery(request.query)), encodeCollection)
    },
  )

  app.get(
    '/v1/collections/:collection',
    {
      schema: { tags, operationId: 'getCollection', summary: 'One collection', params: CollectionParams, response: { 200: CollectionWire } },
      config: { errors: ['collection_not_found'] },
      onRequest: context.needs.read,
    },
    async request => encodeCollection(await collections.get(callerOf(request), request.params.collection)),
  )

  app.patch(
    '/v1/collections/:collection',
    {
      schema: {
        tags,
        operationId: 'updateCollection',
        summary: 'Change its name and attributes (admin)',
        params: CollectionParams,
        body: CollectionChange,
        response: { 200: CollectionWire },
      },
      config: { errors: ['collection_not_found', 'insufficient_role', 'invalid_json', 'fields_too_large'] },
      onRequest: context.needs.write,
    },
    async request => {
      const caller = callerOf(request)
      const before = await collections.get(caller, request.params.collection, 'admin')
      const after = await collections.update(caller, before.id, request.body)
      return encodeCollection({ ...after, role: before.role })
    },
  )

  app.delete(
    '/v1/collections/:collection',
    {
      schema: {
        tags,
        operationId: 'deleteCollection',
        summary: 'Delete an empty collection (owner)',
        description:
          'A collection with entries is refused, unless `force=true`: that answers 202 with a job that deletes everything in it. The collection itself stays until it is empty; when the job has succeeded, the same call without `force` removes it.',
        params: CollectionParams,
        querystring: RemoveCollectionQuery,
        response: { 202: JobWire, 204: Nothing },
      },
      config: { errors: ['collection_not_found', 'insufficient_role', 'collection_not_empty'] },
      onRequest: context.needs.write,
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { collection } = request.params
      if (await removed(caller, collection, request.query.force === true)) return sendEmpty(reply, 204)
      const job = await jobs.wait(caller, (await emptyOut(caller, collection)).id, FORCE_WAIT_MS, answers.ended(request, reply))
      answers.setLocation(reply, job)
      return reply.code(202).send(await answers.encode(job))
    },
  )

  /** Removes the collection; false when it has entries and that is no error. */
  async function removed(caller: Caller, collection: string, mayHaveEntries: boolean): Promise<boolean> {
    try {
      await collections.remove(caller, collection)
      return true
    } catch (error) {
      if (mayHaveEntries && isWaybillError(error, 'collection_not_empty')) return false
      throw error
    }
  }

  /** Submits the job that deletes everything in a collection. */
  async function emptyOut(caller: Caller, collection: string): Promise<Job> {
    const options = jobOptions(context, { kind: 'delete', label: `delete all of ${collection}` })
    return (await jobs.submit(caller, { options, items: [], select: [{ source: { collection, prefix: '' } }] })).job
  }
}
