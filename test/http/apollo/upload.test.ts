import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Answer, Http } from '../../support/http.ts'
import { REFUSED, expectRefusal, jsonOf } from './answers.ts'
import { related, upload } from './bodies.ts'
import type { UploadParts } from './bodies.ts'
import { startWorld } from './world.ts'
import type { World } from './world.ts'

describe('PUT /apollo/files/upload/{filename}', () => {
  let world: World
  let alice: Http
  let name = ''
  let count = 0

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
    await world.collection('vault')
    await world.collection('bobs', 'bob')
    await world.grant('bobs', 'alice', 'readonly')
  })

  afterAll(() => world.stop())

  beforeEach(() => {
    count += 1
    name = `file-${count}`
  })

  const put = (parts: UploadParts, headers: Record<string, string> = {}, path = `/apollo/files/upload/${name}`, http = alice): Promise<Answer> => {
    const { body, headers: announced } = upload(parts)
    return http.send('PUT', path, body, { ercollectionid: 'vault', ...announced, ...headers })
  }
  const plain = (media: Buffer | string = 'bytes', more: object = {}): UploadParts => ({ metadata: { file_name: name, ...more }, media })
  const get = (file = name): Promise<Answer> => alice.send('GET', `/files/${encodeURIComponent(file)}`, undefined, { ercollectionid: 'vault' })

  it('answers the new entity with the documented keys and types', async () => {
    const metadata = { file_name: name, file_description: 'an image', file_size: 5, file_type: 'image/jpeg', file_rating: '5', 'max-age': 60 }
    const answer = jsonOf<{ status: { code: string }; data: { entityId: string } }>(await put({ metadata, media: 'bytes' }))
    expect(answer.status.code).toBe('200')
    expect(answer.data).toEqual({
      message: 'New Entity Created with Media and Metadata',
      entityId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      version: '1',
      fileName: name,
      fileSize: 5,
      fileType: 'image/jpeg',
    })
    const again = jsonOf<{ data: { entityId: string } }>(await put({ metadata, media: 'more bytes' }, {}, `/files/upload/${name}`))
    expect(again.data).toMatchObject({ entityId: answer.data.entityId, version: '2', fileSize: 10 })
  })

  it('stores any bytes exactly, those that look like boundaries included', async () => {
    const media = Buffer.concat([
      Buffer.from('\r\n--foo_bar\r\n--'),
      Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      Buffer.alloc(300_000, '\r\n-'),
    ])
    expect(jsonOf<{ data: { fileSize: number } }>(await put(plain(media))).data.fileSize).toBe(media.length)
    expect((await get()).bytes.equals(media)).toBe(true)
  })

  it('takes names as the path encodes them, decoded once', async () => {
    for (const [path, file] of [
      ['%2541.txt', '%41.txt'],
      ['a+b.txt', 'a+b.txt'],
      ['a%20b%2Fc.txt', 'a b/c.txt'],
      ['%C3%BC.txt', 'ü.txt'],
      ['upload', 'upload'],
      ['version', 'version'],
    ]) {
      const answer = jsonOf<{ data: object }>(await put({ metadata: { file_name: file }, media: 'x' }, {}, `/apollo/files/upload/${path}`))
      expect(answer.data).toMatchObject({ fileName: file })
    }
  })

  it('keeps long names, up to 1,024 characters', async () => {
    const long = 'ü'.repeat(1024)
    jsonOf(await put({ metadata: { file_name: long }, media: 'x' }, {}, `/apollo/files/upload/${encodeURIComponent(long)}`))
    expectRefusal(
      await put({ metadata: { file_name: `${long}x` }, media: 'x' }, {}, `/apollo/files/upload/${encodeURIComponent(`${long}x`)}`),
      400,
      /^The Filename is invalid: .*1025/,
    )
  })

  it('decodes base64 where it is announced or meant, and nowhere else', async () => {
    const encoded = Buffer.from('the bytes').toString('base64')
    const stored = async (parts: UploadParts): Promise<string> => {
      jsonOf(await put(parts))
      return (await get()).body
    }
    const announced = { 'Content-Type': 'text/plain', 'Content-Transfer-Encoding': 'BASE64' }
    expect(await stored({ ...plain(encoded), mediaHeaders: announced })).toBe('the bytes')
    expect(await stored({ ...plain('the bytes'), mediaHeaders: { 'Content-Transfer-Encoding': 'binary' } })).toBe('the bytes')
    expect(await stored(plain(encoded))).toBe(encoded)
    expect(await stored(plain(encoded, { file_size: encoded.length }))).toBe(encoded)
    expect(await stored(plain(encoded, { file_size: 9 }))).toBe('the bytes')
    expectRefusal(await put({ ...plain('no base64!'), mediaHeaders: announced }), 400, /base64/)
    expectRefusal(
      await put({ ...plain('x'), mediaHeaders: { 'Content-Transfer-Encoding': 'quoted-printable' } }),
      400,
      /^The request is invalid: .*Content-Transfer-Encoding/,
    )
  })

  it('obeys If-None-Match: * and If-Match, and changes nothing when they fail', async () => {
    jsonOf(await put(plain('one'), { 'If-None-Match': '*' }))
    expectRefusal(await put(plain('two'), { 'If-None-Match': '*' }), 412, /^The request is invalid/)
    expectRefusal(await put(plain('two'), { 'If-Match': '2' }), 412, /^The request is invalid/)
    expect((await get()).body).toBe('one')
    expect(jsonOf<{ data: { version: string } }>(await put(plain('two'), { 'If-Match': '"1"' })).data.version).toBe('2')
    name = `${name}-absent`
    expectRefusal(await put(plain('two'), { 'If-Match': '1' }), 412, /^The request is invalid/)
    expect((await get()).status).toBe(404)
  })

  it('refuses conditions and flags that mean nothing', async () => {
    for (const headers of [
      { 'if-match': 'x' },
      { 'if-match': '*' },
      { 'if-none-match': '1' },
      { 'if-match': '1', 'if-none-match': '*' },
      { 'x-metadata-only': 'maybe' },
    ])
      expectRefusal(await put(plain(), headers), 400, /^The request is invalid: /)
  })

  it('refuses bad names, metadata and collections in the documented words', async () => {
    expectRefusal(await put(plain(), { ercollectionid: '' }), 400, 'You must specify a ER Collection Id')
    expectRefusal(await put({ metadata: { file_name: 'another' }, media: 'x' }), 400, 'The Filename is not matching with Metadata Filename.')
    for (const metadata of ['', '{', '[]', '{}', { file_name: name, file_size: '5' }])
      expectRefusal(await put({ metadata, media: 'x' }), 400, /^Metadata file is either empty or invalid\./)
    expectRefusal(
      await put({ metadata: { file_name: name, file_description: 'x'.repeat(70_000) }, media: 'x' }),
      400,
      /^Metadata file is either empty or invalid\./,
    )
    for (const [path, file] of [
      ['a%2F..', 'a/..'],
      ['a%00b', 'a\0b'],
      ['a%0Ab', 'a\nb'],
      ['..%2Fx', '../x'],
      ['%2Fa', '/a'],
    ])
      expectRefusal(await put({ metadata: { file_name: file }, media: 'x' }, {}, `/apollo/files/upload/${path}`), 400, /^The Filename is invalid: /)
    expect((await get()).status).toBe(404)
  })

  it('refuses a body that is not two sound parts, and stores nothing of it', async () => {
    const send = async (body: string, headers = {}): Promise<Answer> => {
      const parts = related(body)
      return alice.send('PUT', `/apollo/files/upload/${name}`, parts.body, { ercollectionid: 'vault', ...parts.headers, ...headers })
    }
    const first = `--foo_bar_baz\r\n\r\n${JSON.stringify({ file_name: name })}\r\n`
    const second = '--foo_bar_baz\r\n\r\nmedia\r\n'
    expectRefusal(
      await send(`${first}${second}--foo_bar_baz--`, { 'content-type': 'multipart/form-data; boundary=foo_bar_baz' }),
      400,
      /^The request is invalid: .*multipart\/related/,
    )
    expectRefusal(await send(`${first}${second}--foo_bar_baz--`, { 'content-type': 'multipart/related' }), 400, /boundary/)
    expectRefusal(await send(`${first}--foo_bar_baz--`), 400, /^The request is invalid: the second part/)
    expectRefusal(await send('--foo_bar_baz--'), 400, /^Metadata file is either empty or invalid\./)
    expectRefusal(await send(''), 400, /^The request is invalid/)
    expectRefusal(await send(`${first}${second}`), 400, /^The request is invalid: the body ends before its closing boundary/)
    expectRefusal(await send(`${first}${second}${second}--foo_bar_baz--`), 400, /more than two parts/)
    expectRefusal(await send(`${first}--foo_bar_baz\r\nnonsense\r\n\r\nmedia\r\n--foo_bar_baz--`), 400, /malformed/)
    expect((await get()).status).toBe(404)
  })

  /** Opens a connection and sends the head of an upload and the first bytes of its body. */
  const begin = async (body: Buffer | string, announced: Record<string, string>): Promise<Socket> => {
    const { headers } = related('')
    const all = { Host: 'x', ercollectionid: 'vault', authorization: `Bearer ${await world.token('alice')}`, ...headers, ...announced }
    const lines = Object.entries(all).map(([key, value]) => `${key}: ${value}\r\n`)
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
    socket.write(`PUT /apollo/files/upload/${name} HTTP/1.1\r\n${lines.join('')}\r\n`)
    socket.write(body)
    return socket
  }
  const firstAnswer = async (socket: Socket): Promise<string> => {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return chunk.toString()
  }

  it('stores nothing when the connection breaks off', async () => {
    const { body } = upload(plain(Buffer.alloc(100_000, 'x')))
    const socket = await begin(body.subarray(0, 50_000), { 'content-length': String(body.length) })
    await new Promise(resolve => setTimeout(resolve, 100))
    socket.destroy()
    await new Promise(resolve => setTimeout(resolve, 100))
    expect((await get()).status).toBe(404)
    jsonOf(await put(plain()))
  })

  it('refuses what it can before the media has arrived', async () => {
    const start = upload(plain(Buffer.alloc(100_000, 'x'))).body.subarray(0, 1000)
    const length = { 'content-length': '100000' }
    expect(await firstAnswer(await begin(start, { ...length, ercollectionid: 'no-such' }))).toMatch(/^HTTP\/1\.1 403 /)
    expect(await firstAnswer(await begin(start, { ...length, 'if-match': '7' }))).toMatch(/^HTTP\/1\.1 412 /)
    expect(await firstAnswer(await begin('--foo_bar_baz\r\n\r\n{}\r\n--foo_bar_baz\r\n', length))).toMatch(/^HTTP\/1\.1 400 /)
    expect(await firstAnswer(await begin('', { 'content-length': String(2 ** 45) }))).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('reads a body of unannounced length, in chunks of any size', async () => {
    const body = upload(plain('in small chunks')).body.toString('latin1')
    const chunks = body.match(/[^]{1,7}/g)?.map(chunk => `${chunk.length.toString(16)}\r\n${chunk}\r\n`) ?? []
    expect(await firstAnswer(await begin(`${chunks.join('')}0\r\n\r\n`, { 'transfer-encoding': 'chunked' }))).toMatch(/^HTTP\/1\.1 200 /)
    expect((await get()).body).toBe('in small chunks')
  })

  it('keeps the connection good after it has refused a long body', async () => {
    const long = plain(Buffer.alloc(3_000_000, 'x'))
    for (let round = 0; round < 3; round += 1) {
      expectRefusal(await put(long, { ercollectionid: 'no-such' }), 403, REFUSED)
      expectRefusal(await put(long, { 'if-match': '7' }), 412, /^The request is invalid/)
    }
    jsonOf(await put(plain()))
  })

  it('with X-Metadata-Only makes a version of the metadata over the same bytes, or a file without any', async () => {
    jsonOf(await put(plain('bytes', { file_description: 'old', file_type: 'text/plain', file_rating: '1' })))
    const only = { 'X-Metadata-Only': 'true' }
    const answer = jsonOf<{ data: object }>(await put({ metadata: { file_name: name, file_description: 'new' } }, only))
    expect(answer.data).toMatchObject({ message: 'New Entity Created with Metadata', version: '2', fileSize: 5, fileType: 'text/plain' })
    expect(await world.metadata('vault', name)).toMatchObject({ file_description: 'new', file_rating: '', file_version: '2' })
    expect((await get()).body).toBe('bytes')
    expectRefusal(await put(plain(), { ...only, 'if-match': '1' }), 412, /^The request is invalid/)
    name = `${name}-new`
    expect(jsonOf<{ data: object }>(await put(plain('ignored'), only)).data).toMatchObject({ version: '1', fileSize: 0 })
    expect((await get()).status).toBe(204)
  })

  it('needs both scopes, and readwrite on the collection', async () => {
    for (const scopes of [['apollo_read'], ['apollo_write']] as const)
      expectRefusal(await put(plain(), {}, undefined, await world.as('alice', scopes)), 403, REFUSED)
    for (const collection of ['bobs', 'no-such']) expectRefusal(await put(plain(), { ercollectionid: collection }), 403, REFUSED)
    expectRefusal(await put(plain(), { ercollectionid: 'vault' }, undefined, await world.as('mallory')), 403, REFUSED)
  })

  it('answers 423 while another principal locks the name', async () => {
    await world.grant('vault', 'bob', 'readwrite')
    await world.lock('vault', name, 'bob')
    expectRefusal(await put(plain()), 423, 'File already Locked')
    await world.unlock('vault', name, 'bob')
    jsonOf(await put(plain()))
  })
})
