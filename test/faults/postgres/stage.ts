import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgresLedger } from '../../../src/ledger/postgres/postgres-ledger.ts'
import type { BlobStore } from '../../../src/ports/blob-store.ts'
import { PgBossQueue } from '../../../src/queue/pg-boss/pg-boss-queue.ts'
import { openDirectoryPlace } from '../../../src/stores/directory/directory-place.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { createDatabase } from '../../support/postgres-database.ts'
import type { PostgresServer } from '../../support/postgres-server.ts'
import type { Random } from '../../support/random.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { openHouse, type House } from '../../unit/engine/house.ts'
import type { Dice } from '../dice.ts'
import type { Stage } from '../storm.ts'
import { startFaultyLine, type FaultyLine } from './faulty-line.ts'
import type { LedgerFault } from './kinds.ts'

const NODES = 2
/** Virtual time goes some ten times as fast as the real one: leases last for more than a second, lest on a slow machine all of them end before the work. */
const STEP_MS = 12

/** Nodes on one database, and their way to it. */
export interface PostgresStage extends Stage {
  /** The database itself. */
  readonly database: string
  readonly line: FaultyLine
}

/** A database with all tables, to be copied: to make them takes longer than a storm should. Returns its URL. */
export async function makeTemplate(server: PostgresServer): Promise<string> {
  const { url } = await createDatabase(server.url)
  await (await PostgresLedger.open(url, systemClock)).close()
  const queue = await PgBossQueue.open({
    url,
    onError: error => {
      throw error
    },
  })
  await queue.stop()
  return url
}

/** Two nodes on a new database of the server, over a line on which the dice decide. They share their files. */
export async function openPostgresStage(
  { server, template }: { server: PostgresServer; template: string },
  dice: Dice<LedgerFault>,
  random: Random,
): Promise<PostgresStage> {
  const database = await createDatabase(server.url, template)
  const line = await startFaultyLine(database.url, dice, random)
  const files = await mkdtemp(join(tmpdir(), 'waybill-storm-'))
  const directory = join(files, 'place')
  await mkdir(directory)
  const clock = new VirtualClock()
  const real: BlobStore[] = []
  const open = async (name: string): Promise<House> => {
    const ledger = await PostgresLedger.open(line.url, clock)
    const queue = async (onError: (error: unknown) => void): Promise<PgBossQueue> => {
      const opened = await PgBossQueue.open({ url: line.url, onError })
      ledger.sendWakesBy(opened)
      return opened
    }
    const place = openDirectoryPlace({ name: 'place', directory, readonly: false, clock: systemClock, shared: true })
    const wrap = (store: BlobStore): BlobStore => {
      if (real.every(one => one.name !== store.name)) real.push(store)
      return store
    }
    return openHouse({ wrap, more: ['far'], places: [place], node: { name, directory: files, clock, ledger, queue } })
  }
  const houses: House[] = []
  for (let n = 0; n < NODES; n++) houses.push(await open(`node ${n}`))
  const close = async (): Promise<void> => {
    await clock.passUntil(Promise.all(houses.map(house => house.close())), STEP_MS)
    await line.close()
    await database.drop()
    await rm(files, { recursive: true })
  }
  return { houses, real, directory, stepMs: STEP_MS, close, database: database.url, line }
}
