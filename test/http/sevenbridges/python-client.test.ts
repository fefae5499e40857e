import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PythonClient } from './python-client.ts'
import { collectionOf, fileOf, jobOf, jsonOf, projectOf, resultsOf, userOf } from './python-objects.ts'
import { startWorld } from './world.ts'
import type { World } from './world.ts'

/** What the official Python client sends, byte for byte, and what it makes of our answers. */
describe('sevenbridges-python 2.11.1', () => {
  let world: World
  let api: PythonClient
  const ids: string[] = []

  beforeAll(async () => {
    world = await startWorld()
    api = new PythonClient(world.url, (await world.as('rfranklin')).token)
    await world.project('rfranklin/source', 'Source')
    await world.project('rfranklin/dest', 'Destination')
    for (const name of ['a.bam', 'b.bam', 'c.bam']) ids.push(await world.put('rfranklin/source', name))
  })
  afterAll(async () => {
    api.close()
    await world.stop()
  })

  /** Polls as callers do, who have no helper for it: `job.reload()` fetches href as it was given. */
  async function finished(job: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    let now = job
    while (now['state'] !== 'FINISHED') now = jobOf(jsonOf(await api.get(now['href'] as string)))
    return now
  }

  it('users.me(), projects.get(), projects.query()', async () => {
    expect(userOf(await api.get('/user'))).toMatchObject({ username: 'rfranklin' })
    expect(projectOf(await api.get('/projects/rfranklin/source'))).toMatchObject({ id: 'rfranklin/source', name: 'Source' })
    expect(collectionOf(await api.get('/projects/?fields=_all')).total).toBe(2)
    expect(projectOf(await api.post('/projects', { name: 'New one', billing_group: null }))).toMatchObject({ id: 'rfranklin/new-one' })
  })

  it('files.query() and all() of it: the href again, then next until there is none', async () => {
    const first = collectionOf(await api.get('/files?limit=2&fields=_all&project=rfranklin%2Fsource'))
    expect([first.total, first.items.length]).toEqual([3, 2])
    const names: unknown[] = []
    for (let next: string | null = first.href; next !== null;) {
      const page = collectionOf(await api.get(next))
      names.push(...page.items.map(item => fileOf(item)['name']))
      next = page.next
    }
    expect(names).toEqual(['a.bam', 'b.bam', 'c.bam'])
    const named = collectionOf(await api.get('/files?fields=_all&project=rfranklin%2Fsource&name=b.bam&name=c.bam'))
    expect(named.items.map(item => item['id'])).toEqual(ids.slice(1))
  })

  it('files.get(), save() of name, metadata and tags, reload()', async () => {
    const id = await world.put('rfranklin/source', 'to-save.txt')
    const file = fileOf(jsonOf(await api.get(`/files/${id}`)))
    jsonOf(await api.patch(`/files/${id}/metadata`, { sample: 'é' }))
    expect((await api.put(`/files/${id}/tags`, ['one'])).status).toBe(200)
    jsonOf(await api.patch(`/files/${id}`, { name: 'saved.txt' }))
    expect(fileOf(jsonOf(await api.get(file['href'] as string)))).toMatchObject({ id, name: 'saved.txt', metadata: { sample: 'é' }, tags: ['one'] })
    expect((await api.delete(`/files/${id}`)).status).toBe(204)
    expect((await api.get(`/files/${id}`)).status).toBe(404)
  })

  it('async_jobs.file_bulk_copy(), get_file_copy_job(), reload(), get_result()', async () => {
    const items = [
      { file: ids[0], parent: '', project: 'rfranklin/dest', name: 'my-new-file' },
      { file: ids[1], parent: '', project: 'rfranklin/dest', name: '' },
      { file: '5c6d3f30e4b0385632389331', parent: '', project: 'rfranklin/dest', name: '' },
    ]
    const submitted = jobOf(jsonOf(await api.post('/async/files/copy', { items })))
    expect(submitted).toMatchObject({ type: 'COPY', state: 'SUBMITTED' })
    const job = await finished(jobOf(jsonOf(await api.get(`/async/files/copy/${submitted['id'] as string}`))))
    expect(job).toMatchObject({ id: submitted['id'], total_files: 3, completed_files: 2, failed_files: 1 })
    const [renamed, kept, missing] = resultsOf(job)
    expect(fileOf(renamed?.resource ?? {})).toMatchObject({ name: 'my-new-file', project: 'rfranklin/dest' })
    expect(fileOf(kept?.resource ?? {})).toMatchObject({ name: 'b.bam', project: 'rfranklin/dest' })
    expect(kept?.resource?.['id']).not.toBe(ids[1])
    expect(missing).toMatchObject({ valid: false, error: { status: 404, code: 5002 } })
  })

  it('async_jobs.file_bulk_move() and file_bulk_delete()', async () => {
    const folder = fileOf(jsonOf(await api.post('/files', { name: 'moved', type: 'folder', project: 'rfranklin/dest' })))
    const moved = await finished(jobOf(jsonOf(await api.post('/async/files/move', { items: [{ file: ids[2], parent: folder['id'] }] }))))
    expect(resultsOf(moved)).toMatchObject([{ valid: true, resource: { id: ids[2], parent: folder['id'] } }])
    expect(await finished(jobOf(jsonOf(await api.get(`/async/files/move/${moved['id'] as string}`))))).toEqual(moved)
    const deleted = await finished(jobOf(jsonOf(await api.post('/async/files/delete', { items: [{ file: ids[2] }] }))))
    expect(resultsOf(deleted)).toMatchObject([{ valid: true, resource: { id: ids[2] } }])
    expect(jobOf(jsonOf(await api.get(`/async/files/delete/${deleted['id'] as string}`)))).toMatchObject({ type: 'DELETE' })
  })

  it('async_jobs.list_file_jobs()', async () => {
    const all = collectionOf(await api.get('/async/files'))
    expect(all.items.map(item => jobOf(item)['type'])).toEqual(['DELETE', 'MOVE', 'COPY'])
    expect(all.total).toBe(3)
    const page = collectionOf(await api.get('/async/files?offset=1&limit=1'))
    expect([page.items.length, page.total]).toEqual([1, 3])
    expect(collectionOf(await api.get(page.next ?? '')).items.map(item => item['type'])).toEqual(['COPY'])
  })

  it('file.copy(), file.copy_to_folder(), file.move_to_folder(), actions.bulk_copy_files()', async () => {
    const copied = fileOf(jsonOf(await api.post(`/files/${ids[0] ?? ''}/actions/copy`, { project: 'rfranklin/dest' })))
    expect(copied).toMatchObject({ name: 'a.bam', project: 'rfranklin/dest' })
    const folder = fileOf(jsonOf(await api.post('/files', { name: 'inside', type: 'folder', project: 'rfranklin/dest' })))
    const inside = fileOf(jsonOf(await api.post(`/files/${ids[0] ?? ''}/actions/copy`, { parent: folder['id'], name: 'again.bam' })))
    expect(inside).toMatchObject({ name: 'again.bam', parent: folder['id'] })
    const moved = fileOf(jsonOf(await api.post(`/files/${copied['id'] as string}/actions/move`, { parent: folder['id'] })))
    expect(moved).toMatchObject({ id: copied['id'], name: 'a.bam', parent: folder['id'] })
    expect(jsonOf(await api.get(`/files/${folder['id'] as string}/list`))['items']).toHaveLength(2)
    const statuses = jsonOf(await api.post('/action/files/copy', { project: 'rfranklin/dest', file_ids: [ids[0], 'missing'] }))
    expect(statuses).toEqual({
      [ids[0] ?? '']: { status: 'OK', new_file_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string, new_file_name: 'a.bam' },
      missing: { status: 'FAILED', code: 5002, message: expect.stringContaining('missing') as string },
    })
  })
})
