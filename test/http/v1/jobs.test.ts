import { describe, expect, it } from 'vitest'
import { jobOf, masked, refused, testServer, told } from './golden.ts'
import type { JobBody } from './golden.ts'

const { of, collection } = testServer()
const WAIT = { prefer: 'wait=30' }

/** Submits a job as alice and waits until it is finished. */
async function finished(body: object, headers: Record<string, string> = {}): Promise<JobBody> {
  const answer = await of().call('alice', 'POST', '/v1/jobs', body, { ...WAIT, ...headers })
  expect(answer.status).toBe(200)
  return jobOf(answer)
}

const copy = (path: string, from = 'photos', to = 'archive', more: object = {}): object => ({
  source: { collection: from, path, ...more },
  destination: { collection: to },
})

describe('a job', () => {
  it('is answered at once, tracked, and told item by item', async () => {
    await collection('photos', { 'a.png': 'aaaa', 'b.png': 'bb' })
    await collection('archive', { 'b.png': 'old' })
    const submitted = await of().call('alice', 'POST', '/v1/jobs', {
      kind: 'copy',
      items: [
        { source: { collection: 'photos', path: 'a.png' }, destination: { collection: 'archive', path: '2026/a.png' } },
        { source: { collection: 'photos', path: 'b.png' }, destination: { collection: 'archive', ifNoneMatch: '*' } },
        { source: { collection: 'photos', path: 'none.png' }, destination: { collection: 'archive' } },
      ],
      label: 'nightly',
    })
    const first = await jobOf(submitted)
    expect(submitted.status).toBe(202)
    expect(submitted.headers.get('location')).toBe(`/v1/jobs/${first.id}`)
    expect(submitted.headers.get('retry-after')).toBe('1')
    expect(submitted.headers.get('preference-applied')).toBeNull()

    const tracked = await of().call('alice', 'GET', `/v1/jobs/${first.id}`, undefined, WAIT)
    expect(tracked.headers.get('preference-applied')).toBe('wait=30')
    expect(tracked.headers.get('retry-after')).toBeNull()
    const body = (await tracked.json()) as Record<string, unknown>
    expect(masked(body)).toEqual({
      id: '<uuid>',
      number: expect.stringMatching(/^\d+$/),
      kind: 'copy',
      state: 'finished',
      paused: false,
      outcome: 'partial',
      counts: { total: 3, discovering: false, pending: 0, running: 0, done: 1, skipped: 0, failed: 1, evicted: 1, cancelled: 0 },
      bytes: { total: expect.any(Number), done: 4 },
      itemsPerSecond: expect.any(Number),
      estimatedFinishAt: null,
      waitingFor: null,
      label: 'nightly',
      priority: 5,
      dryRun: false,
      submittedBy: 'alice',
      dialect: 'v1',
      createdAt: '<time>',
      startedAt: '<time>',
      finishedAt: '<time>',
      expiresAt: '<time>',
    })
    const kept = Date.parse(body['expiresAt'] as string) - Date.parse(body['finishedAt'] as string)
    expect(kept).toBe(30 * 24 * 3600 * 1000)

    const end = (collectionId: string, path: string, known: boolean): object =>
      known
        ? { collection: collectionId, path, entityId: '<uuid>', version: 1, revision: '<revision>' }
        : { collection: collectionId, path, entityId: null, version: null, revision: null }
    const items = (await told(await of().call('alice', 'GET', `/v1/jobs/${first.id}/items`))).body as { items: Record<string, unknown>[] }
    expect(items).toMatchObject({ nextCursor: null })
    expect(items.items[0]).toEqual({
      seq: 0,
      source: end('photos', 'a.png', true),
      destination: end('archive', '2026/a.png', true),
      state: 'done',
      attempts: 1,
      bytes: 4,
      reason: null,
      startedAt: '<time>',
      finishedAt: '<time>',
    })
    expect(items.items[1]).toMatchObject({ seq: 1, state: 'evicted', reason: { code: 'condition_failed', expected: null, actual: '<revision>' } })
    expect(items.items[2]).toMatchObject({
      seq: 2,
      state: 'failed',
      source: end('photos', 'none.png', false),
      reason: { code: 'entry_not_found', message: expect.stringContaining('none.png') },
    })
  })

  it('has two names', async () => {
    const job = await finished({ kind: 'copy', items: [copy('a.png')] })
    expect((await jobOf(await of().call('alice', 'GET', `/v1/jobs/${job.number}`))).id).toBe(job.id)
    expect((await of().call('alice', 'GET', `/v1/jobs/${job.number}/items`)).status).toBe(200)
  })

  it('answers a poll for news with 304 while there are none', async () => {
    const job = await finished({ kind: 'copy', items: [copy('a.png')] })
    const first = await of().call('alice', 'GET', `/v1/jobs/${job.id}`)
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^W\/"\d+"$/)
    const second = await of().call('alice', 'GET', `/v1/jobs/${job.id}`, undefined, { 'if-none-match': etag })
    expect(await told(second)).toEqual({ status: 304, body: null })
    expect(second.headers.get('etag')).toBe(etag)
  })

  it('selects by prefix and glob, and plans without doing when it is dry', async () => {
    await collection('tree', { '2026/x.png': '1', '2026/deep/y.png': '2', '2026/z.txt': '3', '2025/w.png': '4' })
    const select = [{ source: { collection: 'tree', prefix: '2026/', glob: '**/*.png' }, destination: { collection: 'archive', prefix: 'copy/' } }]
    const dry = await finished({ kind: 'copy', select, dryRun: true })
    expect(dry).toMatchObject({ outcome: 'succeeded', dryRun: true, counts: { total: 2, done: 2 } })
    expect(await refused(await of().call('alice', 'GET', '/v1/collections/archive/entries/copy/x.png'))).toMatchObject({ status: 404 })
    expect(await finished({ kind: 'copy', select, verify: 'digest', priority: 9 })).toMatchObject({
      outcome: 'succeeded',
      priority: 9,
      counts: { total: 2, done: 2 },
    })
    expect(await (await of().call('alice', 'GET', '/v1/collections/archive/entries/copy/deep/y.png')).text()).toBe('2')
  })

  it('moves, deletes and updates', async () => {
    await collection('desk', { m: 'm', d: 'd', u: 'u' })
    expect(await finished({ kind: 'move', items: [copy('m', 'desk', 'archive')] })).toMatchObject({ outcome: 'succeeded' })
    expect((await of().call('alice', 'GET', '/v1/collections/desk/entries/m')).status).toBe(404)
    expect(await finished({ kind: 'update', items: [{ source: { collection: 'desk', path: 'u' }, fields: { seen: true } }] })).toMatchObject({
      outcome: 'succeeded',
    })
    expect((await told(await of().call('alice', 'GET', '/v1/collections/desk/metadata/u'))).body).toMatchObject({ fields: { seen: true }, version: 2 })
    expect(await finished({ kind: 'delete', items: [{ source: { collection: 'desk', path: 'd', version: 1 } }] })).toMatchObject({ outcome: 'succeeded' })
    expect((await of().call('alice', 'GET', '/v1/collections/desk/entries/d')).status).toBe(404)
  })

  it.each([
    ['without a kind', { items: [copy('a.png')] }, 'invalid_request', ['/kind']],
    ['of an unknown kind', { kind: 'clone', items: [copy('a.png')] }, 'invalid_request', ['/kind']],
    ['without items', { kind: 'copy' }, 'invalid_request', []],
    ['with a typing mistake', { kind: 'copy', itms: [] }, 'invalid_request', ['/itms']],
    [
      'with one deep inside',
      { kind: 'copy', items: [copy('a.png'), { source: { collection: 'photos', pth: 'x' }, destination: { collection: 'archive' } }] },
      'invalid_request',
      ['/items/1/source/path', '/items/1/source/pth'],
    ],
    [
      'with a wrong type',
      { kind: 'copy', items: [{ source: { collection: 'photos', path: 7 }, destination: { collection: 'archive' } }] },
      'invalid_request',
      ['/items/0/source/path'],
    ],
    ['with a bad path', { kind: 'copy', items: [copy('a.png'), copy('../x')] }, 'invalid_path', ['/items/1/source/path']],
    ['with a control character', { kind: 'copy', items: [copy('a\u0000')] }, 'invalid_path', ['/items/0/source/path']],
    ['with a bad revision', { kind: 'copy', items: [copy('a.png', 'photos', 'archive', { ifMatch: 'x' })] }, 'invalid_request', ['/items/0/source/ifMatch']],
    ['without a destination', { kind: 'copy', items: [{ source: { collection: 'photos', path: 'a.png' } }] }, 'invalid_request', ['/items/0/destination']],
    ['with a useless destination', { kind: 'delete', items: [copy('a.png')] }, 'invalid_request', ['/items/0/destination']],
    ['with a bad glob', { kind: 'delete', select: [{ source: { collection: 'photos', glob: '[' } }] }, 'invalid_request', ['/select/0/source/glob']],
    ['with a bad priority', { kind: 'copy', items: [copy('a.png')], priority: 10 }, 'invalid_request', ['/priority']],
    ['with a bad conflict', { kind: 'copy', items: [copy('a.png')], conflict: 'merge' }, 'invalid_request', ['/conflict']],
  ])('%s is refused with the place', async (_name, body, code, pointers) => {
    const answer = await refused(await of().call('alice', 'POST', '/v1/jobs', body))
    expect(answer).toMatchObject({ status: 400, code })
    expect(answer.pointers.sort()).toEqual(pointers)
  })

  it('of more than 10,000 items is refused, of 10,000 not', async () => {
    const items = Array.from({ length: 10_001 }, (_, n) => copy(`${n}`))
    expect(await refused(await of().call('alice', 'POST', '/v1/jobs', { kind: 'copy', items }))).toMatchObject({ status: 413, code: 'too_many_items' })
    expect(await finished({ kind: 'copy', items: items.slice(1) })).toMatchObject({ outcome: 'failed', counts: { total: 10_000, failed: 10_000 } })
  })

  it('needs grants at both ends: unknown and forbidden look the same, and nothing is queued', async () => {
    await of().call('bob', 'POST', '/v1/collections', { id: 'bobs' })
    const jobs = async (): Promise<number> => ((await (await of().call('bob', 'GET', '/v1/jobs')).json()) as { items: unknown[] }).items.length
    const before = await jobs()
    for (const [items, pointers] of [
      [[copy('x', 'bobs', 'photos')], ['/items/0/destination/collection']],
      [[copy('x', 'bobs', 'nowhere')], ['/items/0/destination/collection']],
      [[copy('x', 'bobs', 'bobs'), copy('x', 'photos', 'bobs')], ['/items/1/source/collection']],
    ] as const) {
      expect(await refused(await of().call('bob', 'POST', '/v1/jobs', { kind: 'copy', items }))).toMatchObject({
        status: 404,
        code: 'collection_not_found',
        pointers,
      })
    }
    await of().call('alice', 'PUT', '/v1/collections/photos/grants/bob', { role: 'readonly' })
    expect(await refused(await of().call('bob', 'POST', '/v1/jobs', { kind: 'copy', items: [copy('x', 'bobs', 'photos')] }))).toMatchObject({
      status: 403,
      code: 'insufficient_role',
      pointers: ['/items/0/destination/collection'],
    })
    expect(await jobs()).toBe(before)
    const mine = await finished({ kind: 'copy', items: [copy('a.png')] })
    for (const path of ['', '/items', '/report', '/events']) {
      expect(await refused(await of().call('bob', 'GET', `/v1/jobs/${mine.id}${path}`)), path).toMatchObject({ status: 404, code: 'job_not_found' })
    }
    for (const action of ['cancel', 'pause', 'resume']) {
      expect(await refused(await of().call('bob', 'POST', `/v1/jobs/${mine.id}/${action}`))).toMatchObject({ status: 404, code: 'job_not_found' })
    }
  })

  it('with an Idempotency-Key is made once', async () => {
    const key = { 'idempotency-key': '"once"' }
    const body = { kind: 'copy', items: [copy('a.png')] }
    const first = await of().call('alice', 'POST', '/v1/jobs', body, key)
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    const { id } = await jobOf(first)
    const again = await of().call('alice', 'POST', '/v1/jobs', { items: body.items, dryRun: false, kind: 'copy' }, key)
    expect([again.status, again.headers.get('idempotency-replayed'), (await jobOf(again)).id]).toEqual([200, 'true', id])
    expect(await refused(await of().call('alice', 'POST', '/v1/jobs', { ...body, dryRun: true }, key))).toMatchObject({
      status: 422,
      code: 'idempotency_mismatch',
    })
    expect(await refused(await of().call('alice', 'POST', '/v1/jobs', body, { 'idempotency-key': 'x'.repeat(300) }))).toMatchObject({
      status: 400,
      pointers: ['Idempotency-Key'],
    })
    const other = await of().call('bob', 'POST', '/v1/jobs', { kind: 'delete', items: [{ source: { collection: 'bobs', path: 'x' } }] }, key)
    expect(other.status).toBe(202)
  })

  it('that nobody made is unknown', async () => {
    for (const id of ['7', '0192aaaa-0000-7000-8000-000000000000', 'nonsense', '%00', '-1', '9'.repeat(400)]) {
      expect(await refused(await of().call('alice', 'GET', `/v1/jobs/${id}`)), id).toMatchObject({ status: 404, code: 'job_not_found' })
    }
  })
})

