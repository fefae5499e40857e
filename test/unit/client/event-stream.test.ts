import { describe, expect, it } from 'vitest'
import { readEventStream, type StreamMessage } from '../../../src/client/event-stream.ts'

async function read(...chunks: string[]): Promise<StreamMessage[]> {
  const bytes = chunks.map(chunk => new TextEncoder().encode(chunk))
  const messages: StreamMessage[] = []
  for await (const message of readEventStream(ReadableStream.from(bytes), '7')) messages.push(message)
  return messages
}

describe('an event stream', () => {
  it('gives events with their type, data and id', async () => {
    const messages = await read('id: 8\nevent: job.finished\ndata: {"a":1}\n\n')
    expect(messages).toEqual([{ event: 'job.finished', data: '{"a":1}', lastId: '8', hasId: true, retryMs: null }])
  })

  it('ends lines with CR LF, LF or CR, wherever the chunks are cut', async () => {
    for (const end of ['\n', '\r', '\r\n']) {
      const text = `retry: 2000${end}${end}: alive${end}data: one${end}data:two${end}${end}data${end}${end}`
      const whole = await read(text)
      expect(whole.map(({ data, retryMs }) => [data, retryMs])).toEqual([
        ['one\ntwo', 2000],
        ['', 2000],
      ])
      expect(await read(...text)).toEqual(whole)
    }
  })

  it('keeps the last id for events without one, and drops what breaks off', async () => {
    const messages = await read('data: a\n\nid: 9\ndata: b\n\ndata: c\n\nid: 10\ndata: d\n')
    expect(messages.map(({ data, lastId, hasId }) => [data, lastId, hasId])).toEqual([
      ['a', '7', false],
      ['b', '9', true],
      ['c', '9', false],
    ])
  })

  it('keeps characters whole that are cut in the middle', async () => {
    const bytes = new TextEncoder().encode('data: Grüße 🚚\n\n')
    const messages: StreamMessage[] = []
    for await (const message of readEventStream(ReadableStream.from([...bytes].map(byte => Uint8Array.of(byte))))) messages.push(message)
    expect(messages[0]?.data).toBe('Grüße 🚚')
  })
})
