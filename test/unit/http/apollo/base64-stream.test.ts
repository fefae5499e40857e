import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SNIFF_BYTES, decodeBase64, readMedia } from '../../../../src/http/apollo/base64-stream.ts'

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('base64 that is announced', () => {
  it('decodes to the bytes that were encoded, however it is cut and broken into lines', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), fc.boolean(), async (bytes, size, lines) => {
        const encoded = Buffer.from(bytes).toString('base64')
        const text = lines ? encoded.replace(/.{1,76}/g, '$&\r\n') : encoded
        expect(await collect(decodeBase64(inPieces(Buffer.from(text), size)))).toEqual(Buffer.from(bytes))
      }),
    )
  })

  it.each(['abc', 'a', 'ab=c', 'QQ==QQ==', '====', 'QQ=', 'QUI*', 'Zm9v_w==', 'é'])('is refused when it is not: %s', async text => {
    for (const size of [1, 3, 100]) await expect(collect(decodeBase64(inPieces(Buffer.from(text), size)))).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

describe('media without an announced encoding', () => {
  const picture = Buffer.from('the bytes of a picture')
  const encoded = Buffer.from(picture.toString('base64'))

  it('stays raw when the metadata names its own length, however much it looks like base64', async () => {
    expect(await collect(readMedia(inPieces(encoded, 5), encoded.length))).toEqual(encoded)
  })

  it('is decoded when it is base64 of just as many bytes as the metadata names', async () => {
    expect(await collect(readMedia(inPieces(encoded, 5), picture.length))).toEqual(picture)
    expect(await collect(readMedia(inPieces(Buffer.from(`${encoded.toString()}\r\n`), 5), picture.length))).toEqual(picture)
  })

  it('stays raw when the metadata names another length, or none', async () => {
    for (const size of [null, 0, 1, picture.length + 1]) expect(await collect(readMedia(inPieces(encoded, 5), size))).toEqual(encoded)
  })

  it('stays raw when it is not base64', async () => {
    expect(await collect(readMedia(inPieces(picture, 5), 3))).toEqual(picture)
    expect(await collect(readMedia(inPieces(Buffer.from('abcde'), 2), 3))).toEqual(Buffer.from('abcde'))
  })

  it('stays raw when it is too long to be held', async () => {
    const long = Buffer.alloc(SNIFF_BYTES + 4, 'A')
    expect((await collect(readMedia(inPieces(long, 1024 * 1024), (long.length / 4) * 3))).length).toBe(long.length)
  })

  it('may be empty', async () => {
    expect(await collect(readMedia(inPieces(Buffer.alloc(0), 5), 10))).toEqual(Buffer.alloc(0))
  })
})
