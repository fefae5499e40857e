/** One block of an event stream, or what it sets for the connection. */
export interface StreamMessage {
  readonly event: string
  readonly data: string
  /** The last `id:` seen so far, as the standard wants it: an event without one keeps the one before. */
  readonly lastId: string
  /** True when this block carried an `id:` of its own. */
  readonly hasId: boolean
  /** The last `retry:` seen so far, in milliseconds, null without. */
  readonly retryMs: number | null
}

/**
 * Reads `text/event-stream` (HTML standard, section 9.2.6 "Interpreting an event stream"): lines end with CR LF, LF or CR; comments are
 * left out; a block without data is no event; what the stream breaks off in the middle of is dropped.
 */
export async function* readEventStream(body: AsyncIterable<Uint8Array>, lastId = ''): AsyncGenerator<StreamMessage, void, undefined> {
  let block = { event: '', data: [] as string[], hasId: false }
  let retryMs: number | null = null
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (block.data.length > 0) yield { event: block.event || 'message', data: block.data.join('\n'), lastId, hasId: block.hasId, retryMs }
      block = { event: '', data: [], hasId: false }
      continue
    }
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') block.event = value
    else if (field === 'data') block.data.push(value)
    else if (field === 'id' && !value.includes('\0')) {
      lastId = value
      block.hasId = true
    } else if (field === 'retry' && /^\d+$/.test(value)) retryMs = Number(value)
  }
}

/** The complete lines of UTF-8; a last one without an end is not complete. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true })
    // a CR at the very end may be the first half of CR LF: it waits for what follows
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest.endsWith('\r')) yield rest.slice(0, -1)
}