describe('a finished job', () => {
  it('is not steered any more, but its items are retried', async () => {
    await collection('later')
    const job = await finished({ kind: 'copy', items: [copy('a.png', 'later', 'archive'), copy('a.png')] })
    expect(job).toMatchObject({ outcome: 'partial', counts: { done: 1, failed: 1 } })
    for (const action of ['cancel', 'pause', 'resume']) {
      expect(await refused(await of().call('alice', 'POST', `/v1/jobs/${job.id}/${action}`)), action).toMatchObject({ status: 409, code: 'job_finished' })
    }
    for (const states of [[], ['done'], ['broken'], 'failed']) {
      expect(await refused(await of().call('alice', 'POST', `/v1/jobs/${job.id}/retry`, { states }))).toMatchObject({ status: 400, code: 'invalid_request' })
    }
    await of().call('alice', 'PUT', '/v1/collections/later/entries/a.png', 'now')
    const retried = await of().call('alice', 'POST', `/v1/jobs/${job.id}/retry`, { states: ['failed'] })
    expect(retried.status).toBe(202)
    expect(await jobOf(await of().call('alice', 'GET', `/v1/jobs/${job.id}`, undefined, WAIT))).toMatchObject({
      outcome: 'succeeded',
      counts: { total: 2, done: 2 },
    })
    const { items } = (await (await of().call('alice', 'GET', `/v1/jobs/${job.id}/items`)).json()) as { items: { attempts: number }[] }
    expect(items.map(item => item.attempts)).toEqual([2, 1])
  })
})

