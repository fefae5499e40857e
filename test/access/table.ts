import type { Scope } from '../../src/model/access.ts'
import { ROLES, type Role } from '../../src/model/collection.ts'
import type { Manner, Things } from './stage.ts'

/**
 * Whom a call is for, beside the scopes that the token needs.
 * - `open`: whoever asks, with any token or none
 * - `token`: whoever has a token with the scopes; it shows or changes what is the caller's own
 * - a role: that role, or more, on the collection that the call names
 * - `own`: only the subject who made the thing (an upload, a token, a Seven Bridges job)
 * - `job`: the subject who submitted the job, or made the webhook, and whoever is admin or more of every collection it names
 * - `signature`: whoever has the signed URL; `tracking`: whoever has the tracking id
 */
export type Need = 'open' | 'token' | Role | 'own' | 'job' | 'signature' | 'tracking'

/** One call: its route, what it needs, the status where that is there, and how it is asked. */
export interface Row {
  readonly method: string
  readonly url: string
  readonly scopes: readonly Scope[]
  readonly need: Need
  readonly ok: number
  readonly ask: Ask
}

/** How a row is asked for, where its URL with the names of the things in it is not enough. */
export interface Ask {
  /** Which of the things a `:id` (or another parameter) of the URL means. */
  readonly id?: keyof Things
  readonly query?: (things: Things) => string
  readonly body?: (things: Things) => object | string
  readonly headers?: (things: Things) => Readonly<Record<string, string>>
  /** For calls that answer 200 with a success or an error for each thing: true when it was a success. */
  readonly granted?: (answer: string) => boolean
  /** False where it cannot be hidden that a name is taken: who asks for one that is free gets it. */
  readonly conceals?: false
}

/** What refusals are in a dialect. `hidden`: the thing is none of the caller's, or is not there at all. */
export interface Refusals {
  readonly manner: Manner
  readonly unauthenticated: number
  readonly scope: number
  readonly weak: number
  readonly hidden: number
}

const V1: Refusals = { manner: 'plain', unauthenticated: 401, scope: 403, weak: 403, hidden: 404 }
const APOLLO: Refusals = { manner: 'plain', unauthenticated: 401, scope: 403, weak: 403, hidden: 403 }
const SEVEN_BRIDGES: Refusals = { manner: 'project', unauthenticated: 401, scope: 403, weak: 403, hidden: 404 }
const CM_WELL: Refusals = { manner: 'domain', unauthenticated: 403, scope: 403, weak: 403, hidden: 404 }

