import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts'
import { ledgerContract } from './ledger.ts'

ledgerContract('the ledger on SQLite', async clock => {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-ledger-'))
  const file = join(directory, 'ledger.db')
  const ledger = await SqliteLedger.open(file, clock)
  return {
    ledger,
    another: () => SqliteLedger.open(file, clock),
    close: async () => {
      await ledger.close()
      await rm(directory, { recursive: true })
    },
  }
})