describe('lists of jobs', () => {
  it('come newest first, filtered, page by page', async () => {
    const ids: string[] = []
    for (const label of ['l1', 'l2', 'l2', 'l3']) ids.push((await finished({ kind: 'copy', items: [copy(label === 'l3' ? 'none' : 'a.png')], label })).id)
    const list = async (query: string): Promise<string[]> =>
      ((await (await of().call('alice', 'GET', `/v1/jobs?${query}`)).json()) as { items: { id: string }[] }).items.map(job => job.id)
    expect((await list('')).slice(0, 4)).toEqual(ids.toReversed())
    expect(await list('label=l2')).toEqual([ids[2], ids[1]])
    expect(await list('label=l3&outcome=failed&state=finished&kind=copy&submittedBy=alice&collection=photos')).toEqual([ids[3]])
    expect(await list('label=l3&outcome=succeeded')).toEqual([])
    expect(await list('label=l3&kind=move')).toEqual([])
    expect(await list('label=l3&collection=later')).toEqual([])
    expect(await list('label=l3&submittedBy=bob')).toEqual([])
    expect(await list('label=l3&since=2020-01-01T00:00:00Z&until=2999-01-01T00:00:00%2B01:00')).toEqual([ids[3]])
    expect(await list('label=l3&until=2020-01-01T00:00:00Z')).toEqual([])
    const page = await of().call('alice', 'GET', '/v1/jobs?label=l2&limit=1')
    const next = /^<(.+)>/.exec(page.headers.get('link') ?? '')?.[1] ?? ''
    expect(await list(next.split('?')[1] ?? '')).toEqual([ids[1]])
    for (const query of ['state=done', 'since=yesterday', 'outcome=ok', 'labels=x', 'kind=']) {
      expect(await refused(await of().call('alice', 'GET', `/v1/jobs?${query}`)), query).toMatchObject({
        status: 400,
        code: 'invalid_request',
        pointers: [query.split('=')[0]],
      })
    }
  })
})

