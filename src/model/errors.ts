/**
 * The one catalogue of errors. Every refusal and every item's reason has one of these codes;
 * each dialect translates the code into its own status and body. `status` is the native API's HTTP status.
 */
export const CATALOGUE = {
  invalid_request: { status: 400, title: 'The request is invalid', retryable: false },
  invalid_json: { status: 400, title: 'The body is not valid JSON', retryable: false },
  invalid_path: { status: 400, title: 'The path is invalid', retryable: false },
  invalid_collection_id: { status: 400, title: 'The collection id is invalid', retryable: false },
  invalid_cursor: { status: 400, title: 'The cursor is invalid', retryable: false },
  invalid_manifest: { status: 400, title: 'The manifest is invalid', retryable: false },
  invalid_rdf: { status: 400, title: 'The RDF document is invalid', retryable: false },
  incomplete_body: { status: 400, title: 'The body broke off', retryable: true },
  digest_mismatch: { status: 400, title: 'The digest does not match the bytes', retryable: true },
  unauthenticated: { status: 401, title: 'A valid token is needed', retryable: false },
  insufficient_scope: { status: 403, title: 'The token lacks a scope', retryable: false },
  quota_exceeded: { status: 403, title: 'The quota does not allow it', retryable: false },
  invalid_signature: { status: 403, title: 'The signed URL does not hold', retryable: false },
  insufficient_role: { status: 403, title: 'The role on the collection is not enough', retryable: false },
  collection_not_found: { status: 404, title: 'No such collection', retryable: false },
  entry_not_found: { status: 404, title: 'No such entry', retryable: false },
  version_not_found: { status: 404, title: 'No such version', retryable: false },
  job_not_found: { status: 404, title: 'No such job', retryable: false },
  lock_not_found: { status: 404, title: 'No such lock', retryable: false },
  grant_not_found: { status: 404, title: 'No such grant', retryable: false },
  upload_not_found: { status: 404, title: 'No such upload', retryable: false },
  token_not_found: { status: 404, title: 'No such token', retryable: false },
  webhook_not_found: { status: 404, title: 'No such webhook', retryable: false },
  route_not_found: { status: 404, title: 'No such resource', retryable: false },
  method_not_allowed: { status: 405, title: 'The method is not allowed here', retryable: false },
  request_timeout: { status: 408, title: 'The request took too long to arrive', retryable: true },
  collection_exists: { status: 409, title: 'The collection id is taken', retryable: false },
  entry_exists: { status: 409, title: 'The path is taken', retryable: false },
  folder_not_empty: { status: 409, title: 'The folder is not empty', retryable: false },
  collection_not_empty: { status: 409, title: 'The collection is not empty', retryable: false },
  job_finished: { status: 409, title: 'The job is finished', retryable: false },
  job_not_finished: { status: 409, title: 'The job is not finished', retryable: true },
  last_owner: { status: 409, title: 'The last owner cannot go', retryable: false },
  too_many_webhooks: { status: 409, title: 'Too many webhooks', retryable: false },
  idempotency_in_progress: { status: 409, title: 'A request with this key is still being received', retryable: true },
  job_expired: { status: 410, title: 'The job has expired', retryable: false },
  precondition_failed: { status: 412, title: 'A precondition failed', retryable: false },
  body_too_large: { status: 413, title: 'The body is too large', retryable: false },
  too_many_items: { status: 413, title: 'Too many items in one body', retryable: false },
  fields_too_large: { status: 413, title: 'The fields are too large', retryable: false },
  unsupported_media_type: { status: 415, title: 'The media type is not supported', retryable: false },
  range_not_satisfiable: { status: 416, title: 'The range lies outside the file', retryable: false },
  idempotency_mismatch: { status: 422, title: 'The key was used with another body', retryable: false },
  meaningless_update: { status: 422, title: 'The update changes nothing', retryable: false },
  unknown_graph_alias: { status: 422, title: 'No graph has this alias', retryable: false },
  locked: { status: 423, title: 'Locked by another holder', retryable: true },
  quota_in_use: { status: 429, title: 'The quota is in use', retryable: true },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  headers_too_large: { status: 431, title: 'The request header is too large', retryable: false },
  internal: { status: 500, title: 'Something went wrong on our side', retryable: true },
  unsupported: { status: 501, title: 'Not supported', retryable: false },
  unavailable: { status: 503, title: 'Not available just now', retryable: true },
  out_of_space: { status: 507, title: 'The disk is full', retryable: true },
  // codes that only an item's reason carries
  condition_failed: { status: 412, title: 'A condition of the item failed', retryable: false },
  destination_not_found: { status: 404, title: 'No such destination', retryable: false },
  destination_not_folder: { status: 400, title: 'The destination is not a folder', retryable: false },
  folder_into_itself: { status: 400, title: 'A folder cannot go into itself', retryable: false },
  destination_exists: { status: 409, title: 'The destination exists', retryable: false },
  same_path: { status: 409, title: 'Source and destination are the same', retryable: false },
  source_changed: { status: 409, title: 'The source changed while it was copied', retryable: true },
  destination_changed: { status: 409, title: 'The destination changed while it was written', retryable: true },
  stale_lease: { status: 409, title: 'The lease is over', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>

/** A code of the catalogue. */
export type ErrorCode = keyof typeof CATALOGUE

/** Where in a request something is wrong: a JSON pointer (RFC 6901) or a header's or query parameter's name, and what. */
export interface ErrorPlace {
  readonly pointer: string
  readonly detail: string
  /** In a manifest: the line, and the column in it (characters, in CSV fields), both counted from 1. */
  readonly line?: number
  readonly column?: number
}

/** Facts that some codes carry beside the sentence, for dialects and machines. */
export interface ErrorFacts {
  readonly errors?: readonly ErrorPlace[]
  readonly holder?: string
  readonly job?: string | null
  readonly expiresAt?: number
  readonly expected?: string | null
  readonly actual?: string | null
  readonly retryAfterSeconds?: number
  readonly scope?: string
}

/** The only error that the product throws on purpose. `detail` says what is wrong and what would be right. */
export class WaybillError extends Error {
  readonly code: ErrorCode
  readonly facts: ErrorFacts

  constructor(code: ErrorCode, detail: string, facts: ErrorFacts = {}, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'WaybillError'
    this.code = code
    this.facts = facts
  }

  get status(): number {
    return CATALOGUE[this.code].status
  }

  get title(): string {
    return CATALOGUE[this.code].title
  }
}

/** True for a WaybillError, of that code where one is given. */
export function isWaybillError(error: unknown, code?: ErrorCode): error is WaybillError {
  return error instanceof WaybillError && (code === undefined || error.code === code)
}
