import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { examine, type Finding } from '../../src/doctor.ts'
import { PostgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts'
import { systemClock } from '../../src/system/clock.ts'
import { gathered } from '../support/gathered.ts'
import { ask, createDatabase, type TestDatabase } from '../support/postgres-database.ts'

describe('doctor, of a database', () => {
  let data = ''
  let database: TestDatabase
  const look = async (url: string, clock = systemClock): Promise<Finding[]> =>
    (await gathered(examine(loadConfig({ flags: { data, database: url } }), clock))).filter(({ what }) => ['database', 'schema', 'ledger'].includes(what))
  /** The same server's URL with another database. */
  const other = (change: { pathname: string }): string => Object.assign(new URL(database.url), change).href

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'waybill-doctor-'))
    database = await createDatabase()
  })
  afterAll(async () => {
    await database.drop()
    await rm(data, { recursive: true })
  })

  it('says of a new one that its schema is made by a server, and makes none; of one in use that all is well', async () => {
    const none = { what: 'schema', well: true, found: 'none yet: the first server that starts makes it' }
    expect(await look(database.url)).toEqual([
      { what: 'database', well: true, found: expect.stringMatching(/^PostgreSQL 1\d.* in UTF-8 answers \(\d+ ms\), its clock \d\.\d s apart$/) as string },
      none,
    ])
    expect(await ask(database.url, `SELECT to_regnamespace('waybill') AS schema`)).toEqual([{ schema: null }])
    await (await PostgresLedger.open(database.url, systemClock)).close()
    expect((await look(database.url)).slice(1)).toEqual([
      { what: 'schema', well: true, found: expect.stringMatching(/^number [0-9]+, the present one$/) as string },
      { what: 'ledger', well: true, found: expect.stringMatching(/^reads and commits .* 0 jobs unfinished$/) as string },
    ])
    await ask(database.url, 'UPDATE waybill.schema_number SET value = 99')
    expect((await look(database.url)).at(-1)).toMatchObject({ what: 'schema', well: false, found: expect.stringMatching('use a newer version') as string })
  })

  it('names what is wrong: no server, no database, no right, another encoding, clocks apart', async () => {
    const bare = await createDatabase()
    const name = new URL(bare.url).pathname.slice(1)
    await ask(bare.url, `CREATE ROLE ${name}_guest LOGIN; REVOKE CREATE ON DATABASE ${name} FROM PUBLIC`)
    await ask(inject('postgresUrl'), `CREATE DATABASE ${name}_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
    const faults = {
      'the database of the ledger at 127.0.0.1:1 does not answer (connect ECONNREFUSED 127.0.0.1:1); is it running': 'postgres://me:hush@127.0.0.1:1/none',
      'is not there; make it': other({ pathname: '/nothing' }),
      [`GRANT CREATE ON DATABASE "${name}" TO "${name}_guest"`]: Object.assign(new URL(bare.url), { username: `${name}_guest` }).href,
      'the encoding of the database is LATIN1': other({ pathname: `/${name}_latin` }),
    }
    for (const [says, url] of Object.entries(faults)) {
      expect((await look(url)).at(-1)).toMatchObject({ well: false, found: expect.stringContaining(says) as string })
    }
    const fast = { ...systemClock, now: () => systemClock.now() + 60_000 }
    expect((await look(bare.url, fast))[0]).toMatchObject({ well: false, found: expect.stringMatching(/60\.\d s apart.*same time server/) as string })
    await ask(inject('postgresUrl'), `DROP DATABASE ${name}_latin`)
    await bare.drop()
    await ask(inject('postgresUrl'), `DROP ROLE ${name}_guest`)
  })
})
