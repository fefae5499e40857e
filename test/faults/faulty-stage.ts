import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import { openDirectoryPlace } from '../../src/stores/directory/directory-place.ts'
import { systemClock } from '../../src/system/clock.ts'
import { openHouse } from '../unit/engine/house.ts'
import { faultyPlace } from './faulty-place.ts'
import { faultyStore } from './faulty-store.ts'
import type { Injector } from './injector.ts'
import type { Stage } from './storm.ts'

/** One server on SQLite, whose stores and place fail as the injector says. */
export async function openFaultyStage(faults: Injector): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-storm-'))
  const place = openDirectoryPlace({ name: 'place', directory, readonly: false, clock: systemClock })
  const real: BlobStore[] = []
  const wrap = (store: BlobStore): BlobStore => {
    real.push(store)
    return faultyStore(store, faults)
  }
  const house = await openHouse({ wrap, more: ['far'], places: [faultyPlace(place, faults)] })
  const close = async (): Promise<void> => {
    await house.close()
    await rm(directory, { recursive: true })
  }
  return { houses: [house], real, directory, stepMs: 1_000, close }
}
