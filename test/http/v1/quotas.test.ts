import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config.ts'
import { refused, testServer, told } from './golden.ts'

const quotas = {
  default: { unfinishedJobs: 2, itemsPerJob: 3, eventStreams: 1, collections: 2 },
  subjects: { free: { unfinishedJobs: null, itemsPerJob: null, eventStreams: null, collections: null }, hasty: { requestsPerMinute: 3 } },
}
const { of } = testServer({ quotas, concurrency: 1 })
const QUOTA = { unfinishedJobs: 2, eventStreams: 1, collections: 2 }
const items = (n: number) => Array.from({ length: n }, (_, at) => ({ source: { collection: 'mine', path: `f${at}` } }))

describe('quotas', () => {
  it('are shown with their use, those that are set', async () => {
    const { body } = await told(await of().call('newcomer', 'GET', '/v1/whoami'))
    expect((body as { quotas: unknown }).quotas).toEqual({
      ...Object.fromEntries(Object.entries(QUOTA).map(([name, limit]) => [name, { limit, used: 0 }])),
      itemsPerJob: { limit: 3, used: 0 },
    })
    expect(await told(await of().call('free', 'GET', '/v1/whoami'))).toMatchObject({ body: { quotas: {} } })
  })

  it('refuse what is beyond them, with a sentence', async () => {
    const make = (id: string) => of().call('alice', 'POST', '/v1/collections', { id })
    expect([(await make('mine')).status, (await make('other')).status]).toEqual([201, 201])
    const third = await refused(await make('third'))
    expect(third).toMatchObject({ status: 403, code: 'quota_exceeded' })
    expect(third.detail).toBe('your quota collections is 2; you have made 2; delete one that you do not need')
    const long = await of().call('alice', 'POST', '/v1/jobs', { kind: 'delete', items: items(4) })
    expect(await refused(long)).toMatchObject({ status: 403, code: 'quota_exceeded' })
    const manifest = items(4)
      .map(one => `${JSON.stringify(one)}\n`)
      .join('')
    const lines = await of().call('alice', 'POST', '/v1/jobs?kind=delete', manifest, { 'content-type': 'application/x-ndjson' })
    expect(await refused(lines)).toMatchObject({ status: 403, code: 'quota_exceeded' })
    expect((await of().call('alice', 'POST', '/v1/jobs', { kind: 'delete', items: items(3) }, { prefer: 'wait=10' })).status).toBe(200)
  })

  it('of streams are free again when one is closed', async () => {
    const open = new AbortController()
    const secret = await of().token('bob')
    const stream = (signal?: AbortSignal) =>
      fetch(`${of().url}/v1/events`, { headers: { authorization: `Bearer ${secret}` }, ...(signal === undefined ? {} : { signal }) })
    expect((await stream(open.signal)).status).toBe(200)
    const second = await stream()
    expect(second.headers.get('retry-after')).toBe('5')
    expect(await refused(second)).toMatchObject({ status: 429, code: 'quota_in_use' })
    open.abort()
    await expect
      .poll(
        async () => {
          const answer = await of().call('bob', 'GET', '/v1/whoami')
          return ((await answer.json()) as { quotas: { eventStreams: { used: number } } }).quotas.eventStreams.used
        },
        { timeout: 10_000 },
      )
      .toBe(0)
  })

  it('of requests hold across the tokens of a subject', async () => {
    const [one, two] = [await of().token('hasty'), await of().token('hasty')]
    const call = async (token: string) => (await fetch(`${of().url}/v1/whoami`, { headers: { authorization: `Bearer ${token}` } })).status
    expect([await call(one), await call(two), await call(one), await call(two)]).toEqual([200, 200, 200, 429])
  })

  it.each([
    [{ default: { jobs: 1 } }, 'jobs'],
    [{ default: { unfinishedJobs: -1 } }, 'must be a whole number from 0 to 10000'],
    [{ default: { unfinishedItems: 5 } }, 'default: unfinishedItems needs unfinishedJobs beside it'],
    [{ subjects: { eve: { unfinishedItems: 5 } } }, 'eve: unfinishedItems needs unfinishedJobs beside it'],
  ])('that cannot be are refused: %j', (wish, sentence) => {
    expect(() => loadConfig({ env: { WAYBILL_QUOTAS: JSON.stringify(wish) } })).toThrow(sentence)
  })
})
