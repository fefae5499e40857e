import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Link, type Span, type SpanContext, type Tracer } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base'
import { isWaybillError } from '../model/errors.ts'
import type { Job } from '../model/job.ts'
import type { CommittedWork } from '../ports/observed-ledger.ts'
import { SilentObserver, type Activity, type BegunRequest, type RequestWatch } from '../ports/observer.ts'

/** Where spans go. */
export interface Tracing {
  /** OTLP over HTTP: `http://host:4318/v1/traces`. */
  readonly endpoint: string
  readonly sampleRatio: number
  readonly serviceName: string
}

/** Jobs whose submission is remembered, to link their turns to it: the newest ones. */
const MOST_LINKED = 10_000
/** A closing server waits so long for the collector, in milliseconds. */
const FLUSH_MS = 2_000

/**
 * Spans of requests, submissions, turns and work of stores (docs/decisions/0046-logs-and-traces.md). Nothing of it is global: other servers in the process have
 * traces of their own, or none. This file is loaded only when traces are wanted.
 */
export class TraceObserver extends SilentObserver {
  readonly #provider: BasicTracerProvider
  readonly #tracer: Tracer
  readonly #contexts = new AsyncLocalStorageContextManager()
  readonly #propagator = new W3CTraceContextPropagator()
  readonly #submissions = new Map<string, SpanContext>()

  constructor({ endpoint, sampleRatio, serviceName }: Tracing) {
    super()
    this.#provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': serviceName }),
      // whoever calls us may have decided already
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
      spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: endpoint }), { exportTimeoutMillis: 10_000 })],
    })
    this.#tracer = this.#provider.getTracer('waybill')
    this.#contexts.enable()
  }

  override async during<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
    const { name, kind, attributes } = described(activity)
    // a turn belongs to no request: it may come long after, and work for several
    const parent = activity.name === 'turn' ? ROOT_CONTEXT : this.#contexts.active()
    const span = this.#tracer.startSpan(name, { kind, attributes, links: activity.name === 'turn' ? this.#linksOf(activity.job) : [] }, parent)
    try {
      return await this.#contexts.with(trace.setSpan(parent, span), work)
    } catch (error) {
      fail(span, isWaybillError(error) ? error.code : 'internal')
      throw error
    } finally {
      span.end()
    }
  }

  override submitted({ id }: Job): void {
    const span = trace.getSpan(this.#contexts.active())
    if (span === undefined) return
    span.setAttribute('waybill.job.id', id)
    if (!span.isRecording()) return
    this.#submissions.set(id, span.spanContext())
    const [oldest] = this.#submissions.size > MOST_LINKED ? this.#submissions.keys() : []
    if (oldest !== undefined) this.#submissions.delete(oldest)
  }

  override committed({ finished }: CommittedWork): void {
    for (const { id } of finished) this.#submissions.delete(id)
  }

  override request({ id, method, dialect, traceparent, tracestate }: BegunRequest): RequestWatch {
    const parent = this.#parentOf(traceparent, tracestate)
    const attributes = { 'http.request.method': method, 'waybill.dialect': dialect, 'waybill.request.id': id }
    const span = this.#tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent)
    const context = trace.setSpan(parent, span)
    return {
      run: next => this.#contexts.with(context, next),
      ended: ({ route, status, subject, job }) => {
        span.updateName(`${method} ${route}`)
        span.setAttributes({ 'http.route': route, 'http.response.status_code': status })
        if (subject !== null) span.setAttribute('enduser.id', subject)
        if (job !== null) span.setAttribute('waybill.job.id', job)
        // OpenTelemetry's HTTP conventions: of a server's span only 5xx is an error
        if (status >= 500) fail(span, String(status))
        span.end()
      },
    }
  }

  /** Sends what is left, as far as the collector takes it in time. */
  async close(): Promise<void> {
    const patience = new Promise<void>(resolve => setTimeout(resolve, FLUSH_MS).unref())
    await Promise.race([this.#provider.shutdown(), patience])
    this.#contexts.disable()
  }

  #parentOf(traceparent: string | undefined, tracestate: string | undefined): Context {
    if (traceparent === undefined) return ROOT_CONTEXT
    const carrier: Readonly<Record<string, string | undefined>> = { traceparent, tracestate }
    return this.#propagator.extract(ROOT_CONTEXT, carrier, { keys: Object.keys, get: (from: typeof carrier, key) => from[key] })
  }

  #linksOf(job: string): Link[] {
    const context = this.#submissions.get(job)
    return context === undefined ? [] : [{ context }]
  }
}

function described(activity: Activity): { readonly name: string; readonly kind: SpanKind; readonly attributes: Record<string, string> } {
  switch (activity.name) {
    case 'submit':
      return { name: 'submit', kind: SpanKind.INTERNAL, attributes: { 'waybill.dialect': activity.dialect, 'waybill.job.kind': activity.kind } }
    case 'turn':
      return { name: 'turn', kind: SpanKind.CONSUMER, attributes: { 'waybill.job.id': activity.job } }
    case 'store':
      return {
        name: `store ${activity.operation}`,
        kind: SpanKind.CLIENT,
        attributes: { 'waybill.store': activity.store, ...(activity.from === undefined ? {} : { 'waybill.store.from': activity.from }) },
      }
  }
}

/** Only a code: the sentences of errors may name what belongs to users. */
function fail(span: Span, code: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: code })
  span.setAttribute('error.type', code)
}
