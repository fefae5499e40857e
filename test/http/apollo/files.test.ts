import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Http } from '../../support/http.ts'
import { REFUSED, expectRefusal, jsonOf } from './answers.ts'
import { upload } from './bodies.ts'
import { startWorld } from './world.ts'
import type { World } from './world.ts'

describe('a stored file', () => {
  let world: World
  let alice: Http

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
    await world.collection('vault')
    await world.collection('bobs', 'bob')
    await store('report.txt', 'first', { file_type: 'text/plain', file_description: 'a report', file_rating: '3' })
    await store('report.txt', 'second', { file_type: 'text/plain', file_description: 'a better report', file_rating: '4', 'max-age': 300 })
    await store('empty.txt', '', {})
    for (const name of ['version', 'upload', 'copy', 'track', '%41.txt', 'a+b', 'dir/file']) await store(name, `I am ${name}`, {})
  })

  afterAll(() => world.stop())

  async function store(name: string, media: string, metadata: object): Promise<void> {
    const { body, headers } = upload({ metadata: { file_name: name, ...metadata }, media })
    jsonOf(await alice.send('PUT', `/files/upload/${encodeURIComponent(name)}`, body, { ...headers, ercollectionid: 'vault' }))
  }
  const call = (method: string, path: string, headers: Record<string, string> = {}, http = alice): Promise<Answer> =>
    http.send(method, path, undefined, { ercollectionid: 'vault', 'content-type': 'application/json', ...headers })
  const get = (path: string, headers: Record<string, string> = {}, http = alice): Promise<Answer> => call('GET', path, headers, http)

  describe('is downloaded', () => {
    it.each(['/files', '/apollo/files'])('beneath %s, by name and by version', async prefix => {
      const latest = await get(`${prefix}/report.txt`)
      expect([latest.status, latest.body, latest.headers['content-type'], latest.headers['content-length']]).toEqual([200, 'second', 'text/plain', '6'])
      expect((await get(`${prefix}/report.txt/version/1`)).body).toBe('first')
      expect((await get(`${prefix}/report.txt/version/2`)).body).toBe('second')
      expectRefusal(await get(`${prefix}/report.txt/version/3`), 404, 'File not found')
      expectRefusal(await get(`${prefix}/absent.txt`), 404, 'File not found')
    })

    it('in the version that If-Match selects', async () => {
      expect((await get('/files/report.txt', { 'If-Match': '1' })).body).toBe('first')
      expect((await get('/files/report.txt', { 'If-Match': '"2"' })).body).toBe('second')
      expect((await get('/files/report.txt', { 'If-Match': '*' })).body).toBe('second')
      expectRefusal(await get('/files/report.txt', { 'If-Match': '9' }), 404, 'File not found')
      expectRefusal(await get('/files/report.txt', { 'If-Match': 'x' }), 400, /^The request is invalid: If-Match/)
      expectRefusal(await get('/files/report.txt/version/1', { 'If-Match': '2' }), 400, /^The request is invalid/)
      expect((await get('/files/report.txt/version/1', { 'If-Match': '1' })).body).toBe('first')
    })

    it('with the Cache-Control of its metadata, which names the headers that choose the file', async () => {
      const cached = await get('/files/report.txt')
      expect(cached.headers['cache-control']).toBe('max-age=300')
      expect(cached.headers.vary?.toLowerCase()).toContain('ercollectionid')
      expect((await get('/files/report.txt/version/1')).headers['cache-control']).toBe('no-store')
      expect((await get('/files/report.txt?alt=metadata')).headers['cache-control']).toBe('max-age=300')
    })

    it('as No Content when it is empty', async () => {
      const empty = await get('/files/empty.txt')
      expect([empty.status, empty.body]).toEqual([204, ''])
    })

    it('by any name, decoded exactly once', async () => {
      for (const [path, name] of [
        ['version', 'version'],
        ['upload', 'upload'],
        ['copy', 'copy'],
        ['%2541.txt', '%41.txt'],
        ['a+b', 'a+b'],
        ['a%2Bb', 'a+b'],
        ['dir%2Ffile', 'dir/file'],
      ] as const)
        for (const prefix of ['/files', '/apollo/files']) expect((await get(`${prefix}/${path}`)).body).toBe(`I am ${name}`)
      expect((await get('/files/version/version/1')).body).toBe('I am version')
      expect((await get('/files/track')).body).toBe('I am track')
      expect((await get('/apollo/files/track/version/1')).body).toBe('I am track')
      expectRefusal(await get('/apollo/files/track'), 400, 'You must specify a  co-relation Id')
      expectRefusal(await get('/files/%41.txt'), 404, 'File not found')
    })

    it('without its bytes by HEAD', async () => {
      const answer = await call('HEAD', '/files/report.txt')
      expect([answer.status, answer.body, answer.headers['content-length']]).toEqual([200, '', '6'])
    })

    it('not without a collection, by a bad name, or by a bad version', async () => {
      expectRefusal(await get('/files/report.txt', { ercollectionid: '' }), 400, 'ER Collection ID not provided')
      for (const name of ['%2F..', '..%2Freport.txt', 'a%00', 'a%0D']) expectRefusal(await get(`/files/${name}`), 400, /^Invalid filename: /)
      for (const version of ['0', 'x', '1.5', '-1'])
        expectRefusal(await get(`/files/report.txt/version/${version}`), 400, /^The request is invalid: the version/)
      expectRefusal(await get('/files/report.txt?alt=json'), 400, /^The request is invalid: alt/)
      for (const path of ['/files/%zz', '/apollo/files/%ff']) expectRefusal(await get(path), 400, /percent-encoded/)
    })

    it('only with the read scope and a grant; forbidden and unknown collections look the same', async () => {
      expectRefusal(await get('/files/report.txt', {}, await world.as('alice', ['apollo_write'])), 403, REFUSED)
      for (const ercollectionid of ['bobs', 'no-such', 'not an id!']) expectRefusal(await get('/files/report.txt', { ercollectionid }), 403, REFUSED)
      expectRefusal(await get('/files/report.txt', {}, await world.as('mallory')), 403, REFUSED)
      expectRefusal(await get('/files/absent.txt', {}, await world.as('mallory')), 403, REFUSED)
    })
  })

  describe('has metadata', () => {
    it.each(['/files', '/apollo/files'])('beneath %s, with the documented keys and types', async prefix => {
      expect(jsonOf(await get(`${prefix}/report.txt?alt=metadata`))).toEqual({
        status: { message: '', code: '200' },
        data: { file_name: 'report.txt', file_description: 'a better report', file_size: 6, file_type: 'text/plain', file_rating: '4', file_version: '2' },
      })
      expect(jsonOf<{ data: object }>(await get(`${prefix}/report.txt/version/1?alt=metadata`)).data).toMatchObject({
        file_version: '1',
        file_rating: '3',
        file_size: 5,
      })
      expect(jsonOf<{ data: object }>(await get(`${prefix}/empty.txt?alt=metadata`)).data).toMatchObject({
        file_size: 0,
        file_description: '',
        file_rating: '',
      })
      expectRefusal(await get(`${prefix}/absent?alt=metadata`), 404, 'File not found')
    })
  })

  describe('is an entity', () => {
    it('found by its name, in a bare array', async () => {
      const [entity, ...others] = jsonOf<Record<string, unknown>[]>(await get('/apollo/entities/filename/report.txt?includeSystemData=true'))
      expect(others).toEqual([])
      expect(entity).toEqual({
        entityType: 'JCI_EXT__File',
        entityName: 'FileEntity',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        sysData: {
          file_name: 'report.txt',
          file_description: 'a better report',
          file_size: 6,
          file_type: 'text/plain',
          file_rating: '4',
          file_version: '2',
          version: '2',
        },
        brickEntityName: '',
        brickEntitySubType: '',
        brickEntityType: '',
        isActive: true,
      })
    })

    it('with its system data unless it is unwanted, and by POST as well', async () => {
      const path = '/apollo/entities/filename/report.txt'
      expect(jsonOf<object[]>(await get(path))[0]).toHaveProperty('sysData')
      expect(jsonOf<object[]>(await get(`${path}?includeSystemData=false`))[0]).not.toHaveProperty('sysData')
      expect(jsonOf(await call('POST', path))).toEqual(jsonOf(await get(path)))
      expectRefusal(await get(`${path}?includeSystemData=perhaps`), 400, /^The request is invalid/)
    })

    it('or none', async () => {
      expect(jsonOf(await get('/apollo/entities/filename/absent.txt'))).toEqual([])
      expectRefusal(await get('/apollo/entities/filename/report.txt', { ercollectionid: '' }), 400, 'You must specify a ER Collection Id')
      for (const ercollectionid of ['bobs', 'no-such']) expectRefusal(await get('/apollo/entities/filename/report.txt', { ercollectionid }), 403, REFUSED)
      expectRefusal(await get('/apollo/entities/filename/report.txt', {}, await world.as('alice', ['apollo_write'])), 403, REFUSED)
    })
  })

  describe('is deleted', () => {
    const remove = (name: string, headers: Record<string, string>, http = alice): Promise<Answer> => call('DELETE', `/apollo/files/${name}`, headers, http)

    it('as it is by If-None-Match: *, softly', async () => {
      await store('doomed.txt', 'x', {})
      expect(jsonOf(await remove('doomed.txt', { 'If-None-Match': '*' }))).toEqual({
        status: { message: 'OK', code: '200' },
        data: { message: 'File Deleted.', fileName: 'doomed.txt' },
      })
      for (const path of ['doomed.txt', 'doomed.txt/version/1', 'doomed.txt?alt=metadata']) expectRefusal(await get(`/files/${path}`), 404, 'File not found')
      expect(jsonOf(await get('/apollo/entities/filename/doomed.txt'))).toEqual([])
      expectRefusal(await remove('doomed.txt', { 'If-None-Match': '*' }), 404, 'File not found')
      await store('doomed.txt', 'again', {})
      expect((await get('/files/doomed.txt')).body).toBe('again')
      expect((await get('/files/doomed.txt/version/1')).body).toBe('x')
    })

    it('in its latest version only by If-Match', async () => {
      await store('two.txt', '1', {})
      await store('two.txt', '2', {})
      expectRefusal(await remove('two.txt', { 'If-Match': '1' }), 412, /^The request is invalid/)
      expect((await get('/files/two.txt')).body).toBe('2')
      jsonOf(await remove('two.txt', { 'If-Match': '2' }))
      expectRefusal(await remove('never.txt', { 'If-Match': '1' }), 404, 'File not found')
    })

    it('not without a collection, by a bad name, or with conditions that are not exactly one', async () => {
      expectRefusal(await remove('report.txt', { 'If-None-Match': '*', ercollectionid: '' }), 400, 'You must specify a ER Collection Id')
      expectRefusal(await remove('..%2Fx', { 'If-None-Match': '*' }), 400, /^The Filename is invalid: /)
      expectRefusal(await remove('report.txt', {}), 400, /^The request is invalid: /)
      expectRefusal(await remove('report.txt', { 'If-None-Match': '*', 'If-Match': '2' }), 400, /^The request is invalid: /)
      expectRefusal(await remove('report.txt', { 'If-None-Match': '2' }), 400, /^The request is invalid: /)
      expectRefusal(await remove('report.txt', { 'If-Match': 'latest' }), 400, /^The request is invalid: /)
    })

    it('only with both scopes and readwrite, and not under the lock of another', async () => {
      for (const scopes of [['apollo_read'], ['apollo_write']] as const)
        expectRefusal(await remove('report.txt', { 'If-None-Match': '*' }, await world.as('alice', scopes)), 403, REFUSED)
      await world.grant('vault', 'carol', 'readonly')
      expectRefusal(await remove('report.txt', { 'If-None-Match': '*' }, await world.as('carol')), 403, REFUSED)
      await world.grant('vault', 'bob', 'readwrite')
      await world.lock('vault', 'report.txt', 'bob')
      expectRefusal(await remove('report.txt', { 'If-None-Match': '*' }), 423, 'File already Locked')
      await world.unlock('vault', 'report.txt', 'bob')
      expect((await get('/files/report.txt')).body).toBe('second')
    })
  })
})
