import type { Problem } from './types.ts'

/** The code of an error without an answer: the server could not be reached, or the connection broke. */
export const UNREACHABLE = 'unreachable'

/** Codes of the catalogue that are worth another try, now or later (docs/reference/v1.md, Errors). */
const RETRYABLE_CODES: ReadonlySet<string> = new Set<Problem['code']>([
  'incomplete_body',
  'digest_mismatch',
  'request_timeout',
  'job_not_finished',
  'idempotency_in_progress',
  'locked',
  'quota_in_use',
  'rate_limited',
  'internal',
  'unavailable',
  'out_of_space',
  'source_changed',
  'destination_changed',
  'stale_lease',
])
/** The same of an answer without a code, as a proxy gives it: nothing is wrong with the request, somebody on the way could not pass it on. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([0, 408, 429, 500, 502, 503, 504])

/** True for a code, of a refusal or of an item's reason, that says: as it is, it may succeed later. */
export function isRetryable(code: string): boolean {
  return RETRYABLE_CODES.has(code)
}

interface More {
  readonly problem?: Partial<Problem> | undefined
  readonly retryAfterSeconds?: number | null
  readonly idempotencyKey?: string | null
  readonly cause?: unknown
}

/**
 * Why a request did not succeed. `status` is the HTTP status, 0 when no answer came; `code` is from the server's error catalogue
 * (or `unreachable`, or `unexpected_answer` for an answer that is no problem document); `problem` is the document as it came.
 */
export class ClientError extends Error {
  readonly status: number
  readonly code: string
  readonly problem: Partial<Problem> | null
  /** How long the server asks to be left alone, null when it does not say. */
  readonly retryAfterSeconds: number | null
  /** The key that a job was submitted with: with the same key and items it may be submitted again, and is not done twice. */
  readonly idempotencyKey: string | null

  constructor(status: number, code: string, detail: string, more: More = {}) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'ClientError'
    this.status = status
    this.code = code
    this.problem = more.problem ?? null
    this.retryAfterSeconds = more.retryAfterSeconds ?? null
    this.idempotencyKey = more.idempotencyKey ?? null
  }

  /** What is wrong and what would be right, in one sentence. */
  get detail(): string {
    return this.message
  }

  /** The places in the request that are wrong, where the server named them. */
  get errors(): NonNullable<Problem['errors']> {
    return this.problem?.errors ?? []
  }

  /** True when the same request may succeed later, as it is. */
  get retryable(): boolean {
    return isRetryable(this.code) || (this.problem === null && RETRYABLE_STATUSES.has(this.status))
  }
}

/** The error that a refused answer stands for. Reads the body. */
export async function errorOf(response: Response, what: string, idempotencyKey: string | null): Promise<ClientError> {
  const text = await response.text()
  const problem = /\bjson\b/.test(response.headers.get('content-type') ?? '') ? problemOf(text) : null
  const more = { retryAfterSeconds: retryAfter(response), idempotencyKey }
  if (problem === null) return new ClientError(response.status, 'unexpected_answer', `${what} answered ${response.status} ${response.statusText}`.trim(), more)
  return new ClientError(response.status, problem.code ?? 'unexpected_answer', problem.detail ?? problem.title ?? response.statusText, { ...more, problem })
}

function problemOf(text: string): Partial<Problem> | null {
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
