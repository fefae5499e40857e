import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROJECT, cut, download, sendPart, startTransfers, startUpload, upload, urlOf, type Transfers } from './transfers.ts'
import { callerOf } from './world.ts'
import { sha256 } from '../../support/sha256.ts'

const HOUR_MS = 3600 * 1000

let t: Transfers
beforeAll(async () => {
  t = await startTransfers({ sevenbridgesRequests: 100_000 })
})
afterAll(() => t.close())

function put(url: string, bytes: string): Promise<Response> {
  return fetch(url, { method: 'PUT', body: Buffer.from(bytes) })
}

async function partUrl(id: string, number: number): Promise<string> {
  return (await t.alice.json<{ url: string }>('GET', `/v2/upload/multipart/${id}/part/${number}`)).url
}

const begin = (name: string, bytes = 'abcdefgh', more: object = {}): Promise<{ upload_id: string; part_size: number }> =>
  startUpload(t.alice, { project: PROJECT, name, bytes, partSize: 3, ...more })

describe('an upload as the official client does it', () => {
  it.each([
    ['whole parts', 'abcdef', 3],
    ['a shorter last part', 'abcdefgh', 3],
    ['a last part of one byte, which goes with the one before', 'abcdefg', 3],
    ['one part', 'abc', 3],
    ['parts of the usual size', 'x'.repeat(100_000), undefined],
  ])('with %s', async (name, bytes, partSize) => {
    const file = await upload(t.alice, { project: PROJECT, name, bytes, ...(partSize === undefined ? {} : { partSize }) })
    expect(file).toMatchObject({ name, size: bytes.length, project: PROJECT, type: 'file', parent: 'root~alice~data' })
    expect(await t.alice.json('GET', `/v2/files/${String(file['id'])}`)).toEqual(file)
    expect(await download(await urlOf(t.alice, String(file['id'])), 30_000)).toBe(bytes)
  })

  it('into a folder', async () => {
    const folder = await t.alice.json<{ id: string }>('POST', '/v2/files', { name: 'in', type: 'folder', project: PROJECT }, 201)
    expect(await upload(t.alice, { parent: folder.id, name: 'f', bytes: 'abcd', partSize: 3 })).toMatchObject({
      name: 'f',
      parent: folder.id,
      project: PROJECT,
    })
  })

  it('over a file, when that is wished', async () => {
    const first = await upload(t.alice, { project: PROJECT, name: 'twice', bytes: 'first' })
    expect(await t.alice.refusal('POST', '/v2/upload/multipart', { project: PROJECT, name: 'twice', size: 6 })).toMatchObject({ status: 409, code: 5003 })
    expect(await t.alice.refusal('POST', '/v2/upload/multipart?overwrite=false', { project: PROJECT, name: 'twice', size: 6 })).toMatchObject({ code: 5003 })
    const second = await upload(t.alice, { project: PROJECT, name: 'twice', bytes: 'second', overwrite: true })
    expect(second).toMatchObject({ id: first['id'], size: 6 })
  })
})

