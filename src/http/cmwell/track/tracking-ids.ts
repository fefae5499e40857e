import type { Job } from '../../../model/job.ts'
import { uuidFromHex, uuidHex } from '../../../model/text.ts'
import type { UrlSigner } from '../../signed-url.ts'
import { decodeTrackingId, encodeTrackingId } from './tracking-id.ts'

const PURPOSE = 'cmwell-tracking'
const ACTOR = /^([0-9a-f]{32})\.([A-Za-z0-9_-]{22})$/

/** What a tracking id turned out to be. */
export type Tracked = { readonly job: string } | 'malformed' | 'unknown'

/**
 * Tracking ids of jobs. The id is the capability: whoever has it may track (contract, decision 7). So it holds, beside the job's own id, which others may see,
 * 128 bits that only this server can make.
 */
export class TrackingIds {
  readonly #signer: UrlSigner

  constructor(signer: UrlSigner) {
    this.#signer = signer
  }

  of({ id, createdAt }: Job): string {
    const hex = uuidHex(id)
    return encodeTrackingId({ actorId: `${hex}.${this.#signer.mark(PURPOSE, hex)}`, createdAt })
  }

  /** The job of an id. `malformed` was never an id; `unknown` has the form of one, and is none of ours. */
  read(id: string): Tracked {
    const decoded = decodeTrackingId(id)
    if (decoded === null) return 'malformed'
    const [, hex = '', mark = ''] = ACTOR.exec(decoded.actorId) ?? []
    return this.#signer.holds(mark, PURPOSE, hex) ? { job: uuidFromHex(hex) } : 'unknown'
  }
}
