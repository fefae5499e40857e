import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { examine } from '../../src/doctor.ts'
import { loadConfig } from '../../src/config.ts'
import { gathered } from '../support/gathered.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { SWIFT_START_MS, startSwift, type SwiftServer } from '../support/servers/swift.ts'
import { sha256 } from '../support/sha256.ts'

interface Reply {
  readonly outcome: string
  readonly id: string
  readonly counts: Readonly<Record<string, number>>
}
interface ListReply {
  readonly items: readonly {
    readonly path: string
    readonly version: number
    readonly digest: string | null
    readonly size: number
    readonly modifiedBy: string
  }[]
  readonly prefixes: readonly string[]
  readonly nextCursor: string | null
}
interface ItemReply {
  readonly items: readonly { readonly state: string; readonly source: { readonly path: string }; readonly reason: { readonly code: string } | null }[]
}

const MOST_MS = 120_000

let swift: SwiftServer
let s3: S3Client
let root: string
let server: TestServer
let token: string
let stores: Record<string, object>

beforeAll(async () => {
  swift = await startSwift()
  const { url: endpoint, region, credentials } = swift
  s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' })
  await s3.send(new CreateBucketCommand({ Bucket: 'museum' }))
  root = await mkdtemp(join(tmpdir(), 'waybill-attached-'))
  for (const name of ['photos', 'mirror', 'archive']) await mkdir(join(root, name))
  vi.stubEnv('MUSEUM_KEY', credentials.accessKeyId)
  vi.stubEnv('MUSEUM_SECRET', credentials.secretAccessKey)
  const bucket = { kind: 'attached', bucket: 'museum', endpoint, accessKeyIdVariable: 'MUSEUM_KEY', secretAccessKeyVariable: 'MUSEUM_SECRET' }
  stores = {
    local: { kind: 'local' },
    photos: { kind: 'attached', directory: join(root, 'photos') },
    mirror: { kind: 'attached', directory: join(root, 'mirror') },
    archive: { kind: 'attached', directory: join(root, 'archive'), readonly: true },
    bucket: { ...bucket, prefix: 'one' },
    other: { ...bucket, prefix: 'two' },
  }
  server = await startTestServer({ stores, logLevel: 'fatal' })
  token = await server.token('alice', ['admin'])
  for (const id of ['photos', 'mirror', 'archive', 'bucket', 'other']) expect((await call('POST', '/v1/collections', { id, store: id })).status).toBe(201)
  expect((await call('POST', '/v1/collections', { id: 'managed' })).status).toBe(201)
}, SWIFT_START_MS)
afterAll(async () => {
  await server.close()
  await swift.stop()
  await rm(root, { recursive: true, force: true })
  vi.unstubAllEnvs()
})

function call(method: string, path: string, body?: unknown): Promise<Response> {
  return server.call('alice', method, path, body, { authorization: `Bearer ${token}`, prefer: 'wait=60' })
}
async function json<T>(answer: Promise<Response>): Promise<T> {
  return (await (await answer).json()) as T
}
async function write(place: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, place, path)), { recursive: true })
  await writeFile(join(root, place, path), text)
}
function read(place: string, path: string): Promise<string> {
  return readFile(join(root, place, path), 'utf8')
}
function list(collection: string, query = ''): Promise<ListReply> {
  return json(call('GET', `/v1/collections/${collection}/entries?limit=1000${query}`))
}
async function paths(collection: string, query = ''): Promise<string[]> {
  return (await list(collection, query)).items.map(({ path }) => path)
}
/** Copies a prefix of one collection into another. */
function copy(from: readonly [string, string], to: readonly [string, string], more: object = {}): Promise<Reply> {
  const select = [{ source: { collection: from[0], prefix: from[1] }, destination: { collection: to[0], prefix: to[1] } }]
  return json(call('POST', '/v1/jobs', { kind: 'copy', select, ...more }))
}
async function reasons(job: Reply): Promise<unknown[]> {
  const { items } = await json<ItemReply>(call('GET', `/v1/jobs/${job.id}/items?limit=1000`))
  return items.flatMap(({ state, source, reason }) => (reason === null ? [] : [[source.path, state, reason.code]]))
}
async function bytes(collection: string, path: string): Promise<string> {
  const answer = await call('GET', `/v1/collections/${collection}/entries/${path}`)
  expect(answer.status, path).toBe(200)
  return answer.text()
}

