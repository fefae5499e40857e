import { vi } from 'vitest'
import { PostgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts'
import { createDatabase } from '../support/postgres-database.ts'
import { ledgerContract } from './ledger.ts'

// some of these tests take a thousand transactions, each some ten trips to the database, and that beside other tests
vi.setConfig({ testTimeout: 180_000 })

ledgerContract('the ledger on PostgreSQL', async clock => {
  const database = await createDatabase()
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
