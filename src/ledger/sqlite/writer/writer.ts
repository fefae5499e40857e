import type { Worker } from 'node:worker_threads'
import { WaybillError } from '../../../model/errors.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { CommitNotice } from '../../../ports/ledger.ts'
import type { CommittedWork } from '../../../ports/observed-ledger.ts'
import type { OperationArgs, OperationName, OperationResult } from '../operations/index.ts'
import { startThread } from '../thread.ts'
import { fromWire, type WriteReplies, type WriteRequest } from './protocol.ts'

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** The main thread's end of the writer: sends operations, hands back their results once they are durable. */
export class Writer {
  readonly #worker: Worker
  readonly #checkpointer: Worker
  readonly #clock: Clock
  readonly #pending = new Map<number, Pending>()
  readonly #listeners = new Set<(notice: CommitNotice) => void>()
  #beforeAnswers: () => void = () => undefined
  #onWork: (work: CommittedWork) => void = () => undefined
  #outbox: WriteRequest[] = []
  #nextId = 1
  #closed: Error | null = null

  private constructor(worker: Worker, checkpointer: Worker, clock: Clock) {
    this.#worker = worker
    this.#checkpointer = checkpointer
    this.#clock = clock
    worker.on('message', (replies: WriteReplies) => this.#receive(replies))
    worker.on('messageerror', cause => this.#end(new WaybillError('unavailable', 'an answer of the ledger was lost; restart the server', {}, { cause })))
    worker.on('error', cause => this.#end(new WaybillError('unavailable', 'the writer of the ledger has failed; restart the server', {}, { cause })))
    // without it the writer folds the log in by itself, only slower
    checkpointer.on('error', error => process.emitWarning(`the checkpoints of the ledger have stopped: ${String(error)}`))
    worker.on('exit', () => this.#end(new WaybillError('unavailable', 'the ledger is closed')))
  }

  /** Starts the thread; resolves when the file is open and its schema is current. */
  static async open(file: string, clock: Clock): Promise<Writer> {
    const worker = startThread(import.meta.url, './worker', { file })
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('error', reject)
    })
    return new Writer(worker, startThread(import.meta.url, './checkpointer', { file }), clock)
  }

  call<N extends OperationName>(name: N, ...args: OperationArgs<N>): Promise<OperationResult<N>> {
    if (this.#closed !== null) return Promise.reject(this.#closed)
    const id = this.#nextId++
    if (this.#outbox.length === 0) setImmediate(() => this.#send())
    this.#outbox.push({ id, name, now: this.#clock.now(), args })
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject }))
  }

  #send(): void {
    const batch = this.#outbox
    this.#outbox = []
    if (batch.length === 0 || this.#closed !== null) return
    try {
      this.#worker.postMessage(batch)
    } catch (error) {
      this.#sendOneByOne(batch, error)
    }
  }

  /** One request of the batch cannot cross to the writer: it alone is refused. */
  #sendOneByOne(batch: readonly WriteRequest[], error: unknown): void {
    const [only] = batch
    if (batch.length === 1 && only !== undefined) {
      this.#pending.get(only.id)?.reject(error instanceof Error ? error : new Error(String(error)))
      this.#pending.delete(only.id)
      return
    }
    for (const request of batch) {
      try {
        this.#worker.postMessage([request])
      } catch (cause) {
        this.#sendOneByOne([request], cause)
      }
    }
  }

  #receive({ replies, jobs, lastEvent, work }: WriteReplies): void {
    this.#beforeAnswers()
    if (work !== null) this.#onWork(work)
    for (const reply of replies) {
      const pending = this.#pending.get(reply.id)
      this.#pending.delete(reply.id)
      if (pending === undefined) continue
      if ('error' in reply) pending.reject(fromWire(reply.error))
      else pending.resolve(reply.result)
    }
    if (jobs.length === 0) return
    for (const listener of this.#listeners) listener({ jobs, lastEvent })
  }

  /** Calls the listener when commits have come back, before anybody hears of them. */
  onAnswer(listener: () => void): void {
    this.#beforeAnswers = listener
  }

  /** Calls the listener with what each commit did. */
  onWork(listener: (work: CommittedWork) => void): void {
    this.#onWork = listener
  }

  onCommit(listener: (notice: CommitNotice) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #end(error: Error): void {
    if (this.#closed !== null) return
    this.#closed = error
    for (const pending of this.#pending.values()) pending.reject(error)
    this.#pending.clear()
  }

  /** Waits for what was asked before, then closes the file. */
  async close(): Promise<void> {
    this.#send()
    await ended(this.#checkpointer)
    await ended(this.#worker)
  }
}

/** What Node gives as the id of a thread that is gone. */
const EXITED = -1

/** Asks a thread to close its connection; resolves when it is gone. */
async function ended(thread: Worker): Promise<void> {
  if (thread.threadId === EXITED) return
  const gone = new Promise<void>(resolve => thread.once('exit', () => resolve()))
  thread.postMessage('close')
  await gone
}
