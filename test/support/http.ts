import { Agent, request, type IncomingHttpHeaders } from 'node:http'

/** An HTTP answer with its whole body. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  /** The bytes as UTF-8. */
  readonly body: string
}

/** A small client over kept-alive connections: what a real client would do, with as little of its own time in the figures as can be. */
export class Http {
  readonly url: string
  readonly token: string
  readonly #agent: Agent

  constructor(url: string, token: string, connections = 32) {
    this.url = url
    this.token = token
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  /** One request; answers of any status come back. */
  send(method: string, path: string, body?: string | Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const outgoing = request(
        this.url + path,
        { method, agent: this.#agent, headers: { authorization: `Bearer ${this.token}`, ...length, ...headers } },
        incoming => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
          incoming.on('end', () => {
            const bytes = Buffer.concat(chunks)
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes, body: bytes.toString() })
          })
          incoming.on('error', reject)
        },
      )
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  /** One request with a JSON body and a JSON answer. Throws unless the answer is a 2xx. */
  async json<T>(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await this.send(method, path, body === undefined ? undefined : JSON.stringify(body), { ...type, ...headers })
    if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.body.slice(0, 500)}`)
    return JSON.parse(answer.body) as T
  }

  close(): void {
    this.#agent.destroy()
  }
}
