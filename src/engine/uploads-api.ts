import type { Readable } from 'node:stream'
import type { Caller } from '../model/access.ts'
import type { Conditions, Entry, Fields } from '../model/entry.ts'
import type { Upload, UploadPart } from '../model/upload.ts'

/** What an upload in parts announces: `size` of the whole in bytes; every part but the last is `partSize` long (model/upload.ts tells the exception). */
export interface UploadWish {
  readonly collection: string
  readonly path: string
  readonly size: number
  readonly partSize: number
  readonly mediaType?: string
  readonly fields?: Fields
  readonly conditions?: Conditions
}

/**
 * Uploads in parts: the parts may come in any order, on many connections, and again; nothing is seen of the file before `complete`, which makes one entry
 * version out of them in one step. An upload that is not completed ends by itself. `upload_not_found` for one that is unknown, ended or another subject's;
 * each call needs readwrite on the collection still.
 */
export interface Uploads {
  /** Conditions and locks are checked at the start and again at the end. `invalid_request` (sizes), `body_too_large`. */
  start(caller: Caller, wish: UploadWish): Promise<Upload>
  get(caller: Caller, id: string): Promise<Upload>
  /** One part, or null when it has not arrived. `invalid_request` for a number that no part has. */
  part(caller: Caller, id: string, number: number): Promise<UploadPart | null>
  /** Streams one part into the store; an earlier one of that number is replaced. `invalid_request` for a number or size that does not fit the announced ones. */
  putPart(caller: Caller, id: string, number: number, body: Readable): Promise<UploadPart>
  /** Joins the parts. `invalid_request` names the missing ones. Asked again, until the upload would have expired, it answers the version that it made. */
  complete(caller: Caller, id: string): Promise<Entry>
  abort(caller: Caller, id: string): Promise<void>
}
