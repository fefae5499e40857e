import { readFileSync } from 'node:fs'
import { PostgresLedger } from '../src/ledger/postgres/postgres-ledger.ts'
import { createDatabase } from './support/postgres-database.ts'
import { ledgerContract } from './contracts/ledger.ts'

ledgerContract('dev', async clock => {
  const database = await createDatabase(readFileSync('/tmp/pgdev.url', 'utf8'))
  const ledger = await PostgresLedger.open(database.url, clock)
  return {
    ledger,
    another: () => PostgresLedger.open(database.url, clock),
    close: async () => {
      await ledger.close()
      await database.drop()
    },
  }
})
