import { describe, expect, it } from 'vitest'
import { AnswerReader } from '../../../bench/load-connection.ts'

const ANSWER = Buffer.from('HTTP/1.1 202 Accepted\r\nX-A: b\r\nContent-Length: 7\r\nx-c: d\r\n\r\n{"a":1}')

function taken(reader: AnswerReader, piece: Buffer): number | null {
  return reader.take(piece, piece.length)
}

describe('the answers that the load generator reads', () => {
  it('are whole with the last byte of their body, wherever they are cut', () => {
    const reader = new AnswerReader()
    for (let cut = 1; cut < ANSWER.length; cut += 1) {
      expect(taken(reader, ANSWER.subarray(0, cut))).toBeNull()
      expect(taken(reader, ANSWER.subarray(cut))).toBe(202)
    }
    const last = Array.from(ANSWER, byte => taken(reader, Buffer.from([byte])))
    expect(last.slice(0, -1).every(status => status === null)).toBe(true)
    expect(last.at(-1)).toBe(202)
  })

  it('are refused when their end cannot be known or is passed', () => {
    expect(() => taken(new AnswerReader(), Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'))).toThrow(
      'no answer with a Content-Length',
    )
    expect(() => taken(new AnswerReader(), Buffer.from('SSH-2.0-x\r\n\r\n'))).toThrow('no answer')
    expect(() => taken(new AnswerReader(), Buffer.concat([ANSWER, Buffer.from('x')]))).toThrow('longer')
  })
})