describe('items and reports', () => {
  it('come as JSON, NDJSON and CSV, filtered, page by page and whole', async () => {
    await collection('many', { 'x/a': 'a', 'x/"b", c': 'b' })
    const job = await finished({ kind: 'copy', items: [copy('x/a', 'many'), copy('x/"b", c', 'many'), copy('y/none', 'many')] })
    const items = (query: string, accept = 'application/json'): Promise<Response> =>
      of().call('alice', 'GET', `/v1/jobs/${job.id}/items${query}`, undefined, { accept })
    const paths = async (query: string): Promise<string[]> =>
      ((await (await items(query)).json()) as { items: { source: { path: string } }[] }).items.map(item => item.source.path)
    expect(await paths('')).toEqual(['x/a', 'x/"b", c', 'y/none'])
    expect(await paths('?state=failed,evicted')).toEqual(['y/none'])
    expect(await paths('?path=x/')).toEqual(['x/a', 'x/"b", c'])
    expect(await paths('?state=cancelled')).toEqual([])
    expect(await paths('?from=1')).toEqual(['x/"b", c', 'y/none'])
    expect(await paths('?from=0&limit=1')).toEqual(['x/a'])
    expect(await paths('?from=1&path=x/')).toEqual(['x/"b", c'])
    expect(await paths('?from=2&state=failed')).toEqual(['y/none'])
    expect(await paths('?from=3')).toEqual([])
    for (const query of ['?state=', '?state=open', '?path=x&foo=1', '?limit=0', '?from=-1']) expect((await items(query)).status, query).toBe(400)

    const ndjson = await items('?limit=2', 'application/x-ndjson')
    expect(ndjson.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    const lines = (await ndjson.text()).trimEnd().split('\n')
    expect(lines.map(line => (JSON.parse(line) as { seq: number }).seq)).toEqual([0, 1])
    const next = /^<(.+)>/.exec(ndjson.headers.get('link') ?? '')?.[1] ?? ''
    const csv = await of().call('alice', 'GET', next, undefined, { accept: 'text/csv' })
    expect(csv.headers.get('content-type')).toContain('text/csv')
    expect(await csv.text()).toMatch(/^seq,state,sourceCollection,.*\r\n2,failed,many,y\/none,.*entry_not_found,/)

    const report = await of().call('alice', 'GET', `/v1/jobs/${job.id}/report`)
    expect(report.headers.get('content-disposition')).toBe(`attachment; filename="job-${job.number}.csv"`)
    const rows = (await report.text()).split('\r\n')
    expect(rows).toHaveLength(5)
    expect(rows[2]).toMatch(/^1,done,many,"x\/""b"", c",/)
    const failed = await of().call('alice', 'GET', `/v1/jobs/${job.id}/report?format=ndjson&state=failed`)
    expect(failed.headers.get('content-disposition')).toBe(`attachment; filename="job-${job.number}.ndjson"`)
    expect((await failed.text()).trimEnd().split('\n')).toHaveLength(1)
    expect(await refused(await of().call('alice', 'GET', `/v1/jobs/${job.id}/report?format=xml`))).toMatchObject({ status: 400, pointers: ['format'] })
  })

  it('are whole and in order, however many', async () => {
    const items = Array.from({ length: 10_000 }, (_, n) => copy(`${n}`))
    const job = await finished({ kind: 'copy', items, dryRun: true })
    const report = await (await of().call('alice', 'GET', `/v1/jobs/${job.id}/report?format=ndjson`)).text()
    const seqs = report
      .trimEnd()
      .split('\n')
      .map(line => (JSON.parse(line) as { seq: number }).seq)
    expect(seqs).toEqual(items.map((_, n) => n))
  })
})
