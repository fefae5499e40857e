import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld } from './world.ts'
import type { Client, FileWords, ListWords, World } from './world.ts'

type Files = ListWords<FileWords>

describe('files and folders', () => {
  let world: World
  let alice: Client
  let readme: string

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
    await world.project('alice/data', 'Data')
    readme = await world.put('alice/data', 'README.md', 'read me', { tags: ['text', 'first'], metadata: { sample: 'S1', age: '40' }, origin: { task: 't-1' } })
    await world.put('alice/data', 'raw/a.bam', 'aaaa', { tags: ['bam'], metadata: { sample: 'S1' } })
    await world.put('alice/data', 'raw/b.bam', 'bb', { tags: ['bam', 'late'], metadata: { sample: 'S2' } })
    await world.put('alice/data', 'raw/deep/c.bam', 'c')
  })
  afterAll(() => world.stop())

  it('describes a file with every key', async () => {
    const file = await alice.json<FileWords>('GET', `/v2/files/${readme}`)
    expect(file).toEqual({
      href: `${world.url}/v2/files/${readme}`,
      id: readme,
      name: 'README.md',
      size: 7,
      project: 'alice/data',
      parent: 'root~alice~data',
      type: 'file',
      created_on: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      modified_on: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      storage: { type: 'PLATFORM' },
      origin: { task: 't-1' },
      tags: ['text', 'first'],
      metadata: { sample: 'S1', age: '40' },
    })
    expect(readme).toMatch(/^[0-9a-f]{32}$/)
  })

  it('takes an id with its dashes, too, and in any letter case', async () => {
    const { entityId } = await world.entry('alice/data', 'README.md')
    expect(await alice.json('GET', `/v2/files/${entityId}`)).toMatchObject({ id: readme })
    expect(await alice.json('GET', `/v2/files/${readme.toUpperCase()}`)).toMatchObject({ id: readme })
  })

  it('has a root folder in every project, which is found by its id as any folder', async () => {
    const { root_folder: root } = await alice.json<{ root_folder: string }>('GET', '/v2/projects/alice/data')
    expect(await alice.json('GET', `/v2/files/${root}`)).toMatchObject({ id: root, name: 'Data', type: 'folder', parent: null, project: 'alice/data' })
    expect((await alice.json<Files>('GET', `/v2/files?parent=${root}`)).items.map(file => file.name)).toEqual(['README.md', 'raw'])
    expect((await alice.json<Files>('GET', `/v2/files/${root}/list`)).items).toHaveLength(2)
    expect(await alice.refusal('DELETE', `/v2/files/${root}`)).toMatchObject({ status: 400, code: 5033 })
    expect(await alice.refusal('PATCH', `/v2/files/${root}`, { name: 'x' })).toMatchObject({ status: 400, code: 5033 })
    expect(await (await world.as('bob')).refusal('GET', `/v2/files/${root}`)).toMatchObject({ status: 404, code: 5002 })
  })

  it('lists the root of a project, or a folder, but not what lies beneath', async () => {
    const root = await alice.json<Files>('GET', '/v2/files?project=alice/data')
    expect(root.items.map(({ name, type }) => [name, type])).toEqual([
      ['README.md', 'file'],
      ['raw', 'folder'],
    ])
    const raw = root.items[1] as FileWords
    const listed = await alice.json<Files>('GET', `/v2/files?parent=${raw.id}`)
    expect(listed.items.map(file => [file.name, file.parent])).toEqual([
      ['a.bam', raw.id],
      ['b.bam', raw.id],
      ['deep', raw.id],
    ])
    expect((await alice.json<Files>('GET', `/v2/files/${raw.id}/list`)).items).toEqual(listed.items)
    expect(await alice.refusal('GET', `/v2/files/${readme}/list`)).toMatchObject({ status: 400, code: 5022 })
  })

  it('filters by exact names, tags, metadata and origin', async () => {
    const raw = await world.id('alice/data', 'raw')
    const names = async (query: string): Promise<string[]> => (await alice.json<Files>('GET', `/v2/files?${query}`)).items.map(file => file.name)
    expect(await names('project=alice/data&name=README.md&name=nothing')).toEqual(['README.md'])
    expect(await names('project=alice/data&name=readme.md')).toEqual([])
    expect(await names(`parent=${raw}&tag=late`)).toEqual(['b.bam'])
    expect(await names(`parent=${raw}&tag=late&tag=bam`)).toEqual(['a.bam', 'b.bam'])
    expect(await names(`parent=${raw}&metadata.sample=S1`)).toEqual(['a.bam'])
    expect(await names(`parent=${raw}&metadata.sample=S1&metadata.sample=S2`)).toEqual(['a.bam', 'b.bam'])
    expect(await names(`parent=${raw}&metadata.sample=S1&tag=late`)).toEqual([])
    expect(await names('project=alice/data&origin.task=t-1')).toEqual(['README.md'])
  })

  it('needs exactly one place to list', async () => {
    const raw = await world.id('alice/data', 'raw')
    expect(await alice.refusal('GET', '/v2/files')).toMatchObject({ status: 400, code: 5029 })
    expect(await alice.refusal('GET', `/v2/files?project=alice/data&parent=${raw}`)).toMatchObject({ status: 400, code: 5031 })
    expect(await alice.refusal('GET', '/v2/files?project=data')).toMatchObject({ status: 400, code: 5005 })
    expect(await alice.refusal('GET', '/v2/files?project=alice/none')).toMatchObject({ status: 404, code: 3002 })
    expect(await alice.refusal('GET', '/v2/files?parent=5c6d3f30e4b038563238932f')).toMatchObject({ status: 404, code: 5026 })
    expect(await alice.refusal('GET', '/v2/files?dataset=x')).toMatchObject({ status: 400, code: 90000 })
  })

  it('pages with absolute links, and counts what matches', async () => {
    const raw = await world.id('alice/data', 'raw')
    const first = await alice.send('GET', `/v2/files?parent=${raw}&limit=2&fields=_all`)
    expect(first.headers['x-total-matching-query']).toBe('3')
    const page = JSON.parse(first.body) as Files
    expect(page.href).toBe(`${world.url}/v2/files?parent=${raw}&limit=2&fields=_all&offset=0`)
    expect(page.links).toEqual([{ href: `${world.url}/v2/files?parent=${raw}&limit=2&fields=_all&offset=2`, rel: 'next', method: 'GET' }])
    const next = await alice.json<Files>('GET', page.links[0]?.href ?? '')
    expect(next.items.map(file => file.name)).toEqual(['deep'])
    expect(next.links).toEqual([{ href: page.href, rel: 'prev', method: 'GET' }])
    expect((await alice.json<Files>('GET', `/v2/files?parent=${raw}&offset=9`)).items).toEqual([])
    for (const wrong of ['limit=0', 'limit=101', 'limit=x', 'offset=-1', 'offset=1&offset=2']) {
      expect(await alice.refusal('GET', `/v2/files?parent=${raw}&${wrong}`), wrong).toMatchObject({ status: 400, code: 90000 })
    }
  })

  it('does not know a file that is not there, whatever its id looks like', async () => {
    for (const id of ['5c6d3f30e4b038563238932f', '0'.repeat(32), 'nonsense', 'a'.repeat(500)]) {
      expect(await alice.refusal('GET', `/v2/files/${id}`), id).toMatchObject({ status: 404, code: 5002 })
    }
    expect((await alice.refusal('GET', '/v2/files/nonsense')).message).toContain('"nonsense"')
    expect(await (await world.as('bob')).refusal('GET', `/v2/files/${readme}`)).toMatchObject({ status: 404, code: 5002 })
  })

  it('makes folders', async () => {
    const folder = await alice.json<FileWords>('POST', '/v2/files', { name: 'made', type: 'folder', project: 'alice/data' }, 201)
    expect(folder).toMatchObject({ name: 'made', type: 'folder', project: 'alice/data', parent: 'root~alice~data' })
    const inner = await alice.json<FileWords>('POST', '/v2/files', { name: 'inner', type: 'FOLDER', parent: folder.id }, 201)
    expect(inner).toMatchObject({ name: 'inner', parent: folder.id })
    expect(await alice.json('GET', inner.href)).toEqual(inner)
    const refused = async (body: object): Promise<unknown> => alice.refusal('POST', '/v2/files', body)
    expect(await refused({ name: 'made', type: 'folder', project: 'alice/data' })).toMatchObject({ status: 409, code: 5030 })
    expect(await refused({ name: 'x', type: 'folder' })).toMatchObject({ status: 400, code: 5029 })
    expect(await refused({ name: 'x', type: 'folder', project: 'alice/data', parent: folder.id })).toMatchObject({ status: 400, code: 5031 })
    expect(await refused({ name: 'x', type: 'file', project: 'alice/data' })).toMatchObject({ status: 400, code: 5033 })
    expect(await refused({ name: 'a/b', type: 'folder', project: 'alice/data' })).toMatchObject({ status: 400, code: 10236 })
    expect(await refused({ name: '..', type: 'folder', project: 'alice/data' })).toMatchObject({ status: 400, code: 10236 })
    expect(await refused({ name: 'x'.repeat(256), type: 'folder', project: 'alice/data' })).toMatchObject({ status: 400, code: 10236 })
    expect(await refused({ name: 'a\u0000', type: 'folder', project: 'alice/data' })).toMatchObject({ status: 400, code: 10236 })
    expect(await refused({ type: 'folder', project: 'alice/data' })).toMatchObject({ status: 400, code: 10236 })
    expect(await refused({ name: 'x', type: 'folder', parent: readme })).toMatchObject({ status: 400, code: 5022 })
    expect(await refused({ name: 'x', type: 'folder', parent: 'nothing' })).toMatchObject({ status: 404, code: 5026 })
  })

  it('deletes a file and an empty folder, but no folder that holds something', async () => {
    const id = await world.put('alice/data', 'gone/file.txt')
    const folder = await world.id('alice/data', 'gone')
    expect(await alice.refusal('DELETE', `/v2/files/${folder}`)).toMatchObject({ status: 409, code: 90007 })
    const deleted = await alice.send('DELETE', `/v2/files/${id}`, '{}')
    expect([deleted.status, deleted.body]).toEqual([204, ''])
    expect((await alice.send('DELETE', `/v2/files/${folder}`, '{}')).status).toBe(204)
    expect(await alice.refusal('DELETE', `/v2/files/${id}`)).toMatchObject({ status: 404, code: 5002 })
  })

  it('changes tags and metadata, alone and together', async () => {
    const id = await world.put('alice/data', 'change.txt', 'x', { metadata: { keep: '1', drop: '2' }, other: 'stays' })
    expect(await alice.json('PATCH', `/v2/files/${id}/metadata`, { drop: null, add: 'a', number: 3 })).toEqual({ keep: '1', add: 'a', number: '3' })
    expect(await alice.json('PUT', `/v2/files/${id}/metadata`, { only: 'this' })).toEqual({ only: 'this' })
    expect(await alice.json('PUT', `/v2/files/${id}/tags`, ['x', 'y'])).toEqual(['x', 'y'])
    expect(await alice.json('GET', `/v2/files/${id}/metadata`)).toEqual({ only: 'this' })
    expect(await alice.json('GET', `/v2/files/${id}/tags`)).toEqual(['x', 'y'])
    const changed = await alice.json('PATCH', `/v2/files/${id}`, { tags: [], metadata: { more: 'of it' } })
    expect(changed).toMatchObject({ id, name: 'change.txt', tags: [], metadata: { only: 'this', more: 'of it' } })
    expect((await world.entry('alice/data', 'change.txt')).fields).toMatchObject({ other: 'stays' })
    for (const [method, path, body] of [
      ['PATCH', '', { tags: 'x' }],
      ['PATCH', '', { metadata: ['x'] }],
      ['PATCH', '/metadata', { a: { b: 1 } }],
      ['PUT', '/tags', { a: 1 }],
      ['PUT', '/tags', [1]],
    ] as const) {
      expect(await alice.refusal(method, `/v2/files/${id}${path}`, body)).toMatchObject({ status: 400, code: 5033 })
    }
  })

  it('lets readers read and nobody else know', async () => {
    await world.grant('alice/data', 'carol', 'readonly')
    const carol = await world.as('carol')
    expect(await carol.json('GET', `/v2/files/${readme}`)).toMatchObject({ id: readme })
    expect(await carol.refusal('DELETE', `/v2/files/${readme}`)).toMatchObject({ status: 403, code: 5001 })
    expect(await carol.refusal('PATCH', `/v2/files/${readme}`, { tags: [] })).toMatchObject({ status: 403, code: 5001 })
    expect(await carol.refusal('POST', '/v2/files', { name: 'x', type: 'folder', project: 'alice/data' })).toMatchObject({ status: 403, code: 3001 })
    const bob = await world.as('bob')
    expect(await bob.refusal('GET', '/v2/files?project=alice/data')).toMatchObject({ status: 404, code: 3002 })
    expect(await bob.refusal('DELETE', `/v2/files/${readme}`)).toMatchObject({ status: 404, code: 5002 })
  })

  it('gets files in bulk, each with its own success or error, in order', async () => {
    const a = await world.id('alice/data', 'raw/a.bam')
    const { items } = await alice.json<{ items: object[] }>('POST', '/v2/bulk/files/get', { file_ids: [a, '5c6d3f30e4b038563238932f', readme, a] })
    expect(items).toMatchObject([
      { resource: { id: a, name: 'a.bam' } },
      { error: { status: 404, code: 5002, message: expect.stringContaining('5c6d3f30e4b038563238932f') as string } },
      { resource: { id: readme } },
      { resource: { id: a } },
    ])
    const many = Array.from({ length: 101 }, () => a)
    expect(await alice.refusal('POST', '/v2/bulk/files/get', { file_ids: many })).toMatchObject({ status: 400, code: 5033 })
    expect(await alice.refusal('POST', '/v2/bulk/files/get', { file_ids: [] })).toMatchObject({ status: 400, code: 5033 })
    expect(await alice.refusal('POST', '/v2/bulk/files/get', { file_ids: [''] })).toMatchObject({ status: 400, code: 5004 })
    expect(await alice.refusal('POST', '/v2/bulk/files/copy', {})).toMatchObject({ status: 501, code: 90010 })
  })

  it('edits, updates and deletes files in bulk', async () => {
    const id = await world.put('alice/data', 'bulk.txt', 'x', { metadata: { a: '1' } })
    const edited = await alice.json('POST', '/v2/bulk/files/edit', { items: [{ id, tags: ['t'], metadata: { b: '2' } }, { id: 'none' }] })
    expect(edited).toMatchObject({ items: [{ resource: { id, tags: ['t'], metadata: { a: '1', b: '2' } } }, { error: { status: 404, code: 5002 } }] })
    const updated = await alice.json('POST', '/v2/bulk/files/update', { items: [{ id, name: 'bulk.txt', tags: [], metadata: { c: '3' } }] })
    expect(updated).toMatchObject({ items: [{ resource: { tags: [], metadata: { c: '3' } } }] })
    const deleted = await alice.json<{ items: object[] }>('POST', '/v2/bulk/files/delete', { file_ids: [id, id] })
    expect(deleted.items).toMatchObject([{ resource: {} }, { error: { status: 404, code: 5002 } }])
  })
})
