import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWaybillError } from '../../../../src/model/errors.ts'
import { MultipartRelated, relatedBoundary } from '../../../../src/http/apollo/multipart-related.ts'

interface ReadPart {
  readonly headers: Record<string, string>
  readonly body: string
}

async function* chunksOf(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0
  for (const cut of [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)) {
    yield bytes.subarray(from, cut)
    from = cut
  }
  yield bytes.subarray(from)
}

function everyByte(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}

async function readAll(bytes: Buffer, boundary: string, cuts: readonly number[] = []): Promise<ReadPart[]> {
  const reader = new MultipartRelated(chunksOf(bytes, cuts), boundary)
  const parts: ReadPart[] = []
  for (let part = await reader.next(); part !== null; part = await reader.next()) {
    const body: Buffer[] = []
    for await (const chunk of part.body) body.push(chunk)
    parts.push({ headers: Object.fromEntries(part.headers), body: Buffer.concat(body).toString('latin1') })
  }
  await reader.end()
  return parts
}

function encode(boundary: string, parts: readonly { readonly headers: Record<string, string>; readonly body: string }[]): Buffer {
  const encoded = parts.map(({ headers, body }) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return `--${boundary}\r\n${lines.join('')}\r\n${body}\r\n`
  })
  return Buffer.from(`${encoded.join('')}--${boundary}--\r\n`, 'latin1')
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (isWaybillError(error)) return error.code
    throw error
  }
  return 'none'
}

const read = (text: string, cuts: readonly number[] = []): Promise<ReadPart[]> => readAll(Buffer.from(text, 'latin1'), 'b', cuts)

describe('the parts of a multipart body', () => {
  const sample = encode('b', [
    { headers: { 'content-type': 'application/json; charset=UTF-8;' }, body: '{"file_name":"a.txt"}' },
    { headers: { 'content-type': 'text/plain', 'content-transfer-encoding': 'base64' }, body: 'line\r\n--not\r\n-\r\n--' },
  ])

  it('are read with their headers and bytes', async () => {
    expect(await readAll(sample, 'b')).toEqual([
      { headers: { 'content-type': 'application/json; charset=UTF-8;' }, body: '{"file_name":"a.txt"}' },
      { headers: { 'content-type': 'text/plain', 'content-transfer-encoding': 'base64' }, body: 'line\r\n--not\r\n-\r\n--' },
    ])
  })

  it('are the same when every byte arrives alone', async () => {
    expect(await readAll(sample, 'b', everyByte(sample.length))).toEqual(await readAll(sample, 'b'))
  })

  it('are the same wherever the stream is cut, whatever bytes they hold', async () => {
    const boundary = 'aab'
    const body = fc
      .array(fc.constantFrom('\r', '\n', '\r\n', '-', '--', 'a', '\r\n-', '\r\n--', '\r\n--a', '\r\n--aa', '\x00', '\xff'), { maxLength: 30 })
      .map(pieces => pieces.join(''))
      .filter(text => !`\r\n${text}\r\n`.includes(`\r\n--${boundary}`))
    const parts = fc.array(fc.record({ headers: fc.constantFrom({}, { 'content-type': 'a/b' }, { x: '1', y: '' }), body }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(parts, fc.array(fc.nat({ max: 600 }), { maxLength: 40 }), async (written, cuts) => {
        expect(await readAll(encode(boundary, written), boundary, cuts)).toEqual(written)
      }),
      { numRuns: 300 },
    )
  })

  it('may have neither headers nor a body', async () => {
    expect(await read('--b\r\n\r\n\r\n--b\r\nA: 1\r\n\r\n--b--')).toEqual([
      { headers: {}, body: '' },
      { headers: { a: '1' }, body: '' },
    ])
  })

  it('stand between a preamble and an epilogue, which are ignored', async () => {
    expect(await read('read me with MIME\r\n--b \t\r\n\r\nx\r\n--b--\r\nbye\r\n--b\r\n')).toEqual([{ headers: {}, body: 'x' }])
  })

  it('are skipped when nobody reads them', async () => {
    const reader = new MultipartRelated(chunksOf(sample, [5, 40, 90]), 'b')
    await reader.next()
    const second = await reader.next()
    expect(second?.headers.get('content-type')).toBe('text/plain')
    expect(await reader.next()).toBeNull()
    expect(await reader.next()).toBeNull()
  })
})

describe('a multipart body is refused', () => {
  it('as broken off wherever it ends before its closing delimiter', async () => {
    const whole = '--b\r\nA: 1\r\n\r\nxyz\r\n--b--'
    for (let length = 0; length < whole.length; length += 1) expect(await codeOf(read(whole.slice(0, length))), `${length} bytes`).toBe('incomplete_body')
    expect(await codeOf(read(whole))).toBe('none')
  })

  it.each([
    ['a header line without a colon', '--b\r\nnonsense\r\n\r\nx\r\n--b--'],
    ['a folded header line', '--b\r\nA: 1\r\n 2\r\n\r\nx\r\n--b--'],
    ['a header name with a blank', '--b\r\nA b: 1\r\n\r\nx\r\n--b--'],
    ['a header line with a bare line feed', '--b\r\nA: 1\nB: 2\r\n\r\nx\r\n--b--'],
    ['a line that begins with the boundary', '--b\r\n\r\nx\r\n--bb\r\n--b--'],
    ['a header block without end', `--b\r\nA: ${'x'.repeat(9000)}`],
    ['too many header lines', `--b\r\n${'A: 1\r\n'.repeat(2000)}\r\nx\r\n--b--`],
    ['a preamble without end', 'x'.repeat(20_000)],
    ['an epilogue without end', `--b\r\n\r\nx\r\n--b--${'x'.repeat(20_000)}`],
  ])('for %s', async (_, text) => {
    expect(await codeOf(read(text))).toBe('invalid_request')
    expect(await codeOf(read(text, everyByte(text.length)))).toBe('invalid_request')
  })
})

describe('the boundary of a Content-Type', () => {
  it.each([
    ['multipart/related; boundary=abc', 'abc'],
    ['Multipart/Related;boundary="a b:c"; type="application/json"', 'a b:c'],
    ['multipart/related; type="x;boundary=no"; BOUNDARY=yes', 'yes'],
    ['multipart/related; boundary="a\\(b"', 'a(b'],
    [`multipart/related; boundary=${'x'.repeat(70)}`, 'x'.repeat(70)],
  ])('%s', (contentType, boundary) => {
    expect(relatedBoundary(contentType)).toBe(boundary)
  })

  it.each([
    undefined,
    '',
    'multipart/form-data; boundary=abc',
    'multipart/relatedx; boundary=abc',
    'multipart/related',
    'multipart/related; boundary=',
    'multipart/related; boundary="ends in a blank "',
    'multipart/related; boundary="a\u0000b"',
    `multipart/related; boundary=${'x'.repeat(71)}`,
  ])('is missing or malformed in %s', contentType => {
    expect(relatedBoundary(contentType)).toBeNull()
  })
})
