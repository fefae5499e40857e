import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createDatabase } from '../support/postgres-database.ts'
import { startTestServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { ask, withoutEchoes } from './asking.ts'
import { countedCalls } from './counted-calls.ts'
import { callerOf, OUTSIDERS, OWNER, Stages, SUBJECTS } from './stage.ts'
import type { Things } from './stage.ts'
import { hasThing, nameOf, refusalsOf, TABLE } from './table.ts'
import type { Row } from './table.ts'

const CONCEALED = TABLE.map((row, index): [string, Row] => [nameOf(row, index), row]).filter(([, row]) => hasThing(row) && row.ask.conceals !== false)

const LEDGERS = [
  { ledger: 'SQLite', outsiders: OUTSIDERS, config: () => Promise.resolve({}) },
  { ledger: 'PostgreSQL', outsiders: OUTSIDERS.slice(0, 1), config: async () => ({ database: (await createDatabase()).url }) },
]

describe.each(LEDGERS)(
  'with $ledger nobody from outside is told whether it is there, nor by the work it makes, what is asked for by',
  ({ outsiders, config }) => {
    let server: TestServer
    let stages: Stages
    const expired = new Map<Things, ReturnType<Stages['expiredJob']>>()

    beforeAll(async () => {
      server = await startTestServer({ sevenbridgesRequests: 1_000_000, ...(await config()) })
      stages = new Stages(server)
      await stages.settleTenant()
    })
    afterAll(async () => server.close())

    function expiredJobOf(things: Things): ReturnType<Stages['expiredJob']> {
      const job = expired.get(things) ?? stages.expiredJob(things)
      expired.set(things, job)
      return job
    }

    /** After a change nothing that was read is kept any more; then the owner reads what there is: what is kept of that is not to answer anybody else sooner. */
    async function ownerLooksAt({ job, number }: Things): Promise<void> {
      await stages.expiredToken(['read'])
      for (const id of [job, number]) await server.engine.jobs.get(callerOf(OWNER), id)
    }

    it.each(CONCEALED)('%s', async (_name, row) => {
      const things = await stages.lasting(refusalsOf(row.url).manner)
      const absent = stages.absent(things)
      // there is nothing; there is the collection, but not the thing in it; there was the job; there is all of it
      const worlds: readonly Things[] = [absent, { ...absent, collection: things.collection }, { ...absent, ...(await expiredJobOf(things)) }, things]
      for (const outsider of outsiders) {
        const token = await stages.token(SUBJECTS[outsider], row.scopes)
        // what the server does by itself may fall into one of the counts; what a call makes it do falls into each
        await vi.waitFor(
          async () => {
            const answers = new Set<string>()
            const work = new Set<string>()
            for (const world of worlds) {
              await ownerLooksAt(things)
              const calls = await countedCalls(async () => answers.add(withoutEchoes(await ask(server, row, world, token), world)))
              work.add(calls.join('\n'))
            }
            expect([...answers], outsider).toHaveLength(1)
            expect([...work].slice(1), outsider).toEqual([])
            expect([...work][0], 'that calls are counted at all').not.toBe('')
          },
          { timeout: 10_000 },
        )
      }
    })
  },
)
