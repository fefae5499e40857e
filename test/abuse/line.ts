import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** A connection whose bytes a test writes itself; it gathers what comes back. */
export class Line {
  readonly socket: Socket
  text = ''
  readonly closed: Promise<void>

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')))
    // a server that hangs up while we still write resets the connection
    socket.on('error', () => undefined)
    this.closed = new Promise(resolve => socket.once('close', () => resolve()))
  }

  static async open(url: string): Promise<Line> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    const line = new Line(socket)
    await once(socket, 'connect')
    return line
  }

  write(text: string | Uint8Array): void {
    if (this.socket.writable) this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  }

  /** Until what has come satisfies `enough`, or the server has closed; throws after so many milliseconds. */
  async until(enough: (text: string) => boolean, limitMs = 15_000): Promise<string> {
    const ended = Date.now() + limitMs
    while (!enough(this.text) && !this.socket.destroyed) {
      if (Date.now() > ended) throw new Error(`waited ${limitMs} ms; so far: ${JSON.stringify(this.text.slice(0, 500))}`)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    return this.text
  }

  /** Until the server has closed its side; throws after so many milliseconds. */
  async untilClosed(limitMs = 15_000): Promise<string> {
    let timer: NodeJS.Timeout | undefined
    const ended = new Promise<void>(resolve => this.socket.once('end', () => resolve()))
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not closed in ${limitMs} ms; so far: ${JSON.stringify(this.text.slice(0, 500))}`)), limitMs)
    })
    try {
      if (!this.socket.destroyed && !this.socket.readableEnded) await Promise.race([this.closed, ended, late])
    } finally {
      clearTimeout(timer)
      this.socket.destroy()
    }
    return this.text
  }
}

/** The statuses of all answers in what came. */
export function statusesIn(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(match => Number(match[1]))
}
