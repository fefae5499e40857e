import { ClientError, errorOf, UNREACHABLE } from './client-error.ts'
import type { Body, Page } from './types.ts'

/** Where the server is and who calls. */
export interface ClientOptions {
  /** Where the server is, for example `http://127.0.0.1:7070`. */
  readonly url: string
  /** Opaque or JWT; sent as `Authorization: Bearer`. */
  readonly token?: string
  /** How long a request that was told to come back later (429, 503 with Retry-After) is tried again; 0, the default: not at all. */
  readonly patienceMs?: number
}

/** One call over HTTP. */
export interface Call {
  readonly method?: string
  /** From the root, already percent-encoded: `/v1/jobs`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly body?: Body
  readonly signal?: AbortSignal | undefined
  /** Statuses that are answers and not errors, beside 2xx. */
  readonly accept?: readonly number[]
}

/** Sends calls with the token and turns refusals into `ClientError`s. */
export class Transport {
  readonly #base: URL
  readonly #token: string | undefined
  readonly #patienceMs: number

  constructor(options: ClientOptions) {
    this.#base = baseOf(options.url)
    this.#token = options.token
    this.#patienceMs = options.patienceMs ?? 0
  }

  /** The answer's JSON. */
  async json<T>(call: Call): Promise<T> {
    const response = await this.send(call)
    try {
      return (await response.json()) as T
    } catch (cause) {
      if (call.signal?.aborted) throw cause
      throw new ClientError(response.status, 'unexpected_answer', `${this.#base.origin} answered something else than JSON; is it a Waybill server?`, { cause })
    }
  }

  /** Sends a call whose answer has no body worth reading. */
  async done(call: Call): Promise<void> {
    const response = await this.send(call)
    await response.body?.cancel()
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

  /** The answer itself; its body is the caller's to read or cancel. Throws `ClientError`; an abort throws the signal's reason. */
  async send(call: Call): Promise<Response> {
    const until = Date.now() + this.#patienceMs
    const replayable = !(call.body instanceof ReadableStream)
    for (;;) {
      const response = await this.#once(call)
      if (response.ok || call.accept?.includes(response.status)) return response
      const error = await errorOf(response, this.#base.origin)
      const waitMs = (error.retryAfterSeconds ?? Infinity) * 1000
      const later = error.status === 429 || error.status === 503
      if (!later || !replayable || Date.now() + waitMs > until) throw error
      await pause(waitMs, call.signal)
    }
  }

  async #once(call: Call): Promise<Response> {
    const url = new URL(this.#base.pathname.replace(/\/$/, '') + call.path, this.#base)
    for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value))
    const headers = new Headers(call.headers)
    if (this.#token !== undefined) headers.set('authorization', `Bearer ${this.#token}`)
    if (call.json !== undefined) headers.set('content-type', 'application/json')
    const body = call.json === undefined ? call.body : JSON.stringify(call.json)
    const request = { method: call.method ?? 'GET', headers, redirect: 'error', signal: call.signal ?? null } as const
    try {
      // The fetch standard sends a stream only as half duplex: the answer is read when all of the body is sent.
      return await fetch(url, body === undefined ? request : { ...request, body, ...(body instanceof ReadableStream ? { duplex: 'half' } : {}) })
    } catch (cause) {
      if (call.signal?.aborted) throw cause
      throw new ClientError(0, UNREACHABLE, `${this.#base.origin} does not answer: ${reasonOf(cause)}`, { cause })
    }
  }
}

function baseOf(url: string): URL {
  const base = URL.parse(url)
  if (base === null || (base.protocol !== 'http:' && base.protocol !== 'https:')) {
    throw new TypeError(`the server's address ${JSON.stringify(url)} is not an http or https URL, such as http://127.0.0.1:7070`)
  }
  return base
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

/** Resolves after `ms`; rejects with the signal's reason when it aborts before. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stop = (): void => reject(signal?.reason as Error)
  const timer = setTimeout(resolve, ms)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}
