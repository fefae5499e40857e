import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { WaybillClient } from '../../../src/client/index.ts'
import { refused, testServer } from './golden.ts'

const { of } = testServer({ retentionMs: { cmwell: 60_000 }, jsonItems: 77 })

describe('GET /v1/system', () => {
  it('tells what the server is made of, over the client, too', async () => {
    const client = new WaybillClient({ url: of().url, token: await of().token('operator', ['admin']) })
    const { startedAt, ...system } = await client.system()
    expect(Date.parse(startedAt)).toBeLessThanOrEqual(Date.now())
    const [node] = system.nodes
    expect(system).toEqual({
      version: '0.1.0',
      ledger: { kind: 'sqlite', schema: of().ledger.schema },
      nodes: [{ id: node?.id, host: hostname(), pid: process.pid, version: '0.1.0', startedAt, lastSeenAt: node?.lastSeenAt, self: true }],
      queue: { waitingJobs: 0, runningJobs: 0, oldestWaitingSeconds: null, exact: true },
      stores: [{ name: 'local', kind: 'local', healthy: true, error: null }],
      retention: { v1: 2_592_000_000, apollo: 2_592_000_000, sevenbridges: 2_592_000_000, cmwell: 60_000, audit: 31_536_000_000 },
      limits: {
        ...{ jsonItems: 77, submitBodyBytes: 33_554_432, jsonBodyBytes: 1_048_576, uploadBytes: 5_497_558_138_880 },
        ...{ manifestLineBytes: 65_536, requestsPerMinute: 1_000_000, sevenbridgesRequests: 1_000 },
      },
    })
  })

  it('is for the scope admin alone', async () => {
    const answer = await of().call('alice', 'GET', '/v1/system')
    expect(await refused(answer)).toMatchObject({ status: 403, code: 'insufficient_scope' })
    expect(answer.headers.get('www-authenticate')).toContain('scope="admin"')
    expect((await fetch(`${of().url}/v1/system`)).status).toBe(401)
  })
})
