import type { Logger } from 'pino'
import type { Clock } from '../ports/clock.ts'
import type { ObservedLedger } from '../ports/observed-ledger.ts'
import type { Observer } from '../ports/observer.ts'
import { LogObserver } from './log-observer.ts'
import { Observers } from './observers.ts'
import type { Tracing } from './traces.ts'

/** What is watched, and by what. */
export interface Observability {
  readonly observer: Observer
  /** The metrics as text; null when nobody is to read them. */
  readonly metrics: { readonly contentType: string; render(ledger: ObservedLedger): Promise<string> } | null
  close(): Promise<void>
}

export interface ObservabilityOptions {
  readonly logger: Logger
  readonly metrics: boolean
  readonly tracing: Tracing | null
  readonly clock: Clock
  readonly onError: (error: unknown, what: string) => void
}

/** Puts logs, metrics and traces together; the libraries of the last two are loaded only when they are wanted. */
export async function openObservability({ logger, metrics, tracing, clock, onError }: ObservabilityOptions): Promise<Observability> {
  const counting = metrics ? new (await import('./metrics-observer.ts')).MetricsObserver(clock, onError) : null
  const traces = tracing === null ? null : new (await import('./traces.ts')).TraceObserver(tracing)
  const observers = [counting, traces, new LogObserver(logger)].filter(observer => observer !== null)
  return {
    observer: new Observers(observers),
    metrics: counting === null ? null : { contentType: counting.contentType, render: ledger => counting.render(ledger) },
    close: async () => traces?.close(),
  }
}
