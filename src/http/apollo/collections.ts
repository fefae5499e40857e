import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../model/access.ts'
import { ROLES } from '../../model/collection.ts'
import type { Collection, Role } from '../../model/collection.ts'
import { allPages } from '../../model/page.ts'
import { authenticate, callerOf } from '../auth.ts'
import { jsonObjectOf } from '../json-body.ts'
import { arrayText, sendJsonText } from '../text-stream.ts'
import { okEnvelope } from './envelope.ts'
import { badRequest } from './errors.ts'
import type { ApolloOptions } from './options.ts'
import { headerOf, queryOf } from './request.ts'
import { WORDS } from './words.ts'

const PAGE = 1000
const MOST_NAME = 256

/** A collection as the documents show it. Vault and account are attributes that its creator named; we have no names for them. */
export interface CollectionWords {
  readonly id: string
  readonly collectionId: string
  readonly collectionName: string
  readonly vaultId: string | null
  readonly vaultName: null
  readonly accountId: string | null
  readonly accountName: null
}

/** `/apollo/collections`: create, list, get, update. */
export function collectionRoutes(app: FastifyInstance, { services }: ApolloOptions): void {
  const { collections } = services.engine
  const reads = { onRequest: authenticate(services, ['apollo_read']) }
  const writes = { onRequest: authenticate(services, ['apollo_write']) }
  // The heading has no slash at its end, the sample has one.
  for (const url of ['/collections', '/collections/']) {
    app.post(url, writes, create)
    app.get(url, reads, list)
  }
  app.get('/collections/:id', reads, get)
  app.put('/collections/:id', writes, update)

  /** Names need not be unique; the id is a fresh one, and the caller owns it. */
  async function create(request: FastifyRequest): Promise<object> {
    const name = collectionNameOf(request)
    const attributes = { vaultId: neededHeader(request, 'vaultId'), accountId: neededHeader(request, 'accountId') }
    return okEnvelope(WORDS.collectionCreated, collectionWords(await collections.create(callerOf(request), { name, attributes })))
  }

  async function list(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const minRole = minPermission(request)
    const head = JSON.stringify(okEnvelope('OK', [])).slice(0, -2)
    return sendJsonText(reply, arrayText(head, textsOf(callerOf(request), minRole === null ? {} : { minRole }), ']}'))
  }

  async function get(request: FastifyRequest): Promise<object> {
    return okEnvelope('OK', collectionWords(await collections.get(callerOf(request), idOf(request))))
  }

  /** The sample leaves out the vault and account headers that the table requires: those that come are kept, the others stay as they are. */
  async function update(request: FastifyRequest): Promise<object> {
    const name = collectionNameOf(request)
    const change = { name, attributes: attributesIn(request) }
    return okEnvelope(WORDS.collectionUpdated, collectionWords(await collections.update(callerOf(request), idOf(request), change, 'readwrite')))
  }

  async function* textsOf(caller: Caller, filter: { readonly minRole?: Role }): AsyncGenerator<readonly string[]> {
    for await (const page of allPages(from => collections.list(caller, filter, { limit: PAGE, ...from }))) {
      yield page.items.map(collection => JSON.stringify(collectionWords(collection)))
    }
  }
}

/** A collection in the documents' words. */
export function collectionWords(collection: Collection): CollectionWords {
  return {
    id: collection.id,
    collectionId: collection.id,
    collectionName: collection.name,
    vaultId: attribute(collection, 'vaultId'),
    vaultName: null,
    accountId: attribute(collection, 'accountId'),
    accountName: null,
  }
}

function attribute(collection: Collection, key: string): string | null {
  const value = collection.attributes[key]
  return typeof value === 'string' ? value : null
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id
}

function collectionNameOf(request: FastifyRequest): string {
  const name = jsonObjectOf(request.body).collectionName
  if (typeof name !== 'string' || name.trim() === '') throw badRequest('collectionName is missing; give a non-empty string')
  if (name.length > MOST_NAME) throw badRequest(`collectionName has ${name.length} characters; at most ${MOST_NAME} are allowed`)
  return name
}

function neededHeader(request: FastifyRequest, name: 'vaultId' | 'accountId'): string {
  const value = headerOf(request, name.toLowerCase())
  if (value === null) throw badRequest(`the header ${name} is missing; name the ${name === 'vaultId' ? 'vault' : 'account'} that the collection belongs to`)
  return value
}

function attributesIn(request: FastifyRequest): Record<string, string> {
  const vaultId = headerOf(request, 'vaultid')
  const accountId = headerOf(request, 'accountid')
  return { ...(vaultId === null ? {} : { vaultId }), ...(accountId === null ? {} : { accountId }) }
}

function minPermission(request: FastifyRequest): Role | null {
  const text = queryOf(request, 'minPermission')
  const role = ROLES.find(name => name === text?.toLowerCase())
  if (text !== null && role === undefined) throw badRequest(`minPermission must be one of ${ROLES.join(', ')}`)
  return role ?? null
}
