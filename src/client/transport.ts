import { ClientError, errorOf, UNREACHABLE } from './client-error.ts'
import { Attempts, passes, type Patience, pause, USUAL_PATIENCE } from './patience.ts'
import { type Outgoing, outgoing } from './outgoing.ts'
import type { BodySource, Page } from './types.ts'

/** Where the server is and who calls. */
export interface ClientOptions {
  /** Where the server is, for example `http://127.0.0.1:7070`. */
  readonly url: string
  /** Opaque or JWT; sent as `Authorization: Bearer`. */
  readonly token?: string
  /** For how long a call that may be repeated is, while the server says "later" (429, 503); default 60,000, 0: not at all. */
  readonly patienceMs?: number
  /** The same while the server does not answer at all; default 10,000. */
  readonly awayMs?: number
  /**
   * Whether bodies are sent while they are read. Without it: yes, but in browsers, which can do that over HTTP/2 only; there a body is gathered in a
   * Blob first, which browsers put on disk when it is large.
   */
  readonly streamBodies?: boolean
}

/** One call over HTTP. */
export interface Call {
  readonly method?: string
  /** From the root, already percent-encoded: `/v1/jobs`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly body?: BodySource | undefined
  readonly signal?: AbortSignal | undefined
  /** True when doing it twice comes to the same, answer included; without it: of GET only. */
  readonly idempotent?: boolean
  /** Instead of the client's own. */
  readonly patience?: Partial<Patience>
}

/**
 * Sends calls with the token and turns refusals into `ClientError`s. A call whose failure passes by itself is repeated when it is idempotent; any
 * call is after 429, with which the server says that it has not begun. An aborted signal rejects with its reason.
 */
export class Transport {
  readonly #base: URL
  readonly #token: string | undefined
  readonly #patience: Patience
  readonly #streamBodies: boolean

  constructor(options: ClientOptions) {
    this.#base = baseOf(options.url)
    this.#token = options.token
    this.#patience = { patienceMs: options.patienceMs ?? USUAL_PATIENCE.patienceMs, awayMs: options.awayMs ?? USUAL_PATIENCE.awayMs }
    this.#streamBodies = options.streamBodies ?? !inBrowser()
  }

  /** The answer's JSON, undefined for 204. */
  json<T>(call: Call): Promise<T> {
    return this.#repeat(call, async response => {
      const text = await this.#textOf(response, call)
      try {
        return (response.status === 204 ? undefined : JSON.parse(text)) as T
      } catch (cause) {
        const detail = `${this.#base.origin} answered something else than JSON; is it a Waybill server?`
        throw new ClientError(response.status, 'unexpected_answer', detail, { cause })
      }
    })
  }

  /** Everything in a list, page after page. */
  async *all<T>(call: Call): AsyncGenerator<T, void, undefined> {
    let cursor: string | undefined
    do {
      const page: Page<T> = await this.json<Page<T>>({ ...call, query: { limit: 1000, ...call.query, cursor } })
      yield* page.items
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }

  /** The answer itself, as soon as it begins; its body is the caller's to read or cancel. */
  send(call: Call): Promise<Response> {
    return this.#repeat(call, response => Promise.resolve(response))
  }

  async #repeat<T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> {
    const attempts = new Attempts({ ...this.#patience, ...call.patience })
    for (;;) {
      try {
        return await this.#once(call, read)
      } catch (error) {
        const pauseMs = error instanceof ClientError && mayRepeat(call, error) ? attempts.pauseAfter(error) : null
        if (pauseMs === null) throw error
        await pause(pauseMs, call.signal)
      }
    }
  }

  async #once<T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> {
    const body = await outgoing(call.json === undefined ? call.body : JSON.stringify(call.json), this.#streamBodies)
    try {
      const response = await this.#fetch(call, body)
      if (!response.ok) throw await this.#broken(call, errorOf(response, this.#base.origin, keyOf(call)))
      return await read(response)
    } finally {
      // a server that refuses does not read on, so nobody would end what the body is made of
      body?.end()
    }
  }

  async #fetch(call: Call, body: Outgoing | undefined): Promise<Response> {
    const url = new URL(this.#base.pathname.replace(/\/$/, '') + call.path, this.#base)
    for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value))
    const headers = new Headers(call.headers)
    if (this.#token !== undefined) headers.set('authorization', `Bearer ${this.#token}`)
    if (call.json !== undefined) headers.set('content-type', 'application/json')
    const request = { method: call.method ?? 'GET', headers, redirect: 'error', signal: call.signal ?? null, ...body?.init } as const
    try {
      return await this.#broken(call, fetch(url, request))
    } catch (error) {
      const fault = body?.fault()
      // the caller's own iterator threw: that is the error, and not that the request broke off with it
      throw fault === undefined ? error : fault.error
    }
  }

  #textOf(response: Response, call: Call): Promise<string> {
    return this.#broken(call, response.text())
  }

  /** What is waited for, its failure told as the line that broke. */
  async #broken<T>(call: Call, answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (cause) {
      if (call.signal?.aborted || !(cause instanceof TypeError)) throw cause // fetch tells of broken lines by TypeErrors
      throw new ClientError(0, UNREACHABLE, `${this.#base.origin} does not answer: ${reasonOf(cause)}`, { cause, idempotencyKey: keyOf(call) })
    }
  }
}

function mayRepeat(call: Call, error: ClientError): boolean {
  if (call.body instanceof ReadableStream) return false
  return error.status === 429 || ((call.idempotent ?? (call.method ?? 'GET') === 'GET') && passes(error))
}

function keyOf(call: Call): string | null {
  return call.headers?.['idempotency-key'] ?? null
}

function baseOf(url: string): URL {
  const base = URL.parse(url)
  if (base === null || (base.protocol !== 'http:' && base.protocol !== 'https:')) {
    throw new TypeError(`the server's address ${JSON.stringify(url)} is not an http or https URL, such as http://127.0.0.1:7070`)
  }
  return base
}

/** Pages have a document, their workers can import scripts. */
function inBrowser(): boolean {
  return 'document' in globalThis || 'importScripts' in globalThis
}

/** fetch hides why it failed in `cause`, perhaps one level deeper (an AggregateError for several addresses). */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause
  if (!(first instanceof Error)) return String(first)
  // what OpenSSL says ends in its source's line numbers; mostly plain http was called as https
  if ('library' in first && 'reason' in first) return `the TLS connection failed (${String(first.reason)}); is its address https, or http?`
  return first.message || first.name
}
