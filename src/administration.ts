import { statSync } from 'node:fs'
import { join } from 'node:path'
import { backupLedger } from './ledger/sqlite/backup.ts'
import { SqliteLedger } from './ledger/sqlite/sqlite-ledger.ts'
import { WaybillError } from './model/errors.ts'
import type { Clock } from './ports/clock.ts'
import type { Ledger } from './ports/ledger.ts'
import { systemClock } from './system/clock.ts'
import { makeDirectory } from './system/directories.ts'

/** Opens the ledger of a data directory, making both when they are missing. */
export async function openLedger(data: string, clock: Clock): Promise<Ledger> {
  makeDirectory(data)
  return SqliteLedger.open(ledgerFile(data), clock)
}

/**
 * The ledger of a data directory for administration, beside a running server or without one. Apart from main.ts, so that no command waits for the server's code.
 * `create` makes what is missing; without it a directory that holds no ledger (a name mistyped, most likely) is an `invalid_request`.
 */
export async function openAdministration(
  data: string,
  options: { readonly create: boolean },
  clock: Clock = systemClock,
): Promise<{ readonly ledger: Ledger; close(): Promise<void> }> {
  lookForLedger(data, options)
  const ledger = await openLedger(data, clock)
  return { ledger, close: () => ledger.close() }
}

/**
 * Copies the ledger of a data directory into the new file `target`, beside a running server or without one; the bytes of files are not in it. No migration is run.
 * Throws `invalid_request` where there is no ledger, else as backupLedger does.
 */
export async function backUp(data: string, target: string, progress: (copied: number, all: number) => void): Promise<void> {
  lookForLedger(data, { create: false })
  await backupLedger(ledgerFile(data), target, progress)
}

/** Refuses a place where no ledger can be, and, unless it may be made there, one where none is. */
function lookForLedger(data: string, options: { readonly create: boolean }): void {
  const found = statSync(data, { throwIfNoEntry: false })
  if (found !== undefined && !found.isDirectory()) throw new WaybillError('invalid_request', `${data} is a file where a directory is needed`)
  if (!options.create && statSync(ledgerFile(data), { throwIfNoEntry: false }) === undefined) {
    throw new WaybillError('invalid_request', `there is no data directory at ${data}; name the one that the server runs on`)
  }
}

function ledgerFile(data: string): string {
  return join(data, 'ledger.db')
}
