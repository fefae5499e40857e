import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Http } from '../../support/http.ts'
import { REFUSED, expectRefusal, jsonOf } from './answers.ts'
import { startWorld } from './world.ts'
import type { World } from './world.ts'

interface Logs {
  readonly status: object
  readonly data: readonly {
    readonly id: string
    readonly correlationId: string
    readonly payload: { readonly FileName: string }
    readonly serviceData: { readonly entityId: string | null }
  }[]
  readonly paging: { readonly totalCount: number; readonly continuationToken: string | null }
}

describe('GET /apollo/status/logs', () => {
  let world: World
  let alice: Http
  let older = ''
  let newer = ''

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
    for (const id of ['from', 'to', 'silent']) await world.collection(id)
    for (const name of ['a', 'b', 'c']) await world.put('from', name, name)
    older = await world.copy(alice, [{ source: 'from', destination: 'to', name: 'a' }])
    await world.trackToEnd(alice, older, 'to')
    newer = await world.copy(
      alice,
      ['b', 'missing', 'c'].map(name => ({ source: 'from', destination: 'to', name })),
    )
    await world.trackToEnd(alice, newer, 'to')
  })

  afterAll(() => world.stop())

  const logs = (query: string, headers: Record<string, string> = { ercollectionid: 'to' }, http = alice): Promise<Answer> =>
    http.send('GET', `/apollo/status/logs${query}`, undefined, headers)
  const names = (answer: Logs): string[] => answer.data.map(entry => entry.payload.FileName)

  it('answers entries with the documented keys', async () => {
    const answer = jsonOf<Logs>(await logs(`?correlationId=${older}`))
    expect(Object.keys(answer)).toEqual(['status', 'data', 'paging'])
    expect(answer).toMatchObject({
      status: { message: '', code: 'OK' },
      data: [
        {
          serviceData: { erCollectionId: 'to', relationshipId: null },
          messageType: 'Status',
          requestAction: 'Upsert',
          state: 'Completed',
          transactionId: older,
          correlationId: older,
          retryCount: 0,
          message: null,
          payload: { FileName: 'a', Status: 1 },
          stateHistory: [{ state: 'Pending' }, { state: 'InProgress' }, { state: 'Completed' }],
        },
      ],
      paging: { totalCount: 1, continuationToken: null },
    })
    expect(answer.data[0]?.serviceData.entityId).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('finds requests of a time, the newest first, their files in order', async () => {
    expect(names(jsonOf<Logs>(await logs('?startTime=2000-01-01T00:00:00%2B00:00')))).toEqual(['b', 'missing', 'c', 'a'])
    expect(names(jsonOf<Logs>(await logs('?startTime=2000-01-01T00:00:00+00:00&endTime=2999-01-01T00:00:00Z')))).toEqual(['b', 'missing', 'c', 'a'])
    expectRefusal(await logs('?endTime=2000-01-01T00:00:00Z'), 404, 'No records found')
    expectRefusal(await logs('?startTime=2999-01-01T00:00:00Z'), 404, 'No records found')
  })

  it('finds the entries of a transaction and of an entity, and combines terms by "and"', async () => {
    expect(names(jsonOf<Logs>(await logs(`?transactionId=${newer}`)))).toEqual(['b', 'missing', 'c'])
    const [first] = jsonOf<Logs>(await logs(`?correlationId=${older}`)).data
    const entity = first?.serviceData.entityId ?? ''
    expect(names(jsonOf<Logs>(await logs(`?entityId=${entity}`)))).toEqual(['a'])
    expectRefusal(await logs(`?entityId=${entity}&correlationId=${newer}`), 404, 'No records found')
    expectRefusal(await logs(`?correlationId=${newer}&transactionId=${older}`), 404, 'No records found')
    expectRefusal(await logs(`?relationshipId=${entity}`), 404, 'No records found')
  })

  it.each([1, 2, 3])('pages through everything once, %i entries at a time', async limit => {
    const found: string[] = []
    let token: string | null = ''
    for (let page = 0; token !== null; page += 1) {
      const answer: Logs = jsonOf<Logs>(
        await logs(`?startTime=2000-01-01T00:00:00Z&limit=${limit}${token === '' ? '' : `&continuationToken=${encodeURIComponent(token)}`}`),
      )
      expect(answer.data.length).toBeLessThanOrEqual(limit)
      expect(answer.paging.totalCount).toBe(4)
      found.push(...names(answer))
      token = answer.paging.continuationToken
      expect(page).toBeLessThan(5)
    }
    expect(found).toEqual(['b', 'missing', 'c', 'a'])
  })

  it('pages on where it was while new requests come', async () => {
    const first = jsonOf<Logs>(await logs('?startTime=2000-01-01T00:00:00Z&limit=2'))
    await world.trackToEnd(alice, await world.copy(alice, [{ source: 'from', destination: 'to', name: 'a' }]), 'to')
    const second = jsonOf<Logs>(await logs(`?startTime=2000-01-01T00:00:00Z&limit=9&continuationToken=${first.paging.continuationToken ?? ''}`))
    expect([...names(first), ...names(second)]).toEqual(['b', 'missing', 'c', 'a'])
  })

  it('refuses a query without terms, a missing collection, and terms that mean nothing', async () => {
    expectRefusal(await logs(''), 400, 'No parameter passed')
    expectRefusal(await logs('?limit=5'), 400, 'No parameter passed')
    expectRefusal(await logs('?correlationId='), 400, 'No parameter passed')
    expectRefusal(await logs(`?correlationId=${older}`, {}), 400, 'You must specify a ER Collection Id')
    expectRefusal(await logs('?correlationId=42'), 400, /malformed/)
    expectRefusal(await logs('?startTime=yesterday'), 400, /^startTime must be/)
    expectRefusal(await logs('?endTime=2026-01-01T00:00:00'), 400, /^endTime must be/)
    for (const limit of ['0', '-1', 'x', '1.5']) expectRefusal(await logs(`?correlationId=${older}&limit=${limit}`), 400, /^limit must be/)
    expectRefusal(await logs(`?correlationId=${older}&continuationToken=forged`), 400, /^continuationToken/)
    expectRefusal(await logs(`?correlationId=${older}&correlationId=${newer}`), 400, /more than once/)
  })

  it('finds nothing for unknown requests, and for those that do not touch the collection', async () => {
    expectRefusal(await logs(`?correlationId=${randomUUID()}`), 404, 'No records found')
    expectRefusal(await logs(`?correlationId=${older}`, { ercollectionid: 'silent' }), 404, 'No records found')
    expectRefusal(await logs('?startTime=2000-01-01T00:00:00Z', { ercollectionid: 'silent' }), 404, 'No records found')
  })

  it('needs both scopes and a grant: a token that may only track cannot follow the status URL', async () => {
    for (const scopes of [['apollo_read'], ['apollo_write']] as const)
      expectRefusal(await logs(`?correlationId=${older}`, undefined, await world.as('alice', scopes)), 403, REFUSED)
    expectRefusal(await logs(`?correlationId=${older}`, { ercollectionid: 'no-such' }), 403, REFUSED)
    expectRefusal(await logs(`?correlationId=${older}`, undefined, await world.as('mallory')), 403, REFUSED)
    await world.grant('to', 'carol', 'readonly')
    expect(names(jsonOf<Logs>(await logs(`?correlationId=${older}`, undefined, await world.as('carol'))))).toEqual(['a'])
  })
})
