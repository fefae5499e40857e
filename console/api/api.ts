import type { Problem } from '../../src/client/index.ts'
import type { Query } from '../lib/route.ts'

/** Why a call did not succeed: `status` 0 when no answer came. `requestId` names the call in the server's log. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly requestId: string | null
  readonly places: readonly { readonly pointer: string; readonly detail: string; readonly line?: number }[]

  constructor(status: number, code: string, detail: string, more: { requestId?: string | null; problem?: Partial<Problem> | null; cause?: unknown } = {}) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.requestId = more.requestId ?? null
    this.places = more.problem?.errors ?? []
  }
}

export interface Call {
  readonly query?: Query
  readonly json?: unknown
  readonly body?: Blob | string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** Calls the server that this page came from, with a token. */
export class Api {
  readonly #token: string
  readonly #onUnauthenticated: () => void
  readonly #onReach: (answers: boolean) => void

  /** `onUnauthenticated` is called when the server no longer takes the token, `onReach` with each call: whether it was answered. */
  constructor(token: string, onUnauthenticated: () => void = () => undefined, onReach: (answers: boolean) => void = () => undefined) {
    this.#token = token
    this.#onUnauthenticated = onUnauthenticated
    this.#onReach = onReach
  }

  /** For what fetch cannot do: uploads that tell how far they are. */
  get authorization(): string {
    return `Bearer ${this.#token}`
  }

  async get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
    return this.json<T>('GET', path, { ...(query === undefined ? {} : { query }), signal })
  }

  async json<T>(method: string, path: string, call: Call = {}): Promise<T> {
    const response = await this.send(method, path, call)
    return (await response.json()) as T
  }

  /** The answer itself. Throws an ApiError unless it is a success; an abort throws the signal's reason. */
  async send(method: string, path: string, call: Call = {}): Promise<Response> {
    const headers = new Headers(call.headers)
    headers.set('authorization', this.authorization)
    if (call.json !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')
    const body = call.json === undefined ? call.body : JSON.stringify(call.json)
    const request: RequestInit = { method, headers, signal: call.signal ?? null, ...(body === undefined ? {} : { body }) }
    const response = await this.#fetch(path + queryText(call.query), request)
    if (response.ok) return response
    const error = await errorOf(response)
    if (error.status === 401) this.#onUnauthenticated()
    throw error
  }

  async #fetch(url: string, request: RequestInit): Promise<Response> {
    try {
      const response = await fetch(url, request)
      this.#onReach(true)
      return response
    } catch (cause) {
      if (request.signal?.aborted) throw cause
      this.#onReach(false)
      throw new ApiError(0, 'unreachable', 'The server does not answer. It may be restarting, or the network is down.', { cause })
    }
  }
}

function queryText(query: Query | undefined): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined && value !== '') parameters.set(name, String(value))
  return parameters.size === 0 ? '' : `?${parameters}`
}

async function errorOf(response: Response): Promise<ApiError> {
  return refusal(response.status, response.headers.get('x-request-id'), await response.text())
}

/** The error that a refused answer stands for. */
export function refusal(status: number, requestId: string | null, text: string): ApiError {
  const problem = problemOf(text)
  const code = problem?.code ?? 'unexpected_answer'
  return new ApiError(status, code, problem?.detail ?? problem?.title ?? `The server answered ${status}.`, { requestId, problem })
}

function problemOf(text: string): Partial<Problem> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch (error) {
    if (error instanceof SyntaxError) return null // a proxy's page: the status speaks for it
    throw error
  }
}

/** The part of a URL that names a collection. */
export function collectionPath(collection: string): string {
  return `/v1/collections/${encodeURIComponent(collection)}`
}

/** An entry's path as the rest of a URL. */
export function entryPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

export function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`
}
