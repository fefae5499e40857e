import { WaybillError } from './errors.ts'

/** Roles on a collection, weakest first. Each includes those before it. */
export const ROLES = ['readonly', 'readwrite', 'admin', 'owner'] as const
export type Role = (typeof ROLES)[number]

/** True when `role` is `least` or stronger. No role is weaker than every role. */
export function roleAtLeast(role: Role | null, least: Role): boolean {
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(least)
}

/**
 * A named set of entries with its own grants and the store its bytes live in. Of an `addressable` one entries are found by their entity ids and revisions,
 * too, and every folder is an entry of kind `folder`. Of an `attached` one the store is a place, a directory or a part of a bucket, whose files lie under their own
 * names. Times are epoch milliseconds.
 */
export interface Collection {
  readonly id: string
  readonly name: string
  readonly store: string
  readonly addressable: boolean
  readonly attached: boolean
  readonly attributes: Readonly<Record<string, unknown>>
  readonly createdAt: number
  readonly createdBy: string
  readonly modifiedAt: number
}

/** A collection as one caller sees it: with the caller's own role. */
export interface CollectionView extends Collection {
  readonly role: Role
}

/** One subject's role on a collection. */
export interface Grant {
  readonly subject: string
  readonly role: Role
  readonly grantedAt: number
}

/** First segments that routes need, in any letter case; a collection of that name would be unreachable at the root. */
const RESERVED = new Set([
  'v1',
  'v2',
  'apollo',
  'files',
  'file',
  'upload',
  'download',
  'docs',
  'openapi.json',
  'healthz',
  'readyz',
  'metrics',
  'console',
  'assets',
  'ii',
  'zz',
  'proc',
  'meta',
  'api',
  'static',
  'favicon.ico',
  'robots.txt',
  'action',
  'async',
  'bulk',
  'user',
  'users',
  'projects',
  'login',
])
const SEGMENT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/

/**
 * Checks a collection id: `plain-name`, `host.name` or `owner/name`. At most 128 characters.
 * Throws `invalid_collection_id` with the reason: a bad character, too long, or a first segment that routes need.
 */
export function checkCollectionId(id: string): string {
  const fault = collectionIdFault(id)
  if (fault !== null) throw new WaybillError('invalid_collection_id', `collection id ${JSON.stringify(id.slice(0, 140))}: ${fault}`)
  return id
}

/** Says what is wrong with a collection id, or null when it is good. */
export function collectionIdFault(id: string): string | null {
  const form = 'use letters, digits, "-", "_" and ".", beginning and ending with a letter or digit, with at most one "/" as in owner/name'
  if (id === '') return `it is empty; ${form}`
  if (id.length > 128) return `it has ${id.length} characters; at most 128 are allowed`
  const segments = id.split('/')
  const first = segments[0] as string
  if (first.startsWith('_')) return 'names that begin with "_" are reserved; choose another name'
  if (RESERVED.has(first.toLowerCase())) return `"${first}" is reserved, the server's own routes need it; choose another name`
  if (segments.length > 2 || !segments.every(segment => SEGMENT.test(segment))) return form
  return null
}

/** What a collection is unless its maker says otherwise: those with an owner or a host in their id (`owner/name`, `host.name`) are addressable, plain ones are not. */
export function isAddressableId(id: string): boolean {
  return /[/.]/.test(id)
}
