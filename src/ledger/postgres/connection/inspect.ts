import type { Client } from 'pg'
import type { Clock } from '../../../ports/clock.ts'
import { translateFirstFault } from './faults.ts'
import { KNOWN_SCHEMA, refuseUnfit, schemaNumber } from './migrate.ts'
import { createClient, SCHEMA } from './pools.ts'

/** What a database that can be reached is like. */
export interface DatabaseFacts {
  /** As the server calls it: `18.4`. */
  readonly version: string
  /** How long one question and its answer take, in milliseconds. */
  readonly answersMs: number
  /** How far the server's clock and ours are apart, in milliseconds; exact to half of `answersMs`. */
  readonly apartMs: number
  /** A standby, or a server that was told to be read-only: nothing can be written. */
  readonly readOnly: boolean
  /** The number of the schema that is there, 0 for none, and of the one that this version works with. */
  readonly schema: number
  readonly knownSchema: number
  /** True when the user may make the schema, where there is none, or change it. */
  readonly mayMigrate: boolean
  readonly user: string
  readonly database: string
}

/**
 * Looks at the database of a URL and changes nothing. One try: a database that is just starting counts as away. Throws `unavailable` for one that cannot be
 * reached, or that no ledger can be in.
 */
export async function inspectDatabase(url: string, clock: Clock): Promise<DatabaseFacts> {
  const client = createClient(url, 10_000)
  client.on('error', () => undefined) // whatever breaks, the question under way says so, too
  try {
    await client.connect()
    await refuseUnfit(client)
    return await factsOf(client, clock)
  } catch (error) {
    throw translateFirstFault(error, url)
  } finally {
    await client.end()
  }
}

/** One who may not make a schema may still work in one that is theirs. */
const FACTS = `SELECT current_setting('server_version') AS version, current_setting('transaction_read_only') = 'on' AS read_only,
    current_user::text AS "user", current_database()::text AS database,
    CASE WHEN to_regnamespace('${SCHEMA}') IS NULL THEN has_database_privilege(current_database(), 'CREATE')
      ELSE has_schema_privilege(to_regnamespace('${SCHEMA}')::oid, 'CREATE') END AS may_migrate`

interface Answer {
  readonly version: string
  readonly read_only: boolean
  readonly user: string
  readonly database: string
  readonly may_migrate: boolean
}

async function factsOf(client: Client, clock: Clock): Promise<DatabaseFacts> {
  const { version, read_only, user, database, may_migrate } = (await client.query<Answer>(FACTS)).rows[0] as Answer
  const asked = performance.now()
  const { rows } = await client.query<{ now: string }>('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now')
  const answersMs = performance.now() - asked
  const apartMs = Math.abs(Number(rows[0]?.now) - (clock.now() - answersMs / 2))
  return {
    ...{ version, answersMs, apartMs, readOnly: read_only, user, database },
    ...{ schema: await schemaNumber(client), knownSchema: KNOWN_SCHEMA, mayMigrate: may_migrate },
  }
}
