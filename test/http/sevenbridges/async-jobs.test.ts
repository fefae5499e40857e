import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callerOf, startWorld } from './world.ts'
import type { Client, FileWords, JobWords, ListWords, World } from './world.ts'

type JobList = ListWords<JobWords>

let projects = 0

describe('asynchronous bulk jobs', () => {
  let world: World
  let alice: Client

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
  })
  afterAll(() => world.stop())

  /** A new project of alice's. */
  function fresh(): Promise<string> {
    projects += 1
    return world.project(`alice/p${projects}`)
  }

  it('is answered at once with a job of which every key is there', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const file = await world.put(source, 'a.txt')
    const answer = await alice.send('POST', '/v2/async/files/copy', { items: [{ file, project: dest }] })
    expect(answer.status).toBe(202)
    const job = JSON.parse(answer.body) as JobWords
    expect(job).toEqual({
      href: `${world.url}/v2/async/files/copy/${job.id}`,
      id: expect.stringMatching(/^\d+$/) as string,
      type: 'COPY',
      state: 'SUBMITTED',
      result: [],
      total_files: expect.any(Number) as number,
      completed_files: 0,
      failed_files: 0,
      started_on: null,
      finished_on: null,
    })
    expect(answer.headers.location).toBe(job.href)
    const done = await alice.follow(job.href)
    const copied = await world.id(dest, 'a.txt')
    expect(done).toEqual({
      ...job,
      state: 'FINISHED',
      total_files: 1,
      completed_files: 1,
      started_on: expect.stringMatching(/Z$/) as string,
      finished_on: expect.stringMatching(/Z$/) as string,
      result: [{ resource: await alice.json<FileWords>('GET', `/v2/files/${copied}`) }],
    })
    expect(copied).not.toBe(file)
    expect(await world.bytes(dest, 'a.txt')).toBe('a.txt')
  })

  it('takes the request of the documents: its files do not exist here, and every one is named', async () => {
    const dest = await fresh()
    const files = ['5c6d3f30e4b038563238932f', '5c6d3f30e4b038563238932b', '5c6d3f30e4b0385632389331']
    const job = await alice.run(
      'copy',
      files.map((file, index) => ({ file, parent: '', project: dest, name: index === 0 ? 'my-new-file' : '' })),
    )
    expect(job).toMatchObject({ type: 'COPY', state: 'FINISHED', total_files: 3, completed_files: 0, failed_files: 3 })
    expect(job.result.map(({ error }) => [error?.status, error?.code])).toEqual(files.map(() => [404, 5002]))
    job.result.forEach(({ error }, index) => expect(error?.message).toContain(files[index]))
  })

  it('copies to a folder, to a project, within one, and under a new name', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const file = await world.put(source, 'in/file.ext', 'bytes', { tags: ['t'], metadata: { sample: 'S' } })
    await world.put(dest, 'deep/er/other')
    const folder = await world.id(dest, 'deep/er')
    const job = await alice.run('copy', [
      { file, project: dest },
      { file, parent: folder },
      { file, parent: folder, project: '', name: 'named.ext' },
      { file, parent: (await alice.json<FileWords>('GET', `/v2/files/root~${source.replace('/', '~')}`)).id },
    ])
    expect(job.result.map(({ resource }) => [resource?.project, resource?.name, resource?.parent])).toEqual([
      [dest, 'file.ext', `root~${dest.replace('/', '~')}`],
      [dest, 'file.ext', folder],
      [dest, 'named.ext', folder],
      [source, 'file.ext', `root~${source.replace('/', '~')}`],
    ])
    expect(job.result[1]?.resource).toMatchObject({ tags: ['t'], metadata: { sample: 'S' }, size: 5, type: 'file' })
    expect(await world.paths(dest)).toEqual(['deep/er/file.ext', 'deep/er/named.ext', 'deep/er/other', 'file.ext'])
    expect(await world.paths(source)).toEqual(['file.ext', 'in/file.ext'])
  })

  it('copies a folder with what is in it: counts count files, and results keep the order of items and files', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const single = await world.put(source, 'z-single')
    for (const path of ['f/a', 'f/b/c', 'f/b/d', 'f/e']) await world.put(source, path)
    const folder = await world.id(source, 'f')
    const job = await alice.run('copy', [
      { file: single, project: dest },
      { file: folder, project: dest, name: 'g' },
      { file: single, project: dest, name: 'last' },
    ])
    expect(job).toMatchObject({ total_files: 6, completed_files: 6, failed_files: 0 })
    expect(job.result.map(({ resource }) => resource?.name)).toEqual(['z-single', 'a', 'c', 'd', 'e', 'last'])
    expect(await world.paths(dest)).toEqual(['g/a', 'g/b/c', 'g/b/d', 'g/e', 'last', 'z-single'])
    expect(job.result[2]?.resource?.parent).toBe(await world.id(dest, 'g/b'))
  })

  it('renames what comes where a name is taken, with a counter before the name', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const file = await world.put(source, 'file.ext', 'new')
    await world.put(dest, 'file.ext', 'old')
    const job = await alice.run('copy', [
      { file, project: dest },
      { file, project: dest },
    ])
    expect(job.result.map(({ resource }) => resource?.name)).toEqual(['1_file.ext', '2_file.ext'])
    expect(await world.bytes(dest, 'file.ext')).toBe('old')
  })

  it('moves files under their ids, and merges folders of one name', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const a = await world.put(source, 'f/a', 'from')
    const x = await world.put(source, 'f/x')
    await world.put(dest, 'f/a', 'was there')
    const folder = await world.id(source, 'f')
    const job = await alice.run('move', [{ file: folder, project: dest }])
    expect(job).toMatchObject({ type: 'MOVE', total_files: 2, completed_files: 2, href: `${world.url}/v2/async/files/move/${job.id}` })
    expect(job.result.map(({ resource }) => [resource?.id, resource?.name])).toEqual([
      [a, '1_a'],
      [x, 'x'],
    ])
    expect(await world.paths(dest)).toEqual(['f/1_a', 'f/a', 'f/x'])
    expect(await world.paths(source)).toEqual([])
  })

  it('moves no folder into itself', async () => {
    const source = await fresh()
    await world.put(source, 'f/in/a')
    const [folder, inner] = [await world.id(source, 'f'), await world.id(source, 'f/in')]
    const job = await alice.run('move', [
      { file: folder, parent: inner },
      { file: folder, parent: folder },
    ])
    expect(job.failed_files).toBe(job.total_files)
    expect(job.result.map(({ error }) => [error?.status, error?.code])).toEqual([
      [400, 10229],
      [400, 10229],
    ])
    expect(await world.paths(source)).toEqual(['f/in/a'])
  })

  it('deletes files and folders that are not empty', async () => {
    const source = await fresh()
    const [a, b] = [await world.put(source, 'a'), await world.put(source, 'f/b')]
    await world.put(source, 'f/g/c')
    const folder = await world.id(source, 'f')
    const job = await alice.run('delete', [{ file: a }, { file: folder }])
    expect(job).toMatchObject({ type: 'DELETE', total_files: 3, completed_files: 3 })
    expect(job.result[0]).toEqual({ resource: { href: `${world.url}/v2/files/${a}`, id: a, name: 'a', project: source } })
    expect(job.result[1]?.resource?.id).toBe(b)
    expect((await alice.json<ListWords<FileWords>>('GET', `/v2/files?project=${source}`)).items).toEqual([])
    expect(await alice.refusal('GET', `/v2/files/${folder}`)).toMatchObject({ code: 5002 })
  })

  it('fails, alone, each item that stored data stand against', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const mine = await world.put(source, 'mine')
    const inFolder = await world.put(dest, 'folder/file')
    await world.project('rfranklin/read')
    await world.project('rfranklin/secret')
    await world.grant('rfranklin/read', 'alice', 'readonly')
    const readable = await world.put('rfranklin/read', 'readable')
    const secret = await world.put('rfranklin/secret', 'secret')
    const folder = await world.id(dest, 'folder')
    const codes = async (kind: string, items: readonly object[]): Promise<unknown[]> => {
      const job = await alice.run(kind, items)
      expect(job.failed_files + job.completed_files).toBe(job.total_files)
      return job.result.map(({ error }) => (error === undefined ? 'ok' : [error.status, error.code]))
    }
    expect(
      await codes('copy', [
        { file: readable, project: dest },
        { file: secret, project: dest },
        { file: 'no id at all', project: dest },
        { file: mine, project: 'rfranklin/read' },
        { file: mine, parent: '5c6d3f30e4b038563238932f' },
        { file: mine, parent: inFolder },
        { file: mine, parent: folder },
      ]),
    ).toEqual(['ok', [403, 5014], [404, 5002], [403, 10221], [404, 10222], [400, 10227], 'ok'])
    // a project that is not there, and one that alice must not know of, are one and the same
    const [unknown, hidden] = await codes('copy', [
      { file: mine, project: 'alice/nowhere' },
      { file: mine, project: 'rfranklin/secret' },
    ])
    expect(unknown).toEqual(hidden)
    expect((unknown as number[])[0]).toBe(403)
    expect(await codes('move', [{ file: readable, project: dest }])).toEqual([[403, 5001]])
    expect(await codes('delete', [{ file: readable }, { file: secret }])).toEqual([
      [403, 5001],
      [403, 5001],
    ])
    await world.grant(source, 'rfranklin', 'readwrite')
    await world.lock(source, 'mine', 'rfranklin')
    expect(await codes('move', [{ file: mine, parent: folder }])).toEqual([[409, 90007]])
    expect(await world.paths('rfranklin/read')).toEqual(['readable'])
  })

  it('refuses a malformed request as a whole', async () => {
    const dest = await fresh()
    const file = await world.put(dest, 'f')
    const refusals: readonly (readonly [body: unknown, status: number, code: number])[] = [
      [{}, 400, 10232],
      [{ items: {} }, 400, 10232],
      [{ items: [] }, 400, 10230],
      [{ items: ['x'] }, 400, 10232],
      [{ items: [{ project: dest }] }, 400, 5004],
      [{ items: [{ file: '', project: dest }] }, 400, 5004],
      [{ items: [{ file: 7, project: dest }] }, 400, 10232],
      [{ items: [{ file }] }, 400, 5029],
      [{ items: [{ file, project: '', parent: '' }] }, 400, 5029],
      [{ items: [{ file, project: dest, parent: file }] }, 400, 5031],
      [{ items: [{ file, project: 'papers' }] }, 400, 3012],
      [{ items: [{ file, project: dest, name: 'a/b' }] }, 400, 10235],
      [{ items: [{ file, project: dest, name: 'a\nb' }] }, 400, 10235],
      [{ items: [{ file, project: dest, name: 'x'.repeat(256) }] }, 400, 10235],
      [{ items: [{ file: `root~${dest.replace('/', '~')}`, project: dest }] }, 400, 10232],
      [{ items: Array.from({ length: 10_001 }, () => ({ file, project: dest })) }, 413, 90000],
    ]
    for (const [body, status, code] of refusals) {
      const refused = await alice.refusal('POST', '/v2/async/files/copy', body)
      expect(refused, JSON.stringify(body).slice(0, 200)).toMatchObject({ status, code })
    }
    const second = {
      items: [
        { file, project: dest },
        { file, parent: 5 },
      ],
    }
    expect((await alice.refusal('POST', '/v2/async/files/move', second)).message).toContain('items[1].parent')
    expect((await alice.refusal('POST', '/v2/async/files/copy', { items: Array.from({ length: 10_001 }, () => ({})) })).message).toContain('10000')
    // a delete has no destination, and does not mind one
    expect(await alice.refusal('POST', '/v2/async/files/delete', { items: [{}] })).toMatchObject({ status: 400, code: 5004 })
  })

  it('tells nothing but its headers to a HEAD', async () => {
    const source = await fresh()
    const job = await alice.run('delete', [{ file: await world.put(source, 'a') }])
    const head = await alice.send('HEAD', job.href)
    expect([head.status, head.headers['content-type'], head.body]).toEqual([200, 'application/json; charset=utf-8', ''])
  })

  it('counts what a cancelled job did not reach as failed', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const { engine } = world.server
    const file = await world.put(source, 'a')
    const submitted = await alice.json<JobWords>(
      'POST',
      '/v2/async/files/copy',
      { items: Array.from({ length: 10_000 }, () => ({ file, project: dest })) },
      202,
    )
    await engine.jobs.cancel(callerOf('alice'), submitted.id)
    const job = await alice.follow(submitted.href)
    expect(job.completed_files + job.failed_files).toBe(job.total_files)
    for (const { error } of job.result) if (error !== undefined) expect(error).toMatchObject({ status: 409, code: 90007 })
  })

  it('tells of a file that has gone since what the job knows of it', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const file = await world.put(source, 'a.txt')
    const job = await alice.run('copy', [{ file, project: dest }])
    const copied = job.result[0]?.resource as FileWords
    await alice.send('DELETE', copied.href)
    expect((await alice.follow(job.href)).result).toEqual([{ resource: { href: copied.href, id: copied.id, name: 'a.txt', project: dest } }])
  })

  it('is told to none but the one who started it, and only under its own kind', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const file = await world.put(source, 'a')
    await world.grant(source, 'bob', 'admin')
    await world.grant(dest, 'bob', 'admin')
    const job = await alice.run('copy', [{ file, project: dest }])
    const bob = await world.as('bob')
    expect(await bob.refusal('GET', job.href)).toMatchObject({ status: 404, code: 10211 })
    expect(await bob.json('GET', '/v2/async/files')).toMatchObject({ items: [], links: [] })
    for (const path of [`move/${job.id}`, `delete/${job.id}`, 'copy/70721895322947584', 'copy/1', 'copy/x', `copy/${job.id}0`]) {
      expect(await alice.refusal('GET', `/v2/async/files/${path}`), path).toMatchObject({ status: 404, code: 10211 })
    }
  })

  it('is the same job in the other protocols, whose jobs are not told here', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const file = await world.put(source, 'a')
    const job = await alice.run('copy', [{ file, project: dest }])
    const bearer = { 'content-type': 'application/json', ercollectionid: dest }
    const native = await (await world.server.call('alice', 'GET', `/v1/jobs/${job.id}`)).json()
    expect(native).toMatchObject({
      number: job.id,
      dialect: 'sevenbridges',
      kind: 'copy',
      state: 'finished',
      outcome: 'succeeded',
      counts: { total: 1, done: 1 },
    })
    const { id } = native as { id: string }
    expect(await (await world.server.call('alice', 'GET', `/v1/jobs/${id}`)).json()).toEqual(native)
    const tracked = await (await world.server.call('alice', 'GET', `/apollo/files/track/${id}`, undefined, bearer)).json()
    expect(tracked).toMatchObject({ data: { Summary: { FilesRequestedToBeCopied: '1', Succeeded: '1', Failed: '0' } } })
    expect(await alice.refusal('GET', `/v2/async/files/copy/${id}`)).toMatchObject({ status: 404, code: 10211 })

    const other = { kind: 'copy', items: [{ source: { collection: source, path: 'a' }, destination: { collection: dest, path: 'b' } }] }
    const submitted = (await (await world.server.call('alice', 'POST', '/v1/jobs', other)).json()) as { number: string }
    expect(await alice.refusal('GET', `/v2/async/files/copy/${submitted.number}`)).toMatchObject({ status: 404, code: 10211 })
    const listed = await alice.json<JobList>('GET', '/v2/async/files?limit=100')
    expect(listed.items.map(item => item.id)).not.toContain(submitted.number)
  })

  it('has started nothing asynchronous with a copy that is done at once', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const file = await world.put(source, 'a')
    const before = await alice.send('GET', '/v2/async/files')
    await alice.json('POST', `/v2/files/${file}/actions/copy`, { project: dest }, 201)
    const after = await alice.send('GET', '/v2/async/files')
    expect(after.headers['x-total-matching-query']).toBe(before.headers['x-total-matching-query'])
  })

  it('lists the jobs of one subject, the newest first, a page at a time', async () => {
    const erin = await world.as('erin')
    await world.project('erin/p')
    const ids: string[] = []
    for (const name of ['a', 'b', 'c']) {
      const file = await world.put('erin/p', name)
      ids.unshift((await erin.run(name === 'b' ? 'delete' : 'copy', [{ file, project: 'erin/p' }])).id)
    }
    const whole = await erin.send('GET', '/v2/async/files')
    expect(whole.headers['x-total-matching-query']).toBe('3')
    const list = JSON.parse(whole.body) as JobList
    expect(list).toMatchObject({ href: `${world.url}/v2/async/files?offset=0&limit=25`, links: [] })
    expect(list.items.map(item => item.id)).toEqual(ids)
    for (const item of list.items) expect(item).toEqual(await erin.json('GET', item.href))
    const page = await erin.json<JobList>('GET', '/v2/async/files?offset=1&limit=1')
    expect(page.items.map(item => item.id)).toEqual([ids[1]])
    expect(page.links).toEqual([
      { href: `${world.url}/v2/async/files?offset=2&limit=1`, rel: 'next', method: 'GET' },
      { href: `${world.url}/v2/async/files?offset=0&limit=1`, rel: 'prev', method: 'GET' },
    ])
    expect(await erin.refusal('GET', '/v2/async/files?limit=101')).toMatchObject({ status: 400 })
  })

  it('says that its details are gone when they have been kept long enough', async () => {
    const late = await startWorld()
    try {
      await late.project('alice/p')
      const client = await late.as('alice')
      const job = await client.run('delete', [{ file: await late.put('alice/p', 'a') }])
      late.expire()
      const refused = await client.refusal('GET', job.href)
      expect(refused).toMatchObject({ status: 404, code: 10211 })
      expect(refused.message).toContain('expired')
      expect((await (await late.as('bob')).refusal('GET', job.href)).message).not.toContain('expired')
      expect(await client.json('GET', '/v2/async/files')).toMatchObject({ items: [] })
    } finally {
      await late.stop()
    }
  })

  it('serves the R client, which adds the same parameters to every GET and reads href and the ten keys of a job', async () => {
    const [source, dest] = [await fresh(), await fresh()]
    const file = await world.put(source, 'r.txt')
    const query = 'fields=_all&limit=50&offset=0'
    const job = await alice.run('copy', [{ file, project: dest }])
    const keys = ['completed_files', 'failed_files', 'finished_on', 'href', 'id', 'result', 'started_on', 'state', 'total_files', 'type']
    const seen = await alice.json<JobWords>('GET', `/v2/async/files/copy/${job.id}?${query}`)
    expect(Object.keys(seen).sort()).toEqual(keys)
    expect(seen).toEqual(job)
    const list = await alice.json<JobList>('GET', `/v2/async/files?${query}`)
    expect(list.items.find(({ id }) => id === job.id)).toEqual(job)
    expect(list.href).toContain('limit=50')
    for (const path of ['/v2/user', `/v2/projects/${source}`, `/v2/files/${file}`]) expect((await alice.send('GET', `${path}?${query}`)).status).toBe(200)
    expect(await alice.json<ListWords<FileWords>>('GET', `/v2/files?project=${source}&${query}`)).toMatchObject({ items: [{ id: file }] })
  })
})
