import { Buffer, isAscii, isUtf8 } from 'node:buffer'
import { WaybillError } from '../../../model/errors.ts'
import { invalidRdf } from './invalid.ts'
import type { Position } from './invalid.ts'

/** Bytes that are decoded at once: larger chunks are cut, so that what a parser makes of one piece stays small. */
const PIECE = 64 * 1024
const NOTHING = Buffer.alloc(0)

/** Decodes a UTF-8 document piece by piece; no character is torn, a byte order mark at its start is dropped. */
export class Utf8Text {
  readonly #most: number
  #torn = NOTHING
  #bytes = 0
  #line = 1
  #column = 1

  constructor(most: number) {
    this.#most = most
  }

  /** The text of a chunk in pieces. Throws `invalid_rdf` with the place of bytes that are not UTF-8, `body_too_large` past the limit. */
  *pieces(chunk: Uint8Array): Generator<string> {
    for (let from = 0; from < chunk.length; from += PIECE)
      yield this.#piece(Buffer.from(chunk.buffer, chunk.byteOffset + from, Math.min(PIECE, chunk.length - from)))
  }

  /** Throws `invalid_rdf` when the document ends within a character. */
  end(): void {
    if (this.#torn.length > 0) throw notUtf8({ line: this.#line, column: this.#column })
  }

  #piece(piece: Buffer): string {
    const first = this.#line === 1 && this.#column === 1
    this.#bytes += piece.length
    if (this.#bytes > this.#most) throw new WaybillError('body_too_large', `the document has more than ${this.#most} bytes; send it in parts`)
    const bytes = this.#torn.length === 0 ? piece : Buffer.concat([this.#torn, piece])
    const whole = bytes.length - tornTail(bytes)
    this.#torn = Buffer.from(bytes.subarray(whole))
    const text = this.#decode(bytes.subarray(0, whole))
    return first && text.startsWith('\ufeff') ? text.slice(1) : text
  }

  #decode(bytes: Buffer): string {
    if (!isUtf8(bytes)) this.#refuse(bytes)
    const text = isAscii(bytes) ? bytes.toString('latin1') : bytes.toString('utf8')
    this.#advance(text)
    return text
  }

  #refuse(bytes: Buffer): never {
    // U+FFFD may stand in the text itself, so the first piece that is wrong is found by halving
    let [good, bad] = [0, bytes.length]
    while (bad - good > 1) {
      const middle = (good + bad) >> 1
      const upTo = bytes.subarray(0, middle)
      if (isUtf8(upTo.subarray(0, middle - tornTail(upTo)))) good = middle
      else bad = middle
    }
    const whole = bytes.subarray(0, good)
    this.#advance(whole.subarray(0, good - tornTail(whole)).toString('utf8'))
    throw notUtf8({ line: this.#line, column: this.#column })
  }

  #advance(text: string): void {
    let end = -1
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
      this.#line += 1
      end = at
    }
    this.#column = end === -1 ? this.#column + text.length : text.length - end
  }
}

/** How many bytes at the end begin a character that has not ended. */
function tornTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

function notUtf8(position: Position): WaybillError {
  return invalidRdf(position, 'the bytes are not valid UTF-8; send the document in UTF-8')
}
