import type { BlobStore, StoredBlob } from '../../src/ports/blob-store.ts'
import { WaybillError } from '../../src/model/errors.ts'
import type { Injector } from './injector.ts'

/** The stores behind the faulty ones: a store that copies from another has to know it as it is. */
const REAL = new WeakMap<BlobStore, BlobStore>()

/** A real store that fails as the injector says. It never does what it was not asked to: whatever is lost, somebody was told so. */
export function faultyStore(store: BlobStore, faults: Injector): BlobStore {
  /** Blobs as they were when they were last seen: what a stale answer tells of one that is gone. */
  const seen = new Map<string, StoredBlob>()
  const stat = async (sha256: string): Promise<StoredBlob | null> => {
    const found = await store.stat(sha256)
    const before = seen.get(sha256)
    if (found !== null) seen.set(sha256, found)
    return faults.befalls('stale') ? (found === null ? (before ?? null) : null) : found
  }
  const faulty: BlobStore = {
    name: store.name,
    shared: store.shared,
    capabilities: store.capabilities,
    put: (body, expect = {}) => {
      return faults.call('put', () => store.put(faults.writing(body, expect.sha256 !== undefined), expect))
    },
    receive: (source, options) =>
      faults.call('receive', () => store.receive({ ...source, open: async from => faults.writing(await source.open(from), true) }, options)),
    copyFrom: (other, blobs, options) =>
      faults.call('copyFrom', async () => store.copyFrom(REAL.get(other) ?? other, faults.befalls('listing') ? faults.some(blobs) : blobs, options)),
    get: async (sha256, range) => {
      faults.refuse('get')
      if (faults.befalls('stale')) throw new WaybillError('entry_not_found', `injected: the store has no blob ${sha256} yet`)
      return faults.reading(await store.get(sha256, range))
    },
    stat: sha256 => faults.call('stat', () => stat(sha256)),
    verify: sha256 => faults.call('verify', async () => !faults.befalls('short') && (await store.verify(sha256))),
    list: async function* list() {
      faults.refuse('list')
      // what was there when somebody else looked, and what is; then without some, with some twice
      const blobs: StoredBlob[] = []
      for await (const blob of store.list()) blobs.push(blob)
      const told = faults.befalls('listing') ? [...faults.some([...seen.values()]), ...faults.some(blobs), ...faults.some(blobs)] : blobs
      for (const blob of blobs) seen.set(blob.sha256, seen.get(blob.sha256) ?? blob)
      for (const blob of told) {
        if (faults.befalls('listing')) faults.refuse('a page of list')
        yield blob
      }
    },
    delete: (sha256, unlessPutSince) => faults.call('delete', () => store.delete(sha256, unlessPutSince)),
    sweepUnfinished: (before, resumableBefore) => faults.call('sweepUnfinished', () => store.sweepUnfinished(before, resumableBefore)),
    health: () => faults.call('health', () => store.health()),
  }
  REAL.set(faulty, store)
  return faulty
}