describe('the answers', () => {
  it('tell an upload and its parts', async () => {
    const { upload_id: id } = await begin('told')
    await sendPart(t.alice, id, 2, 'def')
    const told = {
      href: `${t.server.url}/v2/upload/multipart/${id}`,
      upload_id: id,
      project: PROJECT,
      name: 'told',
      size: 8,
      part_size: 3,
      parallel_uploads: true,
      initialized_on: '2026-01-01T00:00:00Z',
      expires_on: '2026-01-08T00:00:00Z',
      parts: [{ part_number: 2, size: 3, response: { headers: { ETag: sha256('def') } } }],
    }
    expect(await t.alice.json('GET', `/v2/upload/multipart/${id}`)).toEqual(told)
  })

  it('describe how to send a part', async () => {
    const { upload_id: id } = await begin('described')
    const info = await t.alice.json<{ url: string }>('GET', `/v2/upload/multipart/${id}/part/1`)
    expect(info).toEqual({
      method: 'PUT',
      url: info.url,
      expires: '2026-01-01T01:00:00Z',
      headers: {},
      success_codes: [200],
      report: { headers: ['ETag'] },
    })
    expect(info.url.startsWith(`${t.server.url}/upload/`)).toBe(true)
    const answer = await put(info.url, 'abc')
    expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([200, `"${sha256('abc')}"`, ''])
  })

  it('choose a size of parts that keeps them few', async () => {
    const start = (size: number, part_size?: number): Promise<{ part_size: number }> =>
      t.alice.json('POST', '/v2/upload/multipart', { project: PROJECT, name: `sized ${size} ${part_size}`, size, part_size })
    expect((await start(10)).part_size).toBe(32 * 1024 * 1024)
    expect((await start(10, 5_242_880)).part_size).toBe(5_242_880)
    expect((await start(5 * 1024 ** 4, 5_242_880)).part_size).toBe(549_755_814)
  })

  it('of an empty file', async () => {
    const { upload_id: id } = await begin('empty', '')
    expect(await t.alice.json('POST', `/v2/upload/multipart/${id}/complete`)).toMatchObject({ name: 'empty', size: 0 })
  })

  it('refuse what is no upload', async () => {
    const of = (body: object, query = ''): Promise<object> => t.alice.refusal('POST', `/v2/upload/multipart${query}`, body)
    const good = { project: PROJECT, name: 'new', size: 1 }
    expect(await of({ ...good, name: '' })).toMatchObject({ status: 400, code: 10235 })
    expect(await of({ ...good, name: 'a/b' })).toMatchObject({ code: 10235 })
    for (const size of [undefined, -1, 1.5, '1']) expect(await of({ ...good, size })).toMatchObject({ status: 400, code: 5033 })
    expect(await of({ ...good, part_size: -1 })).toMatchObject({ code: 5033 })
    expect(await of({ ...good, size: 6 * 1024 ** 4 })).toMatchObject({ status: 413 })
    expect(await of({ ...good, project: undefined })).toMatchObject({ code: 5029 })
    expect(await of({ ...good, parent: 'x' })).toMatchObject({ code: 5031 })
    expect(await of({ ...good, project: 'alice/none' })).toMatchObject({ status: 404, code: 3002 })
    expect(await of(good, '?overwrite=perhaps')).toMatchObject({ status: 400 })
    await t.alice.json('POST', '/v2/files', { name: 'folder', type: 'folder', project: PROJECT }, 201)
    expect(await of({ ...good, name: 'folder' }, '?overwrite=true')).toMatchObject({ status: 409, code: 5003 })
    expect((await t.alice.refusal('GET', '/v2/upload/multipart/none')).status).toBe(404)
  })

  it('refuse parts that do not fit, and what is not complete', async () => {
    const { upload_id: id } = await begin('unfit')
    const base = `/v2/upload/multipart/${id}`
    for (const number of ['0', '4', 'x', '1e1']) expect((await t.alice.refusal('GET', `${base}/part/${number}`)).status).toBe(400)
    expect((await put(await partUrl(id, 1), 'abcd')).status).toBe(400)
    expect((await put(await partUrl(id, 1), '')).status).toBe(400)
    await sendPart(t.alice, id, 1, 'abc')
    const reported = (part_number: unknown, ETag?: string): Promise<{ status: number }> =>
      t.alice.refusal('POST', `${base}/part`, { part_number, response: { headers: { ETag } } })
    expect((await reported(2, 'x')).status).toBe(400)
    expect((await reported('1')).status).toBe(400)
    expect((await reported(1, sha256('abd'))).status).toBe(400)
    await t.alice.json('POST', `${base}/part`, { part_number: 1, response: { headers: { etag: `"${sha256('abc')}"` } } })
    await t.alice.json('POST', `${base}/part`, { part_number: 1 })
    const refused = await t.alice.refusal('POST', `${base}/complete`, 'null')
    expect(refused).toMatchObject({ status: 400 })
    expect(refused.message).toContain('missing: 2, 3')
  })

  it('of one that is aborted', async () => {
    const { upload_id: id } = await begin('aborted')
    const url = await partUrl(id, 1)
    expect((await t.alice.send('DELETE', `/v2/upload/multipart/${id}`, '{}')).status).toBe(204)
    expect((await put(url, 'abc')).status).toBe(404)
    expect((await t.alice.refusal('DELETE', `/v2/upload/multipart/${id}`, '{}')).status).toBe(404)
  })

  it('of one that came second', async () => {
    const { upload_id: id } = await begin('raced', 'abc')
    await sendPart(t.alice, id, 1, 'abc')
    await upload(t.alice, { project: PROJECT, name: 'raced', bytes: 'quicker' })
    expect(await t.alice.refusal('POST', `/v2/upload/multipart/${id}/complete`, 'null')).toMatchObject({ status: 409, code: 5003 })
  })

  it('of one that is completed again, as when an answer was lost', async () => {
    const { upload_id: id } = await begin('again', 'abc')
    await sendPart(t.alice, id, 1, 'abc')
    const [one, two] = await Promise.all([1, 2].map(() => t.alice.json('POST', `/v2/upload/multipart/${id}/complete`, 'null')))
    expect(one).toEqual(two)
    expect(await t.alice.json('POST', `/v2/upload/multipart/${id}/complete`, 'null')).toEqual(one)
  })

  it('are for whoever may write alone', async () => {
    const { upload_id: id } = await begin('mine')
    const reader = await t.client('alice', ['read'])
    expect(await reader.refusal('POST', '/v2/upload/multipart', { project: PROJECT, name: 'n', size: 1 })).toMatchObject({ status: 403 })
    const bob = await t.client('bob')
    expect(await bob.refusal('POST', '/v2/upload/multipart', { project: PROJECT, name: 'n', size: 1 })).toMatchObject({ status: 404, code: 3002 })
    await t.server.ledger.setGrant(PROJECT, 'bob', 'readonly')
    expect(await bob.refusal('POST', '/v2/upload/multipart', { project: PROJECT, name: 'n', size: 1 })).toMatchObject({ status: 403, code: 3001 })
    await t.server.ledger.setGrant(PROJECT, 'bob', 'readwrite')
    for (const path of ['', '/part/1']) expect((await bob.refusal('GET', `/v2/upload/multipart/${id}${path}`)).status).toBe(404)
    await t.server.ledger.removeGrant(PROJECT, 'bob')
  })
})

