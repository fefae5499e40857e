import type { Job, JobKind } from '../model/job.ts'
import type { CommittedWork } from './observed-ledger.ts'

/** Work that takes time and may fail. Names of stores, dialects and kinds are few; ids of jobs are not, and become no labels. */
export type Activity =
  | { readonly name: 'submit'; readonly dialect: string; readonly kind: JobKind }
  | { readonly name: 'turn'; readonly job: string }
  | { readonly name: 'store'; readonly store: string; readonly operation: StoreOperation; readonly from?: string }

/** What is done with bytes: `copy` has the service do it, or gives a file a second name. */
export type StoreOperation = 'put' | 'receive' | 'copy' | 'verify' | 'publish'

/** Which way bytes went; `copied`: without passing through this process. */
export type BytesMoved = 'read' | 'written' | 'copied'

/** A request whose header has arrived. */
export interface BegunRequest {
  readonly id: string
  readonly method: string
  readonly dialect: string
  /** W3C Trace Context, as it came. */
  readonly traceparent: string | undefined
  readonly tracestate: string | undefined
}

/** A request that is answered, or whose connection is gone. */
export interface EndedRequest {
  /** The pattern of its route, never what the caller wrote; `unmatched` where there is none. */
  readonly route: string
  readonly status: number
  readonly seconds: number
  readonly subject: string | null
  /** The job that its URL names. */
  readonly job: string | null
}

/** Who watches one request. */
export interface RequestWatch {
  /** Goes on with the request; what is told within it belongs to it. May be called again, for each stage of the request. */
  run(next: () => void): void
  ended(end: EndedRequest): void
}

/**
 * Who hears what the server does: metrics, logs, traces. Nothing may depend on it, and no method may throw or take long: they are called in the middle of the
 * work, at most some times a turn, a transaction or a request, never for each item.
 */
export interface Observer {
  /** Runs the work and hears how long it takes and what it throws. MUST run it once, and hand on what comes of it. */
  during<T>(activity: Activity, work: () => Promise<T>): Promise<T>
  /** A job was acknowledged: not a replayed one. */
  submitted(job: Job): void
  /** A transaction of this process is durable. */
  committed(work: CommittedWork): void
  moved(store: string, way: BytesMoved, bytes: number): void
  /** A store has refused or failed with this code of the catalogue. */
  storeFailed(store: string, code: string): void
  /** A request to a store's service is sent again. */
  storeRetried(store: string): void
  /** Somebody follows events; call the result when they do no longer. */
  streamOpened(): () => void
  request(begun: BegunRequest): RequestWatch
}

const UNWATCHED: RequestWatch = { run: next => next(), ended: () => undefined }

/** Hears nothing: what observers that care for a part begin with. */
export class SilentObserver implements Observer {
  during<T>(_activity: Activity, work: () => Promise<T>): Promise<T> {
    return work()
  }

  submitted(_job: Job): void {}

  committed(_work: CommittedWork): void {}

  moved(_store: string, _way: BytesMoved, _bytes: number): void {}

  storeFailed(_store: string, _code: string): void {}

  storeRetried(_store: string): void {}

  streamOpened(): () => void {
    return () => undefined
  }

  request(_begun: BegunRequest): RequestWatch {
    return UNWATCHED
  }
}

export const SILENT: Observer = new SilentObserver()
