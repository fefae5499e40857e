import { expect, it } from 'vitest'
import { toQueueFigures } from '../../../src/ledger/shared/queue-figures.ts'
import { COUNTED_JOBS } from '../../../src/ports/system-ledger.ts'
import { Database } from '../../../src/ledger/sqlite/database.ts'
import { UNFINISHED_JOBS } from '../../../src/ledger/shared/queue-figures.ts'

it('figures of a queue with more jobs than are counted say so', () => {
  const row = { waiting: COUNTED_JOBS, running: 1, oldest: 5 }
  expect(toQueueFigures({ ...row, jobs: COUNTED_JOBS })).toEqual({ waitingJobs: COUNTED_JOBS, runningJobs: 1, oldestWaitingAt: 5, exact: true })
  expect(toQueueFigures({ ...row, jobs: COUNTED_JOBS + 1 }).exact).toBe(false)
})

it('figures of a queue are read by the index of unfinished jobs', () => {
  const db = Database.openWriter(':memory:')
  const plan = db.all(`EXPLAIN QUERY PLAN ${UNFINISHED_JOBS}`).map(row => String(row['detail']))
  expect(plan).toContainEqual(expect.stringContaining('USING INDEX job_unfinished'))
  db.close()
})
