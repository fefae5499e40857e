import { once } from 'node:events'
import { connect } from 'node:net'

/** An answer that takes longer than this is a failure, in milliseconds. */
const ANSWER_MS = 30_000
/** What arrives at once is read into this; an answer may come in any number of pieces. */
const PIECE_BYTES = 64 * 1024
const HEAD_END = '\r\n\r\n'
/** A head of ours has some 600 bytes; one that does not end is not of ours. */
const LONGEST_HEAD = 16 * 1024

/** What a connection tells its owner. */
export interface ConnectionEvents {
  /** The answer is there, to the last byte of its body. */
  answered(status: number): void
  /** The connection is gone, and with it the answer that was awaited. */
  failed(error: Error): void
}

/** A kept-alive HTTP/1.1 connection with one request on its way at a time, on a plain socket: it reads of an answer what is needed to know that it is whole. */
export interface Connection {
  send(request: Buffer): void
  close(): void
}

/** Connects; resolves when requests can be sent. */
export async function openConnection(url: URL, events: ConnectionEvents): Promise<Connection> {
  const answer = new AnswerReader()
  const socket = connect({
    host: url.hostname,
    port: Number(url.port),
    noDelay: true,
    onread: {
      buffer: Buffer.allocUnsafe(PIECE_BYTES),
      callback: (bytes, buffer) => {
        try {
          const status = answer.take(buffer, bytes)
          if (status !== null) events.answered(status)
        } catch (error) {
          socket.destroy(error as Error)
        }
        return true
      },
    },
  })
  await once(socket, 'connect')
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)))
  socket.once('error', error => events.failed(error))
  socket.once('end', () => events.failed(new Error('the server closed the connection')))
  return {
    send: request => void socket.write(request),
    close: () => socket.destroy(),
  }
}

/** Finds the end of each answer (RFC 9112 section 6: those with Content-Length; the server under test sends no others to these requests). */
export class AnswerReader {
  /** Of a head that is not whole yet, what has arrived. */
  #head = ''
  #status = 0
  #bodyLeft = 0

  /** Takes the next piece; the status once the answer is whole, else null. Throws when it is not an answer that can be followed. */
  take(piece: Uint8Array, bytes: number): number | null {
    if (this.#status !== 0) this.#bodyLeft -= bytes
    else this.#readHead(Buffer.from(piece.buffer, piece.byteOffset, bytes))
    if (this.#bodyLeft < 0) throw new Error('the answer is longer than its Content-Length')
    if (this.#status === 0 || this.#bodyLeft > 0) return null
    const status = this.#status
    this.#status = 0
    return status
  }

  #readHead(piece: Buffer): void {
    const before = this.#head.length
    const text = this.#head + piece.toString('latin1')
    const end = text.indexOf(HEAD_END)
    if (end < 0 && text.length < LONGEST_HEAD) {
      this.#head = text
      return
    }
    const head = text.slice(0, end + 2)
    const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1]
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
    if (end < 0 || length === undefined || Number.isNaN(status)) throw new Error(`this is no answer with a Content-Length: ${text.slice(0, 1000)}`)
    this.#head = ''
    this.#status = status
    this.#bodyLeft = Number(length) - (before + piece.length - end - HEAD_END.length)
  }
}
