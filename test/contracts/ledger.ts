import { afterAll, beforeAll, describe } from 'vitest'
import { addressableContract } from './ledger/addressable.ts'
import { auditContract } from './ledger/audit.ts'
import { changedListsContract } from './ledger/changed-lists.ts'
import { changesContract } from './ledger/changes.ts'
import { clashesContract } from './ledger/clashes.ts'
import { collectionsContract } from './ledger/collections.ts'
import { containmentContract } from './ledger/containment.ts'
import { crossingContract } from './ledger/crossing.ts'
import { entriesContract } from './ledger/entries.ts'
import { entityJobsContract } from './ledger/entity-jobs.ts'
import { eventsContract } from './ledger/events.ts'
import { intakeContract } from './ledger/intake.ts'
import { leftoversContract } from './ledger/leftovers.ts'
import { lifeContract } from './ledger/life.ts'
import { locksContract } from './ledger/locks.ts'
import { mergingContract } from './ledger/merging.ts'
import { namesContract } from './ledger/names.ts'
import { orderedJobsContract } from './ledger/ordered-jobs.ts'
import { placesContract } from './ledger/places.ts'
import { processesContract } from './ledger/processes.ts'
import { randomJobsContract } from './ledger/property.ts'
import { quotasContract } from './ledger/quotas.ts'
import { readingContract } from './ledger/reading.ts'
import { refusalsContract } from './ledger/refusals.ts'
import { selectionsContract } from './ledger/selections.ts'
import { steeringContract } from './ledger/steering.ts'
import { systemContract } from './ledger/system.ts'
import { transfersContract } from './ledger/transfers.ts'
import { upkeepContract } from './ledger/upkeep.ts'
import { uploadsContract } from './ledger/uploads.ts'
import { valueChangesContract } from './ledger/value-changes.ts'
import { valueSelectionsContract } from './ledger/value-selections.ts'
import { watchingContract } from './ledger/watching.ts'
import { webhooksContract } from './ledger/webhooks.ts'
import { World, type OpenLedger } from './ledger/world.ts'

/** What every Ledger must do (src/ports/ledger.ts), by matter. */
const MATTERS = [
  collectionsContract,
  locksContract,
  entriesContract,
  addressableContract,
  uploadsContract,
  entityJobsContract,
  intakeContract,
  lifeContract,
  steeringContract,
  selectionsContract,
  changedListsContract,
  transfersContract,
  crossingContract,
  placesContract,
  changesContract,
  valueChangesContract,
  valueSelectionsContract,
  orderedJobsContract,
  mergingContract,
  namesContract,
  clashesContract,
  containmentContract,
  refusalsContract,
  readingContract,
  eventsContract,
  upkeepContract,
  leftoversContract,
  systemContract,
  webhooksContract,
  auditContract,
  quotasContract,
  processesContract,
  watchingContract,
  randomJobsContract,
]

export function ledgerContract(name: string, open: OpenLedger): void {
  describe(`${name} is a Ledger`, () => {
    const world = new World()
    beforeAll(() => world.open(open))
    afterAll(() => world.close())
    for (const matter of MATTERS) matter(world)
  })
}
