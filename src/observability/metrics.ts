import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Seconds from a request that is answered from memory to one that waits for its body. */
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60]
/** A flush of a good disk takes a millisecond; a batch of the ledger some 20. */
const COMMIT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
/** A turn by reference takes some 20 ms; one that carries bytes may take hours. */
const WORK_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 15, 60, 300, 1800]
/** A small job takes some milliseconds, one over a million items minutes. */
const JOB_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 43_200]

/** Every metric of ours, in a registry of its own, together with those of the process. What they mean is written in docs/reference/metrics.md. */
export class Metrics {
  readonly registry = new Registry()
  readonly #in = { registers: [this.registry] }

  readonly jobsSubmitted = new Counter({
    ...this.#in,
    name: 'waybill_jobs_submitted_total',
    help: 'Jobs acknowledged by this process',
    labelNames: ['dialect', 'kind'],
  })
  readonly jobsFinished = new Counter({
    ...this.#in,
    name: 'waybill_jobs_finished_total',
    help: 'Jobs that this process brought to their end',
    labelNames: ['dialect', 'kind', 'outcome'],
  })
  readonly jobDuration = new Histogram({
    ...this.#in,
    name: 'waybill_job_duration_seconds',
    help: 'From the submission of a job to its end',
    labelNames: ['kind'],
    buckets: JOB_SECONDS,
  })
  readonly jobsUnfinished = new Gauge({ ...this.#in, name: 'waybill_jobs_unfinished', help: 'Jobs in the ledger that are not finished', labelNames: ['state'] })
  readonly oldestWaiting = new Gauge({
    ...this.#in,
    name: 'waybill_queue_oldest_waiting_seconds',
    help: 'Age of the oldest job that nobody has begun; 0 when there is none',
  })
  readonly itemsSettled = new Counter({ ...this.#in, name: 'waybill_items_settled_total', help: 'Items that got into a final state', labelNames: ['state'] })
  readonly turnsRunning = new Gauge({ ...this.#in, name: 'waybill_turns_running', help: 'Turns of jobs under way in this process' })
  readonly turnDuration = new Histogram({ ...this.#in, name: 'waybill_turn_duration_seconds', help: 'How long turns of jobs take', buckets: WORK_SECONDS })
  readonly turnErrors = new Counter({ ...this.#in, name: 'waybill_turn_errors_total', help: 'Turns that failed and are tried again', labelNames: ['code'] })
  readonly takeovers = new Counter({ ...this.#in, name: 'waybill_lease_takeovers_total', help: 'Chunks taken from workers that fell silent' })
  readonly staleLeases = new Counter({ ...this.#in, name: 'waybill_stale_leases_refused_total', help: 'Turns refused because their chunk has another worker' })
  readonly commitDuration = new Histogram({
    ...this.#in,
    name: 'waybill_ledger_commit_duration_seconds',
    help: 'Write transactions of the ledger, from their beginning until they are durable',
    buckets: COMMIT_SECONDS,
  })
  readonly ledgerOperations = new Counter({
    ...this.#in,
    name: 'waybill_ledger_operations_total',
    help: 'Calls of the ledger that were committed; several share a commit',
  })
  readonly ledgerUp = new Gauge({ ...this.#in, name: 'waybill_ledger_up', help: '1 when the ledger answered this scrape, else 0' })
  readonly storeBytes = new Counter({
    ...this.#in,
    name: 'waybill_store_bytes_total',
    help: 'Bytes that went from and to a store',
    labelNames: ['store', 'direction'],
  })
  readonly storeDuration = new Histogram({
    ...this.#in,
    name: 'waybill_store_operation_duration_seconds',
    help: 'Work of a store with many bytes',
    labelNames: ['store', 'operation'],
    buckets: WORK_SECONDS,
  })
  readonly storeErrors = new Counter({
    ...this.#in,
    name: 'waybill_store_errors_total',
    help: 'What stores refused or failed at',
    labelNames: ['store', 'code'],
  })
  readonly storeRetries = new Counter({
    ...this.#in,
    name: 'waybill_store_retries_total',
    help: "Requests to a store's service that were sent again",
    labelNames: ['store'],
  })
  readonly requestDuration = new Histogram({
    ...this.#in,
    name: 'waybill_http_request_duration_seconds',
    help: 'Requests, from their header to the end of their answer',
    labelNames: ['dialect', 'method', 'route', 'status'],
    buckets: REQUEST_SECONDS,
  })
  readonly streamsOpen = new Gauge({ ...this.#in, name: 'waybill_event_streams_open', help: 'Event streams that are followed' })
  readonly uploadsOpen = new Gauge({ ...this.#in, name: 'waybill_uploads_open', help: 'Uploads in parts that are under way' })

  constructor() {
    collectDefaultMetrics({ register: this.registry })
    // what has no labels is there from the beginning; so are rates of what is counted from then on
    for (const state of ['done', 'skipped', 'failed', 'evicted', 'cancelled']) this.itemsSettled.inc({ state }, 0)
  }
}
