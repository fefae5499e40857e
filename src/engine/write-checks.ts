import type { Caller } from '../model/access.ts'
import type { CollectionView } from '../model/collection.ts'
import { refuseLargeFields, refuseUnmet, type Conditions } from '../model/entry.ts'
import { WaybillError } from '../model/errors.ts'
import { jsonDepthFault } from '../model/json-depth.ts'
import { mediaTypeFault } from '../model/media-type.ts'
import { checkPath } from '../model/paths.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { Access } from './access.ts'
import type { PutRequest } from './api.ts'
import { refuseLocked } from './locks.ts'

/** What a write says of an entry beside its bytes. */
type Description = Pick<PutRequest, 'fields' | 'mediaType'>

/** What is checked before an entry is written, however its bytes come. */
export class WriteChecks {
  readonly #ledger: Ledger
  readonly #access: Access

  constructor(parts: { ledger: Ledger; access: Access }) {
    this.#ledger = parts.ledger
    this.#access = parts.access
  }

  /** Grant, description, path and locks. Returns the collection as the caller sees it. */
  async before(caller: Caller, collection: string, path: string, description: Description = {}): Promise<CollectionView> {
    const view = await this.#access.require(caller, collection, 'readwrite')
    checkDescription(description)
    await refuseLocked(this.#ledger, caller, collection, checkPath(path))
    return view
  }

  /** Spares a client the upload of bytes that a condition refuses anyway. */
  async refuseEarly(collection: string, path: string, conditions: Conditions | undefined): Promise<void> {
    if (conditions === undefined) return
    const present = await this.#ledger.entry(collection, path)
    refuseUnmet(conditions, path, present === null || present.deleted ? null : present)
  }
}

/** Throws `invalid_request` for fields that no reader could bear, and a media type that no answer could carry. */
export function checkDescription({ fields, mediaType }: Description): void {
  refuseFault('/fields', jsonDepthFault(fields))
  if (fields !== undefined) refuseLargeFields(JSON.stringify(fields))
  if (mediaType !== undefined) refuseFault('/mediaType', mediaTypeFault(mediaType))
}

function refuseFault(pointer: string, fault: string | null): void {
  if (fault !== null) throw new WaybillError('invalid_request', `${pointer}: ${fault}`, { errors: [{ pointer, detail: fault }] })
}