describe('the URL of a part', () => {
  it('holds for its one part, to be written', async () => {
    const { upload_id: id } = await begin('signed')
    const [one, two] = [await partUrl(id, 1), await partUrl(id, 2)]
    const signature = new URL(one).search
    expect((await put(two.split('?')[0] + signature, 'def')).status).toBe(403)
    expect((await put(one.split('?')[0] ?? '', 'abc')).status).toBe(403)
    expect((await fetch(one)).status).toBe(405)
    expect((await fetch(one.replace('/upload/', '/download/'))).status).toBe(403)
    expect((await put(one, 'abc')).status).toBe(200)
    expect((await put(one, 'xyz')).status, 'again, with other bytes').toBe(200)
    for (const { number, bytes } of cut('...defgh', 3).slice(1)) await sendPart(t.alice, id, number, bytes)
    const { id: file } = await t.alice.json<{ id: string }>('POST', `/v2/upload/multipart/${id}/complete`, 'null')
    expect(await download(await urlOf(t.alice, file), 100)).toBe('xyzdefgh')
    expect((await put(one, 'abc')).status, 'after the end').toBe(404)
  })

  it('ends, and with it what the one who asked for it may do', async () => {
    await t.server.ledger.setGrant(PROJECT, 'carol', 'readwrite')
    const carol = await t.client('carol')
    const { upload_id: id } = await startUpload(carol, { project: PROJECT, name: 'revoked', bytes: 'abc', partSize: 3 })
    const { url } = await carol.json<{ url: string }>('GET', `/v2/upload/multipart/${id}/part/1`)
    await t.server.ledger.setGrant(PROJECT, 'carol', 'readonly')
    expect((await put(url, 'abc')).status).toBe(403)
    await t.server.ledger.removeGrant(PROJECT, 'carol')
    expect((await put(url, 'abc')).status).toBe(404)
    await t.server.ledger.setGrant(PROJECT, 'carol', 'readwrite')
    expect((await put(url, 'abc')).status).toBe(200)
    t.clock.advance(HOUR_MS)
    const late = await put(url, 'abc')
    expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([403, 'invalid_signature'])
    expect((await t.server.engine.uploads.get(callerOf('carol'), id)).parts).toHaveLength(1)
  })
})
