/**
 * Takes a stream of PostgreSQL's protocol apart into its messages: a byte for the kind, four for the length of the rest (itself included), the rest. Only the
 * first message of a client has no kind.
 */
export class Frames {
  #rest: Buffer = Buffer.alloc(0)
  #kindBytes: 0 | 1

  constructor(sender: 'client' | 'server') {
    this.#kindBytes = sender === 'client' ? 0 : 1
  }

  /** The messages that are whole with these bytes. */
  take(data: Buffer): Buffer[] {
    let rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    const messages: Buffer[] = []
    while (rest.length >= this.#kindBytes + 4) {
      const length = this.#kindBytes + rest.readUInt32BE(this.#kindBytes)
      if (rest.length < length) break
      messages.push(rest.subarray(0, length))
      rest = rest.subarray(length)
      this.#kindBytes = 1
    }
    this.#rest = rest
    return messages
  }
}

/** The kind of a message that has one. */
export function kindOf(message: Buffer): string {
  return String.fromCharCode(message[0] as number)
}

/** A simple query as a message. */
export function simpleQuery(text: string): Buffer {
  const body = Buffer.from(`Q\0\0\0\0${text}\0`)
  body.writeUInt32BE(body.length - 1, 1)
  return body
}
