import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseFacts } from './ledger/postgres/connection/inspect.ts'
import type { PostgresLedger } from './ledger/postgres/postgres-ledger.ts'
import { backupLedger } from './ledger/sqlite/backup.ts'
import { claimDirectory } from './ledger/sqlite/claim.ts'
import { namedBlobs, type NamedBlob } from './ledger/sqlite/named-blobs.ts'
import { restoreLedger, type RestoredLedger } from './ledger/sqlite/restore.ts'
import { brokenIn } from './ledger/sqlite/soundness.ts'
import { SqliteLedger } from './ledger/sqlite/sqlite-ledger.ts'
import { WaybillError } from './model/errors.ts'
import type { Clock } from './ports/clock.ts'
import type { Ledger } from './ports/ledger.ts'
import { placesOf, storesOf, type StoresConfig } from './store-config.ts'
import { systemClock } from './system/clock.ts'
import { makeDirectory } from './system/directories.ts'

export type { DatabaseFacts, RestoredLedger }

/** Opens the ledger of a data directory, making both when they are missing. */
export async function openLedger(data: string, clock: Clock): Promise<Ledger> {
  makeDirectory(data)
  return SqliteLedger.open(ledgerFile(data), clock)
}

/** Opens the ledger in a PostgreSQL database, making its tables when they are missing. Loaded only now: the embedded default starts without any of it. */
export async function openSharedLedger(database: string, clock: Clock): Promise<PostgresLedger> {
  const { PostgresLedger } = await import('./ledger/postgres/postgres-ledger.ts')
  return PostgresLedger.open(database, clock)
}

/** Looks at a PostgreSQL database without changing anything. Throws `unavailable` for one that cannot be reached, or that no ledger can be in. */
export async function inspectSharedLedger(database: string, clock: Clock): Promise<DatabaseFacts> {
  const { inspectDatabase } = await import('./ledger/postgres/connection/inspect.ts')
  return inspectDatabase(database, clock)
}

/** Leases of 15 s are told by each server's own clock. */
const MOST_APART_MS = 5_000

/** Refuses to work by a clock that is so far from the database's: leases of other servers would seem over when they are not. Throws `unavailable`. */
export function refuseApart(apartMs: number): void {
  if (apartMs <= MOST_APART_MS) return
  throw new WaybillError(
    'unavailable',
    `the database's clock and the one of this machine are ${(apartMs / 1000).toFixed(1)} s apart, and leases are told by them; set both by the same time server`,
  )
}

/** Where the ledger is: in a data directory, or in a database, if one is given. */
export interface LedgerPlace {
  readonly data?: string
  readonly database?: string
}

/**
 * The ledger for administration, beside running servers or without one. Apart from main.ts, so that no command waits for the server's code.
 * `create` makes a data directory that is missing; without it one that holds no ledger (a name mistyped, most likely) is an `invalid_request`.
 */
export async function openAdministration(
  { data, database }: LedgerPlace,
  options: { readonly create: boolean },
  clock: Clock = systemClock,
): Promise<{ readonly ledger: Ledger; close(): Promise<void> }> {
  if (database !== undefined) return closable(await openSharedLedger(database, clock))
  if (data === undefined) throw new WaybillError('invalid_request', 'name a data directory, or a database')
  lookForLedger(data, options)
  return closable(await openLedger(data, clock))
}

/** The store of a new collection, which without a name is the default one. Throws `invalid_request` for one that the configuration has not, or not of that sort. */
export function storeForCollection(
  config: { readonly stores: StoresConfig | null; readonly defaultStore: string | null },
  name: string | undefined,
  attached: boolean,
): string {
  const names = (attached ? placesOf(config) : storesOf(config)).map(([each]) => each)
  const wanted = name ?? names[0]
  if (wanted !== undefined && names.includes(wanted)) return wanted
  const [sort, there] = [attached ? 'attached' : 'managed', names.length === 0 ? 'none' : names.join(', ')]
  throw new WaybillError('invalid_request', `there is no ${sort} store ${JSON.stringify(wanted)}: the configuration has ${there}; name its file with --config`)
}

function closable(ledger: Ledger): { readonly ledger: Ledger; close(): Promise<void> } {
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

/** What is broken in the ledger of a data directory, read from end to end beside a running server or without one. Throws `unavailable` where it cannot be read. */
export function brokenInLedger(data: string, clock: Clock): string[] {
  return brokenIn(ledgerFile(data), clock.now())
}

/** A data directory that no server can take meanwhile. */
export interface ClaimedDirectory {
  /** As `restoreLedger`. */
  restore(file: string, options: { readonly force: boolean; readonly now: number }): RestoredLedger
  /** As `namedBlobs`, of the ledger in it. */
  namedBlobs(): Iterable<NamedBlob>
  release(): void
}

/** Claims a data directory, which is made when it is missing. Throws `unavailable` while a server works on it. */
export function openClaimed(data: string): ClaimedDirectory {
  lookForLedger(data, { create: true })
  makeDirectory(data)
  const release = claimDirectory(data)
  const ledger = ledgerFile(data)
  return { restore: (file, options) => restoreLedger(file, ledger, options), namedBlobs: () => namedBlobs(ledger), release }
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
