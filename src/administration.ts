import { join } from 'node:path'
import { SqliteLedger } from './ledger/sqlite/sqlite-ledger.ts'
import type { Clock } from './ports/clock.ts'
import type { Ledger } from './ports/ledger.ts'
import { systemClock } from './system/clock.ts'

/** Opens the ledger of a data directory, making both when they are missing. */
export function openLedger(data: string, clock: Clock): Promise<Ledger> {
  return SqliteLedger.open(join(data, 'ledger.db'), clock)
}

/** The ledger of a data directory for administration, beside a running server or without one. Apart from main.ts, so that no command waits for the server's code. */
export async function openAdministration(data: string, clock: Clock = systemClock): Promise<{ readonly ledger: Ledger; close(): Promise<void> }> {
  const ledger = await openLedger(data, clock)
  return { ledger, close: () => ledger.close() }
}
