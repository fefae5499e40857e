import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Http } from '../../support/http.ts'
import { REFUSED, expectRefusal, jsonOf } from './answers.ts'
import { startWorld } from './world.ts'
import type { Tracked, World } from './world.ts'

describe('GET /apollo/files/track/{correlation_id}', () => {
  let world: World
  let alice: Http
  let id = ''

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
    for (const collection of ['from', 'to', 'other', 'apart']) await world.collection(collection)
    for (const name of ['a', 'b']) await world.put('from', name, name)
    await world.put('other', 'c', 'c')
    id = await world.copy(alice, [
      { source: 'from', destination: 'to', name: 'a' },
      { source: 'from', destination: 'other', name: 'b' },
      { source: 'other', destination: 'to', name: 'c' },
      { source: 'from', destination: 'to', name: 'missing' },
    ])
    await world.trackToEnd(alice, id, 'from')
  })

  afterAll(() => world.stop())

  const track = (http: Http, job = id, headers: Record<string, string> = { ercollectionid: 'to' }): Promise<Answer> =>
    http.send('GET', `/apollo/files/track/${job}`, undefined, headers)

  it('lists and counts only what touches the collection of the header', async () => {
    const names = async (collection: string): Promise<unknown> => {
      const { data } = jsonOf<Tracked>(await track(alice, id, { ErCollectionId: collection }))
      return [data.Summary, data.Detail.map(line => line.FileName)]
    }
    expect(await names('to')).toEqual([{ FilesRequestedToBeCopied: '3', Succeeded: '2', Failed: '1' }, ['a', 'c', 'missing']])
    expect(await names('from')).toEqual([{ FilesRequestedToBeCopied: '3', Succeeded: '2', Failed: '1' }, ['a', 'b', 'missing']])
    expect(await names('other')).toEqual([{ FilesRequestedToBeCopied: '2', Succeeded: '2', Failed: '0' }, ['b', 'c']])
  })

  it('gives the reason of a failure, and only then', async () => {
    const { data } = jsonOf<Tracked>(await track(alice))
    expect(Object.keys(data.Detail[2] ?? {})).toEqual([
      ...['FileName', 'SourceCollectionId', 'DestinationCollectionId', 'SourceEntityId', 'DestinationEntityId', 'Status', 'ReasonOfFailure'],
    ])
    expect(data.Detail[2]).toMatchObject({ Status: 2, SourceEntityId: '', DestinationEntityId: '' })
    expect(data.Detail[0]).not.toHaveProperty('ReasonOfFailure')
  })

  it('tells nothing of a collection that was deleted to whoever has its id now', async () => {
    await world.collection('gone')
    await world.collection('shared')
    await world.put('gone', 'secret', 'x')
    const job = await world.copy(alice, [{ source: 'gone', destination: 'shared', name: 'secret' }])
    await world.trackToEnd(alice, job, 'shared')
    await world.grant('shared', 'mallory', 'readonly')
    const mallory = await world.as('mallory')
    const source = async (): Promise<unknown> => jsonOf<Tracked>(await track(mallory, job, { ercollectionid: 'shared' })).data.Detail[0]?.SourceCollectionId
    expect(await source()).toBe('')
    await world.remove('gone', 'secret')
    await world.collection('gone', 'mallory')
    expect(await source()).toBe('')
  })

  it('is open to any principal with read access on the collection, and to no other', async () => {
    await world.grant('to', 'carol', 'readonly')
    const carol = await world.as('carol', ['apollo_read'])
    expect(jsonOf<Tracked>(await track(carol)).data.Detail).toHaveLength(3)
    expectRefusal(await track(carol, id, { ercollectionid: 'from' }), 403, REFUSED)
    expectRefusal(await track(carol, id, { ercollectionid: 'no-such' }), 403, REFUSED)
    expectRefusal(await track(carol, randomUUID(), { ercollectionid: 'from' }), 403, REFUSED)
  })

  it('takes the id in upper case', async () => {
    expect(jsonOf<Tracked>(await track(alice, id.toUpperCase())).data.Detail).toHaveLength(3)
  })

  it('refuses a missing collection, a malformed id and an unknown one', async () => {
    expectRefusal(await track(alice, id, {}), 400, 'You must specify a ER Collection Id')
    expectRefusal(await track(alice, id, { ercollectionid: '  ' }), 400, 'You must specify a ER Collection Id')
    for (const bad of ['42', 'x', `${id}x`, '%20', encodeURIComponent('../copy')]) expectRefusal(await track(alice, bad), 400, /co-relation Id .* is malformed/)
    expectRefusal(await track(alice, randomUUID()), 404, /./)
    expectRefusal(await track(alice, id, { ercollectionid: 'apart' }), 404, /./)
  })

  it('needs the read scope', async () => {
    expectRefusal(await track(await world.as('alice', ['apollo_write'])), 403, REFUSED)
    jsonOf(await track(await world.as('alice', ['apollo_read'])))
  })

  it('answers 423 while another principal locks the collection, 200 to its holder, 403 to outsiders', async () => {
    await world.grant('to', 'bob', 'readwrite')
    await world.lock('to', null, 'bob')
    expectRefusal(await track(alice), 423, 'File already Locked')
    jsonOf(await track(await world.as('bob')))
    expectRefusal(await track(await world.as('mallory')), 403, REFUSED)
    await world.unlock('to', null, 'bob')
    await world.lock('to', 'a', 'bob')
    jsonOf(await track(alice))
    await world.unlock('to', 'a', 'bob')
  })

  it('shows a big request whole: 10,000 files the Summary first, more of them streamed', async () => {
    for (const size of [10_000, 10_001]) {
      const job = await world.submitMany('apart', 'other', size)
      const tracked = await world.trackToEnd(alice, job, 'apart')
      expect(tracked.data.Summary).toEqual({ FilesRequestedToBeCopied: String(size), Succeeded: '0', Failed: String(size) })
      expect(tracked.data.Detail.map(line => line.FileName)).toEqual(Array.from({ length: size }, (_, index) => `n${index}`))
      expect(Object.keys(tracked.data)).toEqual(size > 10_000 ? ['Detail', 'Summary'] : ['Summary', 'Detail'])
    }
  })

  it('answers 410 once the request has expired', async () => {
    const job = await world.copy(alice, [{ source: 'from', destination: 'to', name: 'a' }])
    await world.trackToEnd(alice, job, 'to')
    world.expire()
    expectRefusal(await track(alice, job), 410, /expired/)
    expectRefusal(await alice.send('GET', `/apollo/status/logs?correlationId=${job}`, undefined, { ercollectionid: 'to' }), 410, /expired/)
    expectRefusal(await alice.send('GET', '/apollo/status/logs?startTime=2000-01-01T00:00:00Z', undefined, { ercollectionid: 'to' }), 404, 'No records found')
  })
})
