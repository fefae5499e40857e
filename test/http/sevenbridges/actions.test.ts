import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld } from './world.ts'
import type { Client, FileWords, World } from './world.ts'

describe('copies and moves that are done at once', () => {
  let world: World
  let alice: Client
  let file: string

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
    await world.project('alice/source')
    await world.project('alice/dest')
    file = await world.put('alice/source', 'file.ext', 'bytes', { metadata: { sample: 'S' } })
  })
  afterAll(() => world.stop())

  it('copies a file, keeping its metadata, under a counter where its name is taken', async () => {
    const copy = `/v2/files/${file}/actions/copy`
    expect(await alice.json('POST', copy, { project: 'alice/dest' }, 201)).toMatchObject({ name: 'file.ext', project: 'alice/dest', metadata: { sample: 'S' } })
    expect(await alice.json('POST', copy, { project: 'alice/dest' }, 201)).toMatchObject({ name: '1_file.ext' })
    expect(await alice.json('POST', copy, { project: 'alice/dest', name: 'other' }, 201)).toMatchObject({ name: 'other' })
  })

  it('moves a file under its id', async () => {
    const id = await world.put('alice/source', 'to-move')
    const folder = await alice.json<FileWords>('POST', '/v2/files', { name: 'f', type: 'folder', project: 'alice/dest' }, 201)
    expect(await alice.json('POST', `/v2/files/${id}/actions/move`, { parent: folder.id, name: 'moved' })).toMatchObject({
      id,
      name: 'moved',
      parent: folder.id,
    })
  })

  it('leaves a file where it is when it should go there', async () => {
    const id = await world.put('alice/source', 'stays/put')
    const parent = await world.id('alice/source', 'stays')
    expect(await alice.json('POST', `/v2/files/${id}/actions/move`, { parent })).toMatchObject({ id, name: 'put', parent })
    const { href } = await alice.json<{ href: string }>('POST', '/v2/async/files/move', { items: [{ file: id, parent }] }, 202)
    expect(await alice.follow(href)).toMatchObject({
      completed_files: 1,
      failed_files: 0,
      result: [{ resource: { id, name: 'put', parent, size: expect.any(Number) as number } }],
    })
  })

  it('renames a file, and a folder with what is in it, but never over something', async () => {
    const id = await world.put('alice/source', 'here/old')
    await world.put('alice/source', 'taken/x')
    expect(await alice.json('PATCH', `/v2/files/${id}`, { name: 'new' })).toMatchObject({ id, name: 'new' })
    expect(await alice.json('PATCH', `/v2/files/${id}`, { name: 'new' })).toMatchObject({ id, name: 'new' })
    const folder = await world.id('alice/source', 'here')
    expect(await alice.json('PATCH', `/v2/files/${folder}`, { name: 'there' })).toMatchObject({ name: 'there', type: 'folder' })
    expect(await world.paths('alice/source')).toContain('there/new')
    expect(await alice.refusal('PATCH', `/v2/files/${await world.id('alice/source', 'there')}`, { name: 'taken' })).toMatchObject({ status: 409, code: 5030 })
    expect(await alice.refusal('PATCH', `/v2/files/${id}`, { name: 'a/b' })).toMatchObject({ status: 400, code: 5024 })
    await world.put('alice/source', 'there/second')
    expect(await alice.refusal('PATCH', `/v2/files/${id}`, { name: 'second' })).toMatchObject({ status: 409, code: 5003 })
  })

  it('refuses what it cannot do', async () => {
    await world.put('alice/source', 'folder/x')
    const folder = await world.id('alice/source', 'folder')
    const refused = (id: string, body: object): Promise<unknown> => alice.refusal('POST', `/v2/files/${id}/actions/copy`, body)
    expect(await refused(folder, { project: 'alice/dest' })).toMatchObject({ status: 400, code: 5018 })
    expect(await refused('root~alice~source', { project: 'alice/dest' })).toMatchObject({ status: 400, code: 5018 })
    expect(await refused('unknown', { project: 'alice/dest' })).toMatchObject({ status: 404, code: 5002 })
    expect(await refused(file, {})).toMatchObject({ status: 400, code: 5029 })
    expect(await refused(file, { project: 'alice/none' })).toMatchObject({ status: 404, code: 3002 })
    expect(await refused(file, { parent: file })).toMatchObject({ status: 400, code: 5022 })
    expect(await refused(file, { project: 'alice/dest', name: '..' })).toMatchObject({ status: 400, code: 5024 })
    await world.grant('alice/source', 'carol', 'readonly')
    await world.grant('alice/dest', 'carol', 'readonly')
    const carol = await world.as('carol')
    expect(await carol.refusal('POST', `/v2/files/${file}/actions/copy`, { project: 'alice/dest' })).toMatchObject({ status: 403, code: 3001 })
    await world.grant('alice/dest', 'carol', 'readwrite')
    expect(await carol.json('POST', `/v2/files/${file}/actions/copy`, { project: 'alice/dest' }, 201)).toMatchObject({ project: 'alice/dest' })
    expect(await carol.refusal('POST', `/v2/files/${file}/actions/move`, { project: 'alice/dest' })).toMatchObject({ status: 403, code: 5001 })
  })

  it('copies files to a project with the old bulk call', async () => {
    const other = await world.put('alice/source', 'other.ext')
    await world.put('alice/source', 'folder/x')
    const folder = await world.id('alice/source', 'folder')
    const copied = await alice.json<Record<string, { status: string }>>('POST', '/v2/action/files/copy', {
      project: 'alice/dest',
      file_ids: [file, other, folder, 'none'],
    })
    expect(Object.values(copied).map(({ status }) => status)).toEqual(['OK', 'OK', 'FAILED', 'FAILED'])
    expect(copied[other]).toEqual({ status: 'OK', new_file_id: await world.id('alice/dest', 'other.ext'), new_file_name: 'other.ext' })
    expect(await alice.refusal('POST', '/v2/action/files/copy', { file_ids: [file] })).toMatchObject({ status: 400, code: 5029 })
  })
})
