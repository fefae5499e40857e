import { WaybillError } from '../../model/errors.ts'

/** Bounds of what is not media: a part's header block, and what may stand before the first delimiter and after the last one. */
export interface RelatedLimits {
  readonly headerBytes: number
  readonly paddingBytes: number
}

/** Header blocks of real clients have three or four lines; preambles and epilogues are empty or one line. */
export const RELATED_LIMITS: RelatedLimits = { headerBytes: 8 * 1024, paddingBytes: 16 * 1024 }

/** One part: its header fields by lower-case name, and its bytes, which must be read (or skipped by `next`) before the part after it. */
export interface RelatedPart {
  readonly headers: ReadonlyMap<string, string>
  readonly body: AsyncIterable<Buffer>
}

const CRLF = Buffer.from('\r\n')
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/

/**
 * Reads a multipart body (RFC 2046 section 5.1) part by part as it arrives, holding back only what could be the beginning of a delimiter.
 * It is our own because the kept libraries for Node know form-data only, or hold whole parts in memory.
 *
 * Lines end in CRLF, as the RFC wants. Faults throw `invalid_request`; a body that ends before its closing delimiter throws `incomplete_body`.
 */
export class MultipartRelated {
  readonly #source: AsyncIterator<Buffer>
  readonly #delimiter: Buffer
  readonly #limits: RelatedLimits
  // A delimiter at the very beginning has no CRLF before it: give it one, and it looks like all others.
  #buffer: Buffer = CRLF
  #place: 'before' | 'body' | 'delimiter' | 'closed' = 'before'

  constructor(source: AsyncIterator<Buffer>, boundary: string, limits: RelatedLimits = RELATED_LIMITS) {
    this.#source = source
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
    this.#limits = limits
  }

  /** The next part, after skipping what is left of the one before; null after the closing delimiter. */
  async next(): Promise<RelatedPart | null> {
    if (this.#place === 'before') await this.#skip(this.#limits.paddingBytes, 'the text before the first boundary')
    if (this.#place === 'body') await this.#skip(Infinity, 'a part')
    if (this.#place === 'delimiter') await this.#readDelimiterLine()
    if (this.#place === 'closed') return null
    const headers = await this.#readHeaders()
    this.#place = 'body'
    await this.#stepIntoBody()
    return { headers, body: this.#readBody() }
  }

  /** Reads to the end of the source after the closing delimiter: RFC 2046 says to ignore what stands there. */
  async end(): Promise<void> {
    let size = this.#buffer.length
    while (size <= this.#limits.paddingBytes) {
      const step = await this.#source.next()
      if (step.done) return
      size += step.value.length
    }
    throw malformed(`the text after the last boundary has more than ${this.#limits.paddingBytes} bytes`)
  }

  async *#readBody(): AsyncGenerator<Buffer> {
    while (this.#place === 'body' || this.#place === 'before') {
      const at = this.#buffer.indexOf(this.#delimiter)
      const size = at >= 0 ? at : this.#buffer.length - this.#delimiter.length + 1
      const bytes = this.#buffer.subarray(0, Math.max(size, 0))
      if (at >= 0) this.#place = 'delimiter'
      this.#buffer = this.#buffer.subarray(at >= 0 ? at + this.#delimiter.length : bytes.length)
      if (bytes.length > 0) yield bytes
      if (at < 0) await this.#fill()
    }
  }

  async #skip(most: number, what: string): Promise<void> {
    let size = 0
    for await (const bytes of this.#readBody()) {
      size += bytes.length
      if (size > most) throw malformed(`${what} has more than ${most} bytes`)
    }
  }

  /** After `--boundary`: `--` closes; otherwise white space (transport padding) up to the end of the line. */
  async #readDelimiterLine(): Promise<void> {
    while (this.#buffer.length < 2) await this.#fill()
    if (this.#buffer[0] === 0x2d && this.#buffer[1] === 0x2d) {
      this.#buffer = this.#buffer.subarray(2)
      this.#place = 'closed'
      return
    }
    const padding = await this.#readLine(this.#limits.headerBytes)
    if (/[^ \t]/.test(padding)) throw malformed('a line begins with the boundary and goes on with other text; choose a boundary that the parts do not hold')
  }

  async #readHeaders(): Promise<Map<string, string>> {
    const headers = new Map<string, string>()
    let left = this.#limits.headerBytes
    for (;;) {
      const line = await this.#peekLine(left)
      // The blank line stays: its CRLF may be the beginning of the next delimiter, when the part has no body.
      if (line === '') return headers
      this.#buffer = this.#buffer.subarray(line.length + CRLF.length)
      left -= line.length + CRLF.length
      const field = FIELD.exec(line)
      if (field === null) throw malformed(`a part has the header line ${JSON.stringify(line.slice(0, 80))}; write it as Name: value`)
      headers.set((field[1] as string).toLowerCase(), (field[2] as string).trim())
    }
  }

  /** Steps over the blank line that ends the header block, unless its CRLF already belongs to the delimiter (a part without a body). */
  async #stepIntoBody(): Promise<void> {
    while (this.#buffer.length < this.#delimiter.length) {
      if (!this.#delimiter.subarray(0, this.#buffer.length).equals(this.#buffer)) break
      await this.#fill()
    }
    if (!this.#buffer.subarray(0, this.#delimiter.length).equals(this.#delimiter)) this.#buffer = this.#buffer.subarray(CRLF.length)
  }

  async #readLine(most: number): Promise<string> {
    const line = await this.#peekLine(most)
    this.#buffer = this.#buffer.subarray(line.length + CRLF.length)
    return line
  }

  /** The line at the front of the buffer in latin1 (one character a byte), without its CRLF; it stays in the buffer. */
  async #peekLine(most: number): Promise<string> {
    for (;;) {
      const at = this.#buffer.indexOf(CRLF)
      if (at > most || (at < 0 && this.#buffer.length > most + 1))
        throw malformed(`the header lines of a part have more than ${this.#limits.headerBytes} bytes`)
      if (at >= 0) return this.#buffer.toString('latin1', 0, at)
      await this.#fill()
    }
  }

  async #fill(): Promise<void> {
    const step = await this.#source.next()
    if (step.done) throw new WaybillError('incomplete_body', 'the body ends before its closing boundary; nothing was stored, send it again')
    this.#buffer = this.#buffer.length === 0 ? step.value : Buffer.concat([this.#buffer, step.value])
  }
}

function malformed(fault: string): WaybillError {
  return new WaybillError('invalid_request', `the multipart body is malformed: ${fault}`)
}

const PARAMETER = /;[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))[ \t]*/y
const BOUNDARY = /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/

/** The boundary that a Content-Type names when it is multipart/related, else null: RFC 2046 section 5.1.1 (1 to 70 characters, no blank at the end). */
export function relatedBoundary(contentType: string | undefined): string | null {
  const type = /^[ \t]*multipart\/related[ \t]*/i.exec(contentType ?? '')
  if (type === null) return null
  const text = contentType as string
  PARAMETER.lastIndex = type[0].length
  for (let parameter = PARAMETER.exec(text); parameter !== null; parameter = PARAMETER.exec(text)) {
    if ((parameter[1] as string).toLowerCase() !== 'boundary') continue
    const [, , quoted, plain = ''] = parameter
    const boundary = quoted?.replace(/\\(.)/g, '$1') ?? plain
    return BOUNDARY.test(boundary) ? boundary : null
  }
  return null
}
