import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Http } from '../../support/http.ts'
import { REFUSED, expectRefusal, jsonOf } from './answers.ts'
import { startWorld } from './world.ts'
import type { Tracked, World } from './world.ts'

describe('POST /apollo/files/copy', () => {
  let world: World
  let alice: Http

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
    for (const id of ['from', 'to', 'only-source', 'bobs', 'hidden']) await world.collection(id, id === 'bobs' || id === 'hidden' ? 'bob' : 'alice')
    await world.grant('bobs', 'alice', 'readonly')
    await world.put('from', 'a.txt', 'one')
    await world.put('bobs', 'b.txt', 'of bob')
  })

  afterAll(() => world.stop())

  const entry = (fileName = 'a.txt', source = 'from', destination = 'to'): object => ({
    sourceCollectionId: source,
    destinationCollectionId: destination,
    fileName,
  })
  const post = (http: Http, body: string | Buffer | undefined, headers = {}): Promise<Answer> =>
    http.send('POST', '/apollo/files/copy', body, { 'content-type': 'application/json', ...headers })
  const copy = (http: Http, entries: unknown): Promise<Answer> => post(http, JSON.stringify({ copyFileCollectionData: entries }))
  const trackEnd = async (answer: Answer, collection = 'to'): Promise<Tracked['data']['Detail']> => {
    const { data } = jsonOf<{ data: { CorrelationId: string } }>(answer)
    return (await world.trackToEnd(alice, data.CorrelationId, collection)).data.Detail
  }
  /** How many requests the log of a collection holds: a refused one must leave no trace. */
  const logged = async (collection = 'from'): Promise<number> => {
    const answer = await alice.send('GET', '/apollo/status/logs?startTime=2000-01-01T00:00:00Z', undefined, { ercollectionid: collection })
    return answer.status === 404 ? 0 : jsonOf<{ paging: { totalCount: number } }>(answer).paging.totalCount
  }

  it('makes version 1 where there is none, else the next one', async () => {
    for (const version of ['1', '2']) {
      await trackEnd(await copy(alice, [entry()]))
      expect(await world.metadata('to', 'a.txt')).toMatchObject({ file_version: version, file_size: 3 })
    }
    await world.put('from', 'a.txt', 'one more')
    await trackEnd(await copy(alice, [entry()]))
    expect(await world.metadata('to', 'a.txt')).toMatchObject({ file_version: '3', file_size: 8 })
  })

  it('copies from a collection where the caller may only read', async () => {
    expect(await trackEnd(await copy(alice, [entry('b.txt', 'bobs')]))).toMatchObject([{ FileName: 'b.txt', Status: 1 }])
  })

  it('takes names literally', async () => {
    const names = ['%41.txt', 'a+b c.txt', 'folder/ü.txt', 'track', 'version', '-', '..a']
    for (const name of names) await world.put('from', name, name)
    const detail = await trackEnd(
      await copy(
        alice,
        names.map(name => entry(name)),
      ),
    )
    expect(detail.map(line => [line.FileName, line.Status])).toEqual(names.map(name => [name, 1]))
    for (const name of names) expect((await world.metadata('to', name)).file_name).toBe(name)
  })

  it('reads a JSON body whatever its Content-Type says, and answers links with the host of the request', async () => {
    const body = JSON.stringify({ copyFileCollectionData: [entry()] })
    const answer = jsonOf<{ data: { Result: string } }>(await post(alice, body, { 'content-type': 'text/plain', host: 'vault.example' }))
    expect(answer.data.Result).toContain('http://vault.example/apollo/status/logs?correlationId=')
  })

  it('fails the item, not the request, when a source does not exist or is deleted', async () => {
    await world.put('from', 'gone.txt', 'x')
    jsonOf(await alice.send('DELETE', '/apollo/files/gone.txt', undefined, { ercollectionid: 'from', 'if-none-match': '*' }))
    const detail = await trackEnd(await copy(alice, [entry('gone.txt'), entry('never.txt'), entry()]))
    expect(detail).toMatchObject([
      { FileName: 'gone.txt', Status: 2, DestinationEntityId: '' },
      { FileName: 'never.txt', Status: 2, SourceEntityId: '', DestinationEntityId: '' },
      { FileName: 'a.txt', Status: 1 },
    ])
    expect(detail[1]?.ReasonOfFailure).toMatch(/never\.txt/)
    expect(detail[2]).not.toHaveProperty('ReasonOfFailure')
  })

  it('refuses what is no copy request with a 400 that says what is wrong', async () => {
    const before = await logged()
    for (const body of [undefined, '', '{', '[]', 'null', '"x"', '<a/>']) expectRefusal(await post(alice, body), 400, /^the body is /)
    expectRefusal(await post(alice, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), 400, /not UTF-8/)
    expectRefusal(await post(alice, '{}', { 'content-type': 'nonsense' }), 400, /Content-Type/)
    expectRefusal(await post(alice, '{}'), 400, /copyFileCollectionData is missing/)
    expectRefusal(await copy(alice, {}), 400, /copyFileCollectionData is not an array/)
    expectRefusal(await copy(alice, []), 400, /copyFileCollectionData is empty/)
    expectRefusal(await copy(alice, [entry(), 7]), 400, /copyFileCollectionData\[1\] is not an object/)
    expectRefusal(await copy(alice, [entry(), { ...entry(), fileName: '' }]), 400, /copyFileCollectionData\[1\]\.fileName is empty/)
    expectRefusal(await copy(alice, [{ ...entry(), sourceCollectionId: 1 }]), 400, /copyFileCollectionData\[0\]\.sourceCollectionId is not a string/)
    for (const name of ['../a', '..', '.', 'a/../../b', 'a\0', 'a\r', 'a\nb'])
      expectRefusal(await copy(alice, [entry(name)]), 400, /\[0\]\.fileName: The Filename is invalid/)
    expect(await logged()).toBe(before)
  })

  it('finds a malformed entry before it looks at any collection', async () => {
    expectRefusal(await copy(alice, [entry('a.txt', 'no-such'), entry('')]), 400, /\[1\]\.fileName/)
  })

  it('refuses the whole request for one collection that is unknown, forbidden or read-only, with the same words', async () => {
    const before = await logged()
    for (const bad of [
      entry('a.txt', 'no-such'),
      entry('a.txt', 'hidden'),
      entry('a.txt', 'from', 'no-such'),
      entry('a.txt', 'from', 'bobs'),
      entry('a.txt', 'not an id!'),
    ]) {
      expectRefusal(await copy(alice, [entry(), bad, entry()]), 403, REFUSED)
    }
    expect(await logged()).toBe(before)
  })

  it('needs both scopes', async () => {
    for (const scopes of [['apollo_read'], ['apollo_write'], ['read', 'write', 'admin']] as const) {
      expectRefusal(await copy(await world.as('alice', scopes), [entry()]), 403, REFUSED)
    }
  })

  it('takes 10,000 entries and refuses one more', async () => {
    expectRefusal(await copy(alice, Array(10_001).fill(entry())), 413, /10001 entries; at most 10000/)
    const entries = Array.from({ length: 10_000 }, (_, index) => entry(`many/${index}`, 'only-source'))
    const answer = jsonOf<{ data: { Message: string } }>(await copy(alice, entries))
    expect(answer.data.Message).toBe('Number of file copy requests:10000')
  })

  it.each([
    ['the source file', 'from', 'locked.txt'],
    ['the destination name', 'to', 'locked.txt'],
    ['the source collection', 'from', null],
    ['the destination collection', 'to', null],
  ])('answers 423 while another principal locks %s, and queues nothing', async (_, collection, path) => {
    await world.grant('from', 'bob', 'readwrite')
    await world.grant('to', 'bob', 'readwrite')
    const before = await logged('only-source')
    await world.lock(collection, path, 'bob')
    expectRefusal(await copy(alice, [entry('a.txt', 'only-source'), entry('locked.txt')]), 423, 'File already Locked')
    await world.unlock(collection, path, 'bob')
    expect(await logged('only-source')).toBe(before)
    jsonOf(await copy(alice, [entry('a.txt', 'only-source')]))
  })

  it('is not stopped by a lock of the caller', async () => {
    await world.lock('to', 'a.txt', 'alice')
    expect(await trackEnd(await copy(alice, [entry()]))).toMatchObject([{ Status: 1 }])
    await world.unlock('to', 'a.txt', 'alice')
  })
})
