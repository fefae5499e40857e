import { randomBytes } from 'node:crypto'
import { ROLES, type Collection, type Role } from '../../model/collection.ts'
import { ENTRY_KINDS, type Entry, type Fields } from '../../model/entry.ts'
import { EVENT_TYPES, type JobEvent } from '../../model/event.ts'
import { CONFLICTS, JOB_KINDS, JOB_STATES, OUTCOMES, VERIFY, type Counts, type Job } from '../../model/job.ts'
import type { Lock } from '../../model/lock.ts'
import { isUuid } from '../../model/text.ts'
import type { TokenRecord, Scope } from '../../model/access.ts'
import type { Row } from './row.ts'

/** The n-th word of one of the model's lists, as rows store it. */
export function word<T extends string>(list: readonly T[], index: unknown): T {
  const value = list[Number(index)]
  if (value === undefined) throw new Error(`the ledger holds ${String(index)}, which is none of ${list.join(', ')}`)
  return value
}

/** A UUID's 16 bytes, or null when the text is none. */
export function uuidBytes(id: string): Buffer | null {
  return isUuid(id) ? Buffer.from(id.replaceAll('-', ''), 'hex') : null
}

/** A stored UUID as text. */
export function uuidText(stored: unknown): string {
  if (typeof stored === 'string') return stored
  const hex = hexText(stored)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Stored bytes as hex; those that are stored as a UUID without its dashes. */
export function hexText(stored: unknown): string {
  if (typeof stored === 'string') return stored.replaceAll('-', '')
  const view = stored as Uint8Array
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('hex')
}

/** Hex as bytes to store; null for none. */
export function hexBytes(hex: string | null | undefined): Buffer | null {
  return hex === null || hex === undefined ? null : Buffer.from(hex, 'hex')
}

/**
 * The first 9 bytes of UUIDs v7 (RFC 9562): 48 bits of time, the version, 12 + 6 random bits and the variant. Set-wise statements append seven random
 * bytes to it, so that a chunk's entity ids are made without leaving SQL.
 */
export function entityPrefix(now: number): Buffer {
  const bytes = randomBytes(9)
  bytes.writeUIntBE(now, 0, 6)
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f)
  return bytes
}

/** One new entity id (UUID v7). */
export function newEntity(now: number): Buffer {
  return Buffer.concat([entityPrefix(now), randomBytes(7)])
}

/** True when both hold the same bytes. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

/** Kinds of entries as rows store them. */
export const FILE = ENTRY_KINDS.indexOf('file')
export const FOLDER = ENTRY_KINDS.indexOf('folder')
export const OBJECT = ENTRY_KINDS.indexOf('object')

/** The media type of folders: they have no bytes to describe, and no type of their own is registered. */
export const FOLDER_MEDIA_TYPE = 'application/octet-stream'

/** A row of `collection`. */
export function toCollection(row: Row): Collection {
  return {
    id: row['id'] as string,
    name: row['name'] as string,
    store: row['store'] as string,
    addressable: (row['key'] as number) < 0,
    attached: row['attached'] === 1,
    attributes: JSON.parse(row['attributes'] as string) as Record<string, unknown>,
    createdAt: row['created_at'] as number,
    createdBy: row['created_by'] as string,
    modifiedAt: row['modified_at'] as number,
  }
}

/** A stored role. */
export function toRole(index: unknown): Role {
  return word(ROLES, index)
}

/** A row of `entry` or `history`. */
export function toEntry(row: Row, collection: string): Entry {
  return {
    entityId: uuidText(row['entity']),
    collection,
    path: row['path'] as string,
    kind: word(ENTRY_KINDS, row['kind']),
    version: row['version'] as number,
    revision: hexText(row['revision']),
    size: row['size'] as number,
    mediaType: row['media_type'] as string,
    digest: row['digest'] === null ? null : hexText(row['digest']),
    stamp: row['stamp'] as string | null,
    fields: row['fields'] === null ? {} : (JSON.parse(row['fields'] as string) as Fields),
    deleted: row['deleted'] === 1,
    createdAt: row['created_at'] as number,
    modifiedAt: row['modified_at'] as number,
    modifiedBy: row['modified_by'] as string,
  }
}

/** A row of `lock`; the empty path is the whole collection's. */
export function toLock(row: Row, collection: string): Lock {
  return {
    collection,
    path: row['path'] === '' ? null : (row['path'] as string),
    holder: row['holder'] as string,
    token: row['token'] as number,
    reason: row['reason'] as string | null,
    acquiredAt: row['acquired_at'] as number,
    expiresAt: row['expires_at'] as number,
  }
}

/** A job's counters. */
export function toCounts(row: Row): Counts {
  return {
    total: row['total'] as number,
    pending: row['pending'] as number,
    running: row['running'] as number,
    done: row['done'] as number,
    skipped: row['skipped'] as number,
    failed: row['failed'] as number,
    evicted: row['evicted'] as number,
    cancelled: row['cancelled'] as number,
  }
}

/** A row of `job`. */
export function toJob(row: Row): Job {
  const state = word(JOB_STATES, row['state'])
  return {
    id: uuidText(row['id']),
    number: String(row['number']),
    kind: word(JOB_KINDS, row['kind']),
    state,
    paused: row['paused'] === 1,
    cancelling: row['cancelling'] === 1,
    outcome: row['outcome'] === null ? null : word(OUTCOMES, row['outcome']),
    counts: toCounts(row),
    discovering: row['sealed'] !== 1 || row['unresolved'] !== 0,
    bytesTotal: row['bytes_total'] as number,
    bytesDone: row['bytes_done'] as number,
    conflict: word(CONFLICTS, row['conflict']),
    verify: word(VERIFY, row['verify']),
    dryRun: row['dry_run'] === 1,
    priority: row['priority'] as number,
    label: row['label'] as string | null,
    dialect: row['dialect'] as string,
    retentionMs: row['retention_ms'] as number,
    ordered: row['ordered'] !== 0,
    submittedBy: row['submitted_by'] as string,
    createdAt: row['created_at'] as number,
    startedAt: row['started_at'] as number | null,
    finishedAt: row['finished_at'] as number | null,
    expiresAt: row['expires_at'] as number | null,
    change: row['change'] as number,
  }
}

/** A row of `event`, joined with the id of its job. */
export function toEvent(row: Row): JobEvent {
  return {
    id: row['id'] as number,
    type: word(EVENT_TYPES, row['type']),
    job: uuidText(row['job_id']),
    at: row['at'] as number,
    data: JSON.parse(row['data'] as string) as Record<string, unknown>,
  }
}

/** A row of `token`. */
export function toToken(row: Row): TokenRecord {
  return {
    id: row['id'] as string,
    subject: row['subject'] as string,
    scopes: (row['scopes'] as string).split(' ').filter(scope => scope !== '') as Scope[],
    label: row['label'] as string | null,
    createdAt: row['created_at'] as number,
    expiresAt: row['expires_at'] as number | null,
    revokedAt: row['revoked_at'] as number | null,
  }
}
