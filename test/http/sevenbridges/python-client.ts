import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** An answer as the client sees it. */
export interface PythonAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/**
 * Sends, over one kept-alive connection, the very bytes that sevenbridges-python 2.11.1 sends through requests: its headers in their order, the body
 * `null` with every GET and `{}` with every DELETE, and JSON with Python's spaces.
 */
export class PythonClient {
  readonly #url: URL
  readonly #token: string
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #wake: (() => void) | null = null

  constructor(url: string, token: string) {
    this.#url = new URL(url)
    this.#token = token
    this.#socket = connect(Number(this.#url.port), this.#url.hostname)
    this.#socket.on('data', chunk => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake?.()
    })
    this.#socket.on('close', () => this.#wake?.())
  }

  /** `api.get`: `path` is what follows /v2 with its query, or an absolute href of an answer. */
  get(path: string): Promise<PythonAnswer> {
    return this.#exchange('GET', path, 'null')
  }

  post(path: string, data: unknown): Promise<PythonAnswer> {
    return this.#exchange('POST', path, dumps(data))
  }

  put(path: string, data: unknown): Promise<PythonAnswer> {
    return this.#exchange('PUT', path, dumps(data))
  }

  patch(path: string, data: unknown): Promise<PythonAnswer> {
    return this.#exchange('PATCH', path, dumps(data))
  }

  delete(path: string): Promise<PythonAnswer> {
    return this.#exchange('DELETE', path, '{}')
  }

  close(): void {
    this.#socket.destroy()
  }

  async #exchange(verb: string, path: string, body: string): Promise<PythonAnswer> {
    const target = path.startsWith('http') ? new URL(path) : new URL(`/v2${path}`, this.#url)
    const lines = [
      `${verb} ${target.pathname}${target.search} HTTP/1.1`,
      `Host: ${target.host}`,
      'User-Agent: sevenbridges-python/2.11.1 (Linux, Python/3.11.7; requests/2.32.3)',
      'Accept-Encoding: gzip, deflate',
      'Accept: */*',
      'Connection: keep-alive',
      'Content-Type: application/json',
      `X-SBG-Auth-Token: ${this.#token}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
    ]
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
    return this.#answer()
  }

  async #answer(): Promise<PythonAnswer> {
    const head = (await this.#until('\r\n\r\n')).toString('latin1')
    const [status = '', ...lines] = head.split('\r\n')
    const headers = new Map(
      lines.filter(line => line !== '').map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const body = headers.get('transfer-encoding') === 'chunked' ? await this.#chunks() : await this.#take(Number(headers.get('content-length') ?? 0))
    return { status: Number(status.split(' ')[1]), headers, body: body.toString() }
  }

  async #chunks(): Promise<Buffer> {
    const parts: Buffer[] = []
    for (;;) {
      const size = Number.parseInt((await this.#until('\r\n')).toString('latin1'), 16)
      parts.push((await this.#take(size + 2)).subarray(0, size))
      if (size === 0) return Buffer.concat(parts)
    }
  }

  async #until(end: string): Promise<Buffer> {
    for (;;) {
      const at = this.#received.indexOf(end)
      if (at !== -1) return this.#take(at + end.length)
      await this.#more()
    }
  }

  async #take(size: number): Promise<Buffer> {
    while (this.#received.length < size) await this.#more()
    const taken = this.#received.subarray(0, size)
    this.#received = this.#received.subarray(size)
    return taken
  }

  async #more(): Promise<void> {
    await new Promise<void>(resolve => (this.#wake = resolve))
    this.#wake = null
    if (this.#socket.destroyed) throw new Error('the server closed the connection')
  }
}

/** Python's `json.dumps`: a space after each comma and colon, and nothing but ASCII. */
function dumps(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dumps).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, member]) => `${dumps(key)}: ${dumps(member)}`)
      .join(', ')}}`
  }
  return JSON.stringify(value).replaceAll(/[\u0080-\uffff]/g, sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