describe('a server with attached places', () => {
  it('shows what lies in a directory, and whatever becomes of it, with no job between', async () => {
    await write('photos', 'shown/a.txt', 'one')
    await write('photos', 'shown/deep/b.txt', 'two')
    expect(await paths('photos', '&prefix=shown/')).toEqual(['shown/a.txt', 'shown/deep/b.txt'])
    const level = await list('photos', '&prefix=shown/&delimiter=/')
    expect([level.items.map(({ path }) => path), level.prefixes]).toEqual([['shown/a.txt'], ['shown/deep/']])
    expect(await bytes('photos', 'shown/a.txt')).toBe('one')
    await write('photos', 'shown/a.txt', 'changed')
    await write('photos', 'shown/c.txt', 'new')
    await rm(join(root, 'photos/shown/deep'), { recursive: true })
    expect(await bytes('photos', 'shown/a.txt')).toBe('changed')
    const after = await list('photos', '&prefix=shown/')
    expect(after.items.map(({ path, version, digest, modifiedBy }) => [path, version, digest, modifiedBy])).toEqual([
      ['shown/a.txt', 2, null, '(outside)'],
      ['shown/c.txt', 1, null, '(outside)'],
    ])
    expect((await call('GET', '/v1/collections/photos/entries/shown/deep/b.txt')).status).toBe(404)
    expect((await call('GET', '/v1/collections/photos/entries/shown/a.txt?version=1')).status).toBe(404)
    const part = await server.call('alice', 'GET', '/v1/collections/photos/entries/shown/a.txt', undefined, {
      authorization: `Bearer ${token}`,
      range: 'bytes=2-4',
    })
    expect([part.status, await part.text()]).toEqual([206, 'ang'])
  })

  it(
    'imports thousands of files, learns their digests, and reads none twice that stayed the same',
    async () => {
      for (let n = 0; n < 2_000; n++) await write('photos', `many/${n % 7}/${n}.txt`, `file ${n}`)
      const job = await copy(['photos', 'many/'], ['managed', 'imported/'])
      expect(job).toMatchObject({ outcome: 'succeeded', counts: { done: 2_000, total: 2_000 } })
      expect(await bytes('managed', 'imported/3/10.txt')).toBe('file 10')
      expect((await list('photos', '&prefix=many/3/10.txt')).items[0]?.digest).toBe(sha256('file 10'))
      expect(await copy(['photos', 'many/'], ['managed', 'again/'])).toMatchObject({ outcome: 'succeeded', counts: { done: 2_000 } })
      await write('photos', 'many/3/10.txt', 'file XX')
      expect(await copy(['photos', 'many/3/'], ['managed', 'imported/3/'])).toMatchObject({ outcome: 'succeeded' })
      expect(await bytes('managed', 'imported/3/10.txt')).toBe('file XX')
    },
    MOST_MS,
  )

  it(
    'exports files under their own names, for any tool to read',
    async () => {
      for (const path of ['a', 'b/c', 'ü/😀']) {
        const put = await fetch(`${server.url}/v1/collections/managed/entries/export/${encodeURI(path)}`, {
          method: 'PUT',
          body: `bytes of ${path}`,
          headers: { authorization: `Bearer ${token}` },
        })
        expect(put.status).toBe(201)
      }
      expect(await copy(['managed', 'export/'], ['photos', 'exported/'])).toMatchObject({ outcome: 'succeeded', counts: { done: 3 } })
      expect(await read('photos', 'exported/b/c')).toBe('bytes of b/c')
      expect(await read('photos', 'exported/ü/😀')).toBe('bytes of ü/😀')
      const { items } = await list('photos', '&prefix=exported/')
      expect(items.map(({ version, digest, modifiedBy }) => [version, digest, modifiedBy])).toEqual(
        ['a', 'b/c', 'ü/😀'].map(path => [1, sha256(`bytes of ${path}`), 'alice']),
      )
      expect(await readdir(join(root, 'photos/.waybill'))).toEqual([])
    },
    MOST_MS,
  )

  it('judges files from outside by the conflict policy, and never writes over them unless it says so', async () => {
    for (const n of [1, 2, 3, 4]) await write('photos', `policy/from/${n}`, `ours ${n}`)
    await write('photos', 'policy/skip/1', 'theirs')
    await write('photos', 'policy/fail/1', 'theirs')
    await write('photos', 'policy/rename/1', 'theirs')
    await write('photos', 'policy/rename/1_1', 'theirs')
    await write('photos', 'policy/version/1', 'theirs')
    const run = (conflict: string): Promise<Reply> => copy(['photos', 'policy/from/'], ['photos', `policy/${conflict}/`], { conflict })
    expect(await run('skip')).toMatchObject({ outcome: 'succeeded', counts: { done: 3, skipped: 1 } })
    expect(await run('fail')).toMatchObject({ outcome: 'partial', counts: { done: 3, failed: 1 } })
    expect(await run('rename')).toMatchObject({ outcome: 'succeeded', counts: { done: 4 } })
    expect(await run('version')).toMatchObject({ outcome: 'succeeded', counts: { done: 4 } })
    expect([await read('photos', 'policy/skip/1'), await read('photos', 'policy/fail/1')]).toEqual(['theirs', 'theirs'])
    expect([await read('photos', 'policy/rename/1'), await read('photos', 'policy/rename/1_1'), await read('photos', 'policy/rename/2_1')]).toEqual([
      'theirs',
      'theirs',
      'ours 1',
    ])
    expect(await read('photos', 'policy/version/1')).toBe('ours 1')
    expect((await list('photos', '&prefix=policy/version/1')).items[0]?.version).toBe(2)
  })

  it(
    'copies between two directories, two parts of a bucket, and from one to the other',
    async () => {
      for (let n = 0; n < 60; n++) await write('photos', `round/${n}`, `file ${n}`.repeat(n))
      const rounds = [
        ['photos', 'mirror'],
        ['mirror', 'bucket'],
        ['bucket', 'other'],
        ['other', 'archive'],
      ] as const
      for (const [from, to] of rounds.slice(0, 3)) {
        expect(await copy([from, 'round/'], [to, 'round/']), `${from} to ${to}`).toMatchObject({ outcome: 'succeeded', counts: { done: 60 } })
      }
      const refused = await call('POST', '/v1/jobs', {
        kind: 'copy',
        select: [{ source: { collection: 'other', prefix: '' }, destination: { collection: 'archive', prefix: '' } }],
      })
      expect(await refused.json()).toMatchObject({ code: 'unsupported', errors: [{ pointer: '/select/0/destination/collection' }] })
      expect(await copy(['other', 'round/'], ['managed', 'round/'], { verify: 'digest' })).toMatchObject({ outcome: 'succeeded', counts: { done: 60 } })
      for (const n of [0, 1, 59]) {
        expect(await read('mirror', `round/${n}`)).toBe(`file ${n}`.repeat(n))
        const object = await s3.send(new GetObjectCommand({ Bucket: 'museum', Key: `two/round/${n}` }))
        expect(await object.Body?.transformToString()).toBe(`file ${n}`.repeat(n))
        expect(await bytes('managed', `round/${n}`)).toBe(`file ${n}`.repeat(n))
      }
      const kept = await s3.send(new ListObjectsV2Command({ Bucket: 'museum', Prefix: 'two/.waybill/' }))
      expect(kept.Contents ?? []).toEqual([])
    },
    MOST_MS,
  )

  it('notices objects from outside in a bucket', async () => {
    const put = (text: string) => s3.send(new PutObjectCommand({ Bucket: 'museum', Key: 'one/outside/x', Body: text }))
    await put('one')
    expect(await paths('bucket', '&prefix=outside/')).toEqual(['outside/x'])
    expect(await copy(['bucket', 'outside/'], ['managed', 'outside/'])).toMatchObject({ outcome: 'succeeded' })
    await put('two')
    expect(await bytes('bucket', 'outside/x')).toBe('two')
    expect(await copy(['bucket', 'outside/'], ['managed', 'outside/'])).toMatchObject({ outcome: 'succeeded' })
    expect(await bytes('managed', 'outside/x')).toBe('two')
  })

  it('tells in its items of links and names that it cannot copy, and copies the rest', async () => {
    await write('mirror', 'odd/good', 'good')
    await symlink('/etc/passwd', join(root, 'mirror/odd/link'))
    await writeFile(Buffer.concat([Buffer.from(join(root, 'mirror/odd/bad')), Buffer.from([0xff])]), 'x')
    const job = await copy(['mirror', 'odd/'], ['managed', 'odd/'])
    expect(job).toMatchObject({ outcome: 'partial', counts: { done: 1, failed: 2, total: 3 } })
    expect(await reasons(job)).toEqual([
      ['odd/bad%ff', 'failed', 'invalid_path'],
      ['odd/link', 'failed', 'unsupported'],
    ])
    const named = await json<Reply>(
      call('POST', '/v1/jobs', { kind: 'copy', items: [{ source: { collection: 'mirror', path: 'odd/link' }, destination: { collection: 'managed' } }] }),
    )
    expect(await reasons(named)).toEqual([['odd/link', 'failed', 'entry_not_found']])
  })

  it('shows every file in lists, however many things that are none lie between', async () => {
    for (let n = 0; n < 9; n++) {
      if (n % 4 === 3) await write('photos', `between/${n}`, 'x')
      else {
        await mkdir(join(root, 'photos/between'), { recursive: true })
        await symlink('/etc/passwd', join(root, `photos/between/${n}`))
      }
    }
    await write('photos', 'between/deep/x', 'x')
    const all: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: ListReply = await json(call('GET', `/v1/collections/photos/entries?limit=1&prefix=between/${cursor === '' ? '' : `&cursor=${cursor}`}`))
      all.push(...page.items.map(({ path }) => path))
      cursor = page.nextCursor
    }
    expect(all).toEqual(['between/3', 'between/7', 'between/deep/x'])
    expect(await paths('photos', '&prefix=between/&kind=folder')).toEqual([])
  })

  it('works on items one after the other where they touch each other', async () => {
    await write('photos', 'chain/a', 'first')
    const at = (path: string) => ({ collection: 'photos', path: `chain/${path}` })
    const items = [
      { source: at('a'), destination: at('b') },
      { source: at('b'), destination: at('c') },
      { source: at('c'), destination: at('a') },
    ]
    expect(await json<Reply>(call('POST', '/v1/jobs', { kind: 'copy', items }))).toMatchObject({ outcome: 'succeeded', counts: { done: 3 } })
    expect(await read('photos', 'chain/c')).toBe('first')
    expect((await list('photos', '&prefix=chain/a')).items[0]).toMatchObject({ version: 2, digest: null })
  })

  it(
    'deletes what a job selects, from directories and buckets, and nothing else',
    async () => {
      for (let n = 0; n < 600; n++) await write('mirror', `gone/${n % 3}/${n}`, 'x')
      await write('mirror', 'going/on', 'x')
      const erase = (collection: string, prefix: string): Promise<Reply> =>
        json(call('POST', '/v1/jobs', { kind: 'delete', select: [{ source: { collection, prefix } }] }))
      expect(await erase('mirror', 'gone/')).toMatchObject({ outcome: 'succeeded', counts: { done: 600 } })
      expect(await paths('mirror', '&prefix=go')).toEqual(['going/on'])
      expect((await readdir(join(root, 'mirror/gone'), { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())).toEqual([])
      for (const n of [1, 2, 3]) await s3.send(new PutObjectCommand({ Bucket: 'museum', Key: `one/gone/${n}`, Body: 'x' }))
      expect(await erase('bucket', 'gone/')).toMatchObject({ outcome: 'succeeded', counts: { done: 3 } })
      expect((await s3.send(new ListObjectsV2Command({ Bucket: 'museum', Prefix: 'one/gone/' }))).Contents ?? []).toEqual([])
    },
    MOST_MS,
  )

  it('rehearses without writing, and judges what lies there', async () => {
    await write('photos', 'dry/a', 'a')
    await write('photos', 'dry/b', 'b')
    await write('mirror', 'dry/a', 'theirs')
    const job = await copy(['photos', 'dry/'], ['mirror', 'dry/'], { dryRun: true, conflict: 'fail' })
    expect(job).toMatchObject({ outcome: 'partial', counts: { done: 1, failed: 1 } })
    expect(await readdir(join(root, 'mirror/dry'))).toEqual(['a'])
  })

  it('keeps what is said of a file, whatever becomes of its bytes', async () => {
    await write('photos', 'said/a', 'a')
    const job = await json<Reply>(
      call('POST', '/v1/jobs', { kind: 'update', items: [{ source: { collection: 'photos', path: 'said/a' }, fields: { title: 'A' } }] }),
    )
    expect(job.outcome).toBe('succeeded')
    await write('photos', 'said/a', 'changed')
    expect((await list('photos', '&prefix=said/')).items[0]).toMatchObject({ version: 3, fields: { title: 'A' } })
    expect(await bytes('photos', 'said/a')).toBe('changed')
  })

  it('refuses what it does not offer, before anything of it is done', async () => {
    await write('photos', 'kept', 'kept')
    const source = { collection: 'photos', path: 'kept' }
    for (const body of [
      { kind: 'delete', items: [{ source: { collection: 'archive', path: 'kept' } }] },
      { kind: 'move', items: [{ source, destination: { collection: 'managed' } }] },
      { kind: 'move', items: [{ source: { collection: 'managed', path: 'x' }, destination: { collection: 'photos' } }] },
    ]) {
      const answer = await call('POST', '/v1/jobs', body)
      expect([answer.status, ((await answer.json()) as { code: string }).code], JSON.stringify(body)).toEqual([501, 'unsupported'])
    }
    expect((await call('PUT', '/v1/collections/photos/entries/kept', 'mine')).status).toBe(501)
    expect((await call('DELETE', '/v1/collections/photos/entries/kept')).status).toBe(501)
    expect(await read('photos', 'kept')).toBe('kept')
    expect((await call('POST', '/v1/collections', { id: 'second', store: 'photos' })).status).toBe(409)
    expect((await call('POST', '/v1/collections', { id: 'o/wner', store: 'photos' })).status).toBe(501)
    const weak = await server.call('bob', 'POST', '/v1/collections', { id: 'bobs', store: 'photos' })
    expect([weak.status, ((await weak.json()) as { code: string }).code]).toEqual([403, 'insufficient_scope'])
  })

  it('lets go of a place without touching its files, and attaches it again', async () => {
    await write('archive', 'old', 'old')
    expect(await paths('archive')).toEqual(['old'])
    expect((await call('DELETE', '/v1/collections/archive')).status).toBe(204)
    expect(await read('archive', 'old')).toBe('old')
    expect((await call('POST', '/v1/collections', { id: 'archive', store: 'archive' })).status).toBe(201)
    expect(await paths('archive')).toEqual(['old'])
    expect(await readdir(join(root, 'archive'))).toEqual(['old'])
  })

  it('is found well by the doctor', async () => {
    const findings = await gathered(examine(loadConfig({ flags: { data: server.data, stores } })))
    for (const name of ['photos', 'archive', 'bucket']) {
      expect(findings.find(({ what }) => what === `store ${name}`)).toMatchObject({ well: true, found: expect.stringContaining('attached') as string })
    }
  })
})
