import { CATALOGUE, WaybillError, type ErrorCode, type ErrorFacts } from '../../../model/errors.ts'
import type { CommittedWork } from '../../../ports/observed-ledger.ts'
import type { OperationName } from '../operations/index.ts'

/** Main thread to writer: operations to run, in order. Every message is a batch, because each crossing costs more than a small operation. */
export interface WriteRequest {
  readonly id: number
  readonly name: OperationName
  readonly now: number
  readonly args: readonly unknown[]
}

/** Writer to main thread, after the commit that holds these operations is durable. */
export interface WriteReplies {
  readonly replies: readonly WriteReply[]
  readonly jobs: readonly string[]
  readonly lastEvent: number
  /** Null when nothing was committed. */
  readonly work: CommittedWork | null
}

export type WriteReply = { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: WireError }

/** An error as it crosses threads; `code` null for one that is not of the catalogue. */
export interface WireError {
  readonly code: ErrorCode | null
  readonly detail: string
  readonly facts: ErrorFacts
  readonly stack: string
}

export function toWire(error: unknown): WireError {
  if (error instanceof WaybillError) {
    return { code: error.code, detail: error.message, facts: error.facts, stack: error.stack ?? '' }
  }
  const plain = error instanceof Error ? error : new Error(String(error))
  return { code: null, detail: plain.message, facts: {}, stack: plain.stack ?? '' }
}

export function fromWire(wire: WireError): Error {
  if (wire.code !== null && wire.code in CATALOGUE) return new WaybillError(wire.code, wire.detail, wire.facts)
  const error = new Error(wire.detail)
  error.stack = wire.stack
  return error
}
