import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from 'pg'
import { WaybillError } from '../../../model/errors.ts'
import { MIGRATION_LOCK } from '../advisory-locks.ts'
import { initial } from '../migrations/0001-initial.ts'
import { chunkProgress } from '../migrations/0002-chunk-progress.ts'
import { places } from '../migrations/0003-places.ts'
import { webhooks } from '../migrations/0004-webhooks.ts'
import { audit } from '../migrations/0005-audit.ts'
import { nodes } from '../migrations/0006-nodes.ts'
import { commitMarks } from '../migrations/0007-commit-marks.ts'
import { leftovers } from '../migrations/0008-leftovers.ts'
import { faultOf, translateFault, translateFirstFault } from './faults.ts'
import { createClient, SCHEMA } from './pools.ts'
import { Retries } from './transactions.ts'

/** Numbered migrations: the schema's number is how many of these have run. Never change one that has shipped. */
const MIGRATIONS = [initial, chunkProgress, places, webhooks, audit, nodes, commitMarks, leftovers]

/** The number of the schema that this version works with. */
export const KNOWN_SCHEMA = MIGRATIONS.length

const LEAST_VERSION = 14

/** Brings the schema up to date; of many nodes that start at once, one does it and the others wait for it. Waits for a database that is just starting. */
export async function migrate(url: string): Promise<void> {
  const retries = new Retries(error => translateFirstFault(error, url))
  for (;;) {
    const client = createClient(url)
    client.on('error', () => undefined) // whatever breaks, the statement under way says so, too
    try {
      await client.connect()
      await migrateWith(client)
      return
    } catch (error) {
      if (faultOf(error) === 'other') throw translateFault(error)
      await retries.next(error, false)
    } finally {
      await client.end().catch((error: unknown) => {
        if (faultOf(error) !== 'lost') throw error
      })
    }
  }
}

async function migrateWith(client: Client): Promise<void> {
  await refuseUnfit(client)
  if ((await schemaNumber(client)) === KNOWN_SCHEMA) return
  // not waited for within the server: a waiter's snapshot would hold up what migrations do without a transaction
  while (!(await take(client))) await pause(100)
  const from = await schemaNumber(client) // again, now that no other node can migrate
  if (from > KNOWN_SCHEMA) {
    throw new WaybillError('unavailable', `the ledger's schema is number ${from}, this version knows ${KNOWN_SCHEMA}: use a newer version of Waybill`)
  }
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}; SET search_path = ${SCHEMA}; CREATE TABLE IF NOT EXISTS schema_number (value integer NOT NULL)`)
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < from) continue
    await client.query(`BEGIN; ${migration}; DELETE FROM schema_number; INSERT INTO schema_number VALUES (${index + 1}); COMMIT`)
  }
}

const FITNESS = `SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding`

/** Throws `unavailable` for a database that no ledger can be in, whatever is in it already. */
export async function refuseUnfit(client: Client): Promise<void> {
  const [facts] = (await client.query<{ version: string; encoding: string }>(FITNESS)).rows
  const major = Math.floor(Number(facts?.version) / 10_000)
  if (major < LEAST_VERSION) throw new WaybillError('unavailable', `the database is PostgreSQL ${major}; ${LEAST_VERSION} or newer is needed`)
  if (facts?.encoding !== 'UTF8') {
    throw new WaybillError('unavailable', `the encoding of the database is ${facts?.encoding}, and paths are in UTF-8; make one with ENCODING 'UTF8'`)
  }
}

/** The lock goes with the connection. */
async function take(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(`SELECT pg_try_advisory_lock(${MIGRATION_LOCK}, 0) AS taken`)
  return rows[0]?.taken === true
}

/** The number of the schema that is there, 0 for none. */
export async function schemaNumber(client: Client): Promise<number> {
  const there = await client.query<{ there: boolean }>(`SELECT to_regclass('${SCHEMA}.schema_number') IS NOT NULL AS there`)
  if (there.rows[0]?.there !== true) return 0
  return (await client.query<{ value: number }>(`SELECT value FROM ${SCHEMA}.schema_number`)).rows[0]?.value ?? 0
}
