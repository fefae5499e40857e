import type { Readable } from 'node:stream'
import type { Caller } from '../model/access.ts'
import type { Entry } from '../model/entry.ts'
import type { PutRequest } from './api.ts'

/** An upload in parts: what was announced, and what has arrived. Times are epoch milliseconds. */
export interface Upload {
  readonly id: string
  readonly collection: string
  readonly path: string
  readonly size: number
  readonly partSize: number
  readonly startedBy: string
  readonly startedAt: number
  readonly expiresAt: number
  readonly parts: readonly UploadPart[]
}

/** A part that arrived. `number` counts from 1; `sha256` in hex. */
export interface UploadPart {
  readonly number: number
  readonly size: number
  readonly sha256: string
}

/**
 * Uploads in parts: the parts may come in any order, on many connections, and again; nothing is seen of the file before `complete`, which makes one entry
 * version out of them in one step. An upload that is not completed ends by itself. `upload_not_found` for one that is unknown, ended or another subject's.
 */
export interface Uploads {
  /** Needs readwrite. `size` of the whole in bytes, every part but the last is `partSize` long. Conditions are checked at the start and again at the end. */
  start(
    caller: Caller,
    wish: { readonly collection: string; readonly path: string; readonly size: number; readonly partSize: number } & Pick<PutRequest, 'mediaType' | 'fields' | 'conditions'>,
  ): Promise<Upload>
  get(caller: Caller, id: string): Promise<Upload>
  /** Streams one part into the store; an earlier one of that number is replaced. `invalid_request` for a number or size that does not fit the announced ones. */
  putPart(caller: Caller, id: string, number: number, body: Readable): Promise<UploadPart>
  /** Joins the parts. `invalid_request` names the missing ones. */
  complete(caller: Caller, id: string): Promise<Entry>
  abort(caller: Caller, id: string): Promise<void>
}
