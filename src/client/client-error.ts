import type { Problem } from './types.ts'

/** The code of an error without an answer: the server could not be reached, or the connection broke. */
export const UNREACHABLE = 'unreachable'

/**
 * Why a request did not succeed. `status` is the HTTP status, 0 when no answer came; `code` is from the server's error catalogue
 * (or `unreachable`, or `unexpected_answer` for an answer that is no problem document); `problem` is the document as it came.
 */
export class ClientError extends Error {
  readonly status: number
  readonly code: string
  readonly problem: Problem | null
  readonly retryAfterSeconds: number | null

  constructor(status: number, code: string, detail: string, more: { problem?: Problem; retryAfterSeconds?: number | null; cause?: unknown } = {}) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'ClientError'
    this.status = status
    this.code = code
    this.problem = more.problem ?? null
    this.retryAfterSeconds = more.retryAfterSeconds ?? null
  }

  /** What is wrong and what would be right, in one sentence. */
  get detail(): string {
    return this.message
  }

  /** The places in the request that are wrong, where the server named them. */
  get errors(): readonly { readonly pointer: string; readonly detail: string }[] {
    return this.problem?.errors ?? []
  }

  /** True when the same request may succeed a little later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504
  }
}

/** The error that a refused answer stands for. Reads the body. */
export async function errorOf(response: Response, what: string): Promise<ClientError> {
  const text = await response.text()
  const problem = /\bjson\b/.test(response.headers.get('content-type') ?? '') ? problemOf(text) : null
  const retryAfterSeconds = retryAfter(response)
  if (problem !== null) {
    return new ClientError(response.status, problem.code ?? 'unexpected_answer', problem.detail ?? problem.title ?? response.statusText, {
      problem,
      retryAfterSeconds,
    })
  }
  return new ClientError(response.status, 'unexpected_answer', `${what} answered ${response.status} ${response.statusText}`.trim(), { retryAfterSeconds })
}

function problemOf(text: string): Problem | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch (error) {
    if (error instanceof SyntaxError) return null // said to be JSON and is not: the status line alone speaks
    throw error
  }
}

/** Retry-After in seconds (RFC 9110 section 10.2.3: a number of seconds or a date), null without one. */
function retryAfter(response: Response): number | null {
  const value = response.headers.get('retry-after')
  if (value === null) return null
  if (/^\d+$/.test(value)) return Number(value)
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000))
}
