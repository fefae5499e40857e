import type { Http } from '../support/http.ts'
import { ELSEWHERE, PLACE } from './errands/files.ts'
import { KEPT_MS } from './errands/project.ts'

/** Two stores with links between them, and an attached directory; retentions that a run does not outlive, but for one. */
export function settings(data: string, place: string): NodeJS.ProcessEnv {
  const stores = { local: { kind: 'local' }, second: { kind: 'local', directory: `${data}/second` }, place: { kind: 'attached', directory: place } }
  const long = 7 * 24 * 3600 * 1000
  return {
    WAYBILL_STORES: JSON.stringify(stores),
    WAYBILL_RETENTION_MS: JSON.stringify({ v1: long, apollo: long, cmwell: long, sevenbridges: KEPT_MS }),
  }
}

/** Where the blobs of the stores that have any lie, by the store's name. */
export function blobDirectories(data: string): Record<string, string> {
  return { local: `${data}/store/blobs`, second: `${data}/second/blobs` }
}

/** The collections that lie in them. */
export async function makeAttached(http: Http): Promise<void> {
  await http.json('POST', '/v1/collections', { id: ELSEWHERE, store: 'second' })
  await http.json('POST', '/v1/collections', { id: PLACE, store: 'place' })
}