/** What a refusal is for a route: by its dialect. */
export function refusalsOf(url: string): Refusals {
  if (/^\/(v1|docs|download|upload)\//.test(url) || url === '/metrics') return V1
  if (/^\/(apollo|files)\//.test(url)) return APOLLO
  return url.startsWith('/v2/') ? SEVEN_BRIDGES : CM_WELL
}

const read: readonly Scope[] = ['read']
const write: readonly Scope[] = ['write']
const both: readonly Scope[] = ['read', 'write']
const admin: readonly Scope[] = ['admin']
const apolloRead: readonly Scope[] = ['apollo_read']
const apolloWrite: readonly Scope[] = ['apollo_write']
const apolloBoth: readonly Scope[] = ['apollo_read', 'apollo_write']
const none: readonly Scope[] = []

const inCollection = { headers: ({ collection }: Things) => ({ ercollectionid: collection }) }
const vault = { headers: () => ({ vaultid: 'v', accountid: 'a' }) }
const infoton = { headers: () => ({ 'x-cm-well-type': 'OBJ' }), body: () => ({ a: 'b' }), conceals: false } as const
const copyTo = { id: 'entity', body: ({ collection }: Things) => ({ project: collection, name: 'copied.txt' }) } as const
const oneSucceeded = (answer: string): boolean => /^\{"items":\[\{"resource":/.test(answer)
/** Of what never happens here, so that nobody is called. */
const hook = { url: 'https://hooks.example/', events: ['item.evicted'] }
const item = ({ collection, file }: Things): object => ({ source: { collection, path: file } })
const itemTo = ({ collection, file }: Things): object => ({ source: { collection, path: file }, destination: { collection, path: 'to' } })
const upload = (things: Things): string =>
  [
    ...['--b', 'Content-Type: application/json', '', JSON.stringify({ file_name: things.file, file_size: 3, file_type: 'txt' })],
    ...['--b', 'Content-Type: text/plain', '', 'abc', '--b--', ''],
  ].join('\r\n')
const uploaded = {
  id: 'file',
  headers: ({ collection }: Things) => ({ ercollectionid: collection, 'content-type': 'multipart/related; boundary=b', 'x-metadata-only': 'false' }),
  body: upload,
} as const

/** Every call of every dialect. A route that is not here fails the tests: say what it needs. */
// prettier-ignore
export const TABLE: readonly Row[] = [
  // the server itself
  row('GET    /healthz',                                     none,        'open',      200),
  row('GET    /readyz',                                      none,        'open',      200),
  row('GET    /openapi.json',                                none,        'open',      200),
  row('GET    /',                                            none,        'open',      200),
  row('GET    /docs',                                        none,        'open',      200),
  row('GET    /docs/json',                                   none,        'open',      200),
  row('GET    /docs/yaml',                                   none,        'open',      200),
  row('GET    /docs/static/index.html',                      none,        'open',      302),
  row('GET    /docs/static/swagger-initializer.js',          none,        'open',      200),
  row('GET    /docs/static/*',                               none,        'open',      404),
  row('GET    /errors/:code',                                none,        'open',      200),
  row('GET    /metrics',                                     ['metrics'], 'token',     200),
  row('GET    /v1/whoami',                                   none,        'token',     200),
  row('GET    /v1/system',                                   admin,       'token',     200),
  row('GET    /v1/audit',                                    admin,       'token',     200, { query: () => '?subject=nobody' }),
  row('GET    /v1/audit',                                    read,        'admin',     200, { query: ({ collection }) => `?collection=${collection}` }),
  row('GET    /v1/tokens',                                   none,        'token',     200),
  row('POST   /v1/tokens',                                   read,        'token',     201, { body: () => ({ scopes: ['read'] }) }),
  row('GET    /v1/tokens/:token',                            none,        'own',       200),
  row('DELETE /v1/tokens/:token',                            read,        'own',       204),

  // collections
  row('POST   /v1/collections',                              write,       'token',     201, { body: () => ({}) }),
  row('GET    /v1/collections',                              read,        'token',     200),
  row('GET    /v1/collections/:collection',                  read,        'readonly',  200),
  row('PATCH  /v1/collections/:collection',                  write,       'admin',     200, { body: () => ({ name: 'new' }) }),
  row('DELETE /v1/collections/:collection',                  write,       'owner',     202, { query: () => '?force=true' }),
  row('GET    /v1/collections/:collection/grants',           read,        'admin',     200),
  row('PUT    /v1/collections/:collection/grants/:subject',  write,       'admin',     204, { body: () => ({ role: 'readonly' }) }),
  row('DELETE /v1/collections/:collection/grants/:subject',  write,       'admin',     404),
  row('GET    /v1/collections/:collection/lock',             read,        'readonly',  200),
  row('PUT    /v1/collections/:collection/lock',             write,       'readwrite', 200, { body: () => ({ ttlSeconds: 600 }) }),
  row('DELETE /v1/collections/:collection/lock',             write,       'readwrite', 404),
  row('GET    /v1/collections/:collection/locks/*',          read,        'readonly',  200),
  row('PUT    /v1/collections/:collection/locks/*',          write,       'readwrite', 200, { body: () => ({ ttlSeconds: 600 }) }),
  row('DELETE /v1/collections/:collection/locks/*',          write,       'readwrite', 404),

  // entries
  row('GET    /v1/collections/:collection/entries',          read,        'readonly',  200),
  row('GET    /v1/collections/:collection/entries/*',        read,        'readonly',  200),
  row('PUT    /v1/collections/:collection/entries/*',        write,       'readwrite', 200, { body: () => 'bytes' }),
  row('DELETE /v1/collections/:collection/entries/*',        write,       'readwrite', 204),
  row('GET    /v1/collections/:collection/metadata/*',       read,        'readonly',  200),
  row('PATCH  /v1/collections/:collection/metadata/*',       write,       'readwrite', 200, { body: () => ({ fields: { a: 1 } }) }),
  row('GET    /v1/collections/:collection/versions/*',       read,        'readonly',  200),

  // jobs
  row('POST   /v1/jobs',                                     write,       'readwrite', 202, { body: things => ({ kind: 'delete', items: [item(things)] }) }),
  row('POST   /v1/jobs',                                     write,       'readwrite', 202, { body: things => ({ kind: 'update', items: [{ ...item(things), fields: { a: 1 } }] }) }),
  row('POST   /v1/jobs',                                     both,        'readwrite', 202, { body: things => ({ kind: 'copy', items: [itemTo(things)] }) }),
  row('POST   /v1/jobs',                                     both,        'readwrite', 202, { body: things => ({ kind: 'move', items: [itemTo(things)] }) }),
  row('POST   /v1/jobs',                                     write,       'readwrite', 202, { query: () => '?kind=delete', headers: () => ({ 'content-type': 'application/x-ndjson' }), body: things => JSON.stringify(item(things)) }),
  row('POST   /v1/jobs',                                     write,       'readwrite', 202, { query: () => '?kind=delete', headers: () => ({ 'content-type': 'text/csv' }), body: ({ collection, file }) => `sourceCollection,sourcePath\n${collection},${file}\n` }),
  row('POST   /v1/jobs',                                     write,       'readwrite', 202, { body: ({ collection }) => ({ kind: 'delete', select: [{ source: { collection, prefix: '' } }] }) }),
  row('GET    /v1/jobs',                                     read,        'token',     200, { query: ({ collection }) => `?collection=${collection}` }),
  row('GET    /v1/jobs/:job',                                read,        'job',       200),
  row('GET    /v1/jobs/:job/items',                          read,        'job',       200),
  row('GET    /v1/jobs/:job/report',                         read,        'job',       200),
  row('GET    /v1/jobs/:job/events',                         read,        'job',       200),
  row('GET    /v1/events',                                   read,        'token',     200),
  row('POST   /v1/jobs/:job/cancel',                         write,       'job',       409),
  row('POST   /v1/jobs/:job/pause',                          write,       'job',       409),
  row('POST   /v1/jobs/:job/resume',                         write,       'job',       409),
  row('POST   /v1/jobs/:job/retry',                          write,       'job',       202, { body: () => ({ states: ['failed'] }) }),

  row('POST   /v1/jobs',                                     write,       'readwrite', 202, { body: things => ({ kind: 'delete', items: [item(things)], webhook: hook }) }),

  // webhooks
  row('POST   /v1/webhooks',                                 write,       'admin',     201, { body: ({ collection }) => ({ ...hook, collection }) }),
  row('POST   /v1/webhooks',                                 write,       'job',       201, { body: ({ job }) => ({ ...hook, job }) }),
  row('GET    /v1/webhooks',                                 read,        'token',     200),
  row('GET    /v1/webhooks',                                 read,        'admin',     200, { query: ({ collection }) => `?collection=${collection}` }),
  row('GET    /v1/webhooks',                                 read,        'job',       200, { query: ({ job }) => `?job=${job}` }),
  row('GET    /v1/webhooks/:webhook',                        read,        'job',       200),
  row('DELETE /v1/webhooks/:webhook',                        write,       'job',       204),
  row('POST   /v1/webhooks/:webhook/enable',                 write,       'job',       200),
  row('GET    /v1/webhooks/:webhook/deliveries',             read,        'job',       200),

  // signed URLs
  row('GET    /download/:grant',                             none,        'signature', 200),
  row('PUT    /upload/:grant',                               none,        'signature', 200, { body: () => 'x' }),

  // Apollo
  row('POST   /apollo/files/copy',                           apolloBoth,  'readwrite', 200, { body: ({ collection, file }) => ({ copyFileCollectionData: [{ sourceCollectionId: collection, destinationCollectionId: collection, fileName: file }] }) }),
  row('GET    /apollo/files/track',                          apolloRead,  'token',     400),
  row('GET    /apollo/files/track/',                         apolloRead,  'token',     400),
  row('GET    /apollo/files/track/:id',                      apolloRead,  'readonly',  200, { ...inCollection, id: 'job' }),
  row('GET    /apollo/status/logs',                          apolloBoth,  'readonly',  200, { ...inCollection, query: ({ job }) => `?correlationId=${job}` }),
  row('POST   /apollo/collections',                          apolloWrite, 'token',     200, { ...vault, body: () => ({ collectionName: 'new' }) }),
  row('POST   /apollo/collections/',                         apolloWrite, 'token',     200, { ...vault, body: () => ({ collectionName: 'new' }) }),
  row('GET    /apollo/collections',                          apolloRead,  'token',     200),
  row('GET    /apollo/collections/',                         apolloRead,  'token',     200),
  row('GET    /apollo/collections/:id',                      apolloRead,  'readonly',  200, { id: 'collection' }),
  row('PUT    /apollo/collections/:id',                      apolloWrite, 'readwrite', 200, { id: 'collection', body: () => ({ collectionName: 'new' }) }),
  row('GET    /apollo/entities/filename/:name',              apolloRead,  'readonly',  200, { ...inCollection, id: 'file' }),
  row('POST   /apollo/entities/filename/:name',              apolloRead,  'readonly',  200, { ...inCollection, id: 'file' }),
  row('DELETE /apollo/files/:name',                          apolloBoth,  'readwrite', 200, { id: 'file', headers: ({ collection }) => ({ ercollectionid: collection, 'if-none-match': '*' }) }),
  row('GET    /apollo/files/:name',                          apolloRead,  'readonly',  200, { ...inCollection, id: 'file' }),
  row('GET    /apollo/files/:name/version/:version',         apolloRead,  'readonly',  200, { ...inCollection, id: 'file' }),
  row('PUT    /apollo/files/upload/:name',                   apolloBoth,  'readwrite', 200, uploaded),
  row('GET    /files/:name',                                 apolloRead,  'readonly',  200, { ...inCollection, id: 'file' }),
  row('GET    /files/:name/version/:version',                apolloRead,  'readonly',  200, { ...inCollection, id: 'file' }),
  row('PUT    /files/upload/:name',                          apolloBoth,  'readwrite', 200, uploaded),

  // Seven Bridges
  row('GET    /v2/rate_limit',                               none,        'token',     200),
  row('GET    /v2/user',                                     read,        'token',     200),
  row('GET    /v2/users/:username',                          read,        'token',     404),
  row('GET    /v2/projects',                                 read,        'token',     200),
  row('GET    /v2/projects/',                                read,        'token',     200),
  row('GET    /v2/projects/:owner',                          read,        'token',     200),
  row('GET    /v2/projects/:owner/:name',                    read,        'readonly',  200),
  row('POST   /v2/projects',                                 write,       'token',     201, { body: () => ({ name: `new ${Math.random()}` }) }),
  row('PATCH  /v2/projects/:owner/:name',                    write,       'admin',     200, { body: () => ({ name: 'new' }) }),
  row('GET    /v2/files',                                    read,        'readonly',  200, { query: ({ collection }) => `?project=${collection}` }),
  row('GET    /v2/files/:id/list',                           read,        'readonly',  400, { id: 'entity' }),
  row('GET    /v2/files/scroll',                             none,        'open',      404),
  row('POST   /v2/files',                                    write,       'readwrite', 201, { body: ({ collection }) => ({ name: 'folder', type: 'folder', project: collection }) }),
  row('GET    /v2/files/:id',                                read,        'readonly',  200, { id: 'entity' }),
  row('DELETE /v2/files/:id',                                write,       'readwrite', 204, { id: 'entity' }),
  row('PATCH  /v2/files/:id',                                write,       'readwrite', 200, { id: 'entity', body: () => ({ tags: ['a'] }) }),
  row('GET    /v2/files/:id/metadata',                       read,        'readonly',  200, { id: 'entity' }),
  row('PATCH  /v2/files/:id/metadata',                       write,       'readwrite', 200, { id: 'entity', body: () => ({ a: 'b' }) }),
  row('PUT    /v2/files/:id/metadata',                       write,       'readwrite', 200, { id: 'entity', body: () => ({ a: 'b' }) }),
  row('GET    /v2/files/:id/tags',                           read,        'readonly',  200, { id: 'entity' }),
  row('PUT    /v2/files/:id/tags',                           write,       'readwrite', 200, { id: 'entity', body: () => ['a'] }),
  row('GET    /v2/files/:id/download_info',                  read,        'readonly',  200, { id: 'entity' }),
  row('POST   /v2/files/:id/actions/copy',                   write,       'readwrite', 201, copyTo),
  row('POST   /v2/files/:id/actions/move',                   write,       'readwrite', 200, copyTo),
  row('POST   /v2/action/files/copy',                        write,       'readwrite', 200, { body: ({ collection, entity }) => ({ project: collection, file_ids: [entity] }) }),
  row('POST   /v2/bulk/files/get',                           read,        'readonly',  200, { body: ({ entity }) => ({ file_ids: [entity] }), granted: oneSucceeded }),
  row('POST   /v2/bulk/files/delete',                        write,       'readwrite', 200, { body: ({ entity }) => ({ file_ids: [entity] }), granted: oneSucceeded }),
  row('POST   /v2/bulk/files/update',                        write,       'readwrite', 200, { body: ({ entity }) => ({ items: [{ id: entity, tags: ['a'] }] }), granted: oneSucceeded }),
  row('POST   /v2/bulk/files/edit',                          write,       'readwrite', 200, { body: ({ entity }) => ({ items: [{ id: entity, tags: ['a'] }] }), granted: oneSucceeded }),
  row('POST   /v2/upload/multipart',                         write,       'readwrite', 200, { body: ({ collection }) => ({ name: 'new.txt', size: 1, project: collection }) }),
  row('GET    /v2/upload/multipart/:id',                     write,       'own',       200, { id: 'upload' }),
  row('GET    /v2/upload/multipart/:id/part/:number',        write,       'own',       200, { id: 'upload' }),
  row('POST   /v2/upload/multipart/:id/part',                write,       'own',       200, { id: 'upload', body: () => ({ part_number: 1 }) }),
  row('POST   /v2/upload/multipart/:id/part/',               write,       'own',       200, { id: 'upload', body: () => ({ part_number: 1 }) }),
  row('POST   /v2/upload/multipart/:id/complete',            write,       'own',       200, { id: 'upload' }),
  row('DELETE /v2/upload/multipart/:id',                     write,       'own',       204, { id: 'upload' }),
  // what depends on stored data is the result of its own item, so whoever may submit gets a job; what comes of it is in capabilities.test.ts
  row('POST   /v2/async/files/copy',                         write,       'token',     202, { body: ({ entity, collection }) => ({ items: [{ file: entity, project: collection }] }) }),
  row('POST   /v2/async/files/move',                         write,       'token',     202, { body: ({ entity, collection }) => ({ items: [{ file: entity, project: collection }] }) }),
  row('POST   /v2/async/files/delete',                       write,       'token',     202, { body: ({ entity }) => ({ items: [{ file: entity }] }) }),
  row('GET    /v2/async/files/copy/:id',                     read,        'own',       200, { id: 'number' }),
  row('GET    /v2/async/files/move/:id',                     read,        'own',       404, { id: 'number' }),
  row('GET    /v2/async/files/delete/:id',                   read,        'own',       404, { id: 'number' }),
  row('GET    /v2/async/files',                              read,        'token',     200),

  // CM-Well
  row('POST   /_in',                                         write,       'readwrite', 200, { query: () => '?format=ntriples', headers: () => ({ 'content-type': 'text/plain' }), body: ({ collection }) => `<http://${collection}/x> <cmwell://meta/nn#a> "b" .\n`, conceals: false }),
  row('GET    /_track/:id',                                  none,        'tracking',  200),
  row('GET    /ii/:uuid',                                    read,        'readonly',  200, { id: 'revision', query: () => '?format=json' }),
  row('GET    /*',                                           read,        'readonly',  200),
  row('GET    /*',                                           read,        'readonly',  200, { query: () => '?format=json' }),
  row('GET    /*',                                           read,        'readonly',  200, { query: () => '?with-history&format=json' }),
  row('POST   /*',                                           write,       'readwrite', 200, infoton),
  row('PUT    /*',                                           write,       'readwrite', 200, infoton),
  row('DELETE /*',                                           write,       'readwrite', 200, { conceals: false }),
]

function row(call: string, scopes: readonly Scope[], need: Need, ok: number, ask: Ask = {}): Row {
  const [method = '', url = ''] = call.split(/ +/)
  return { method, url, scopes, need, ok, ask }
}

export function isRole(need: Row['need']): need is Role {
  return (ROLES as readonly string[]).includes(need)
}

/** True where the thing that a row names decides who may. */
export function hasThing({ need }: Row): boolean {
  return isRole(need) || need === 'own' || need === 'job'
}

/** A row's name among the tests. */
export function nameOf({ method, url, scopes, need, ask: { query } }: Row, index: number): string {
  return `${index}: ${method} ${url}${query === undefined ? '' : ' with a query'} (${scopes.join(', ') || 'any token'}; ${need})`
}
