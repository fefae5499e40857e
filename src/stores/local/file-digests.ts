import { Worker } from 'node:worker_threads'

export interface DigestRequest {
  readonly id: number
  readonly paths: readonly string[]
}

export interface DigestReply {
  readonly id: number
  /** Null: the file could not be read. */
  readonly digests: readonly (string | null)[]
}

/** Files in one message: long enough to be worth it, short enough for others to come in between. */
const BATCH = 500

interface Waiting {
  readonly resolve: (digests: readonly (string | null)[]) => void
  readonly reject: (error: Error) => void
}

/** Hashes many small files on a thread of its own, which begins with the first of them and keeps no process alive. */
export class FileDigests {
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | null = null
  #nextId = 1

  /** SHA-256 (hex) of each file in turn, null where it cannot be read. */
  async of(paths: readonly string[]): Promise<(string | null)[]> {
    const batches = Array.from({ length: Math.ceil(paths.length / BATCH) }, (_, at) => paths.slice(at * BATCH, (at + 1) * BATCH))
    return (await Promise.all(batches.map(batch => this.#ask(batch)))).flat()
  }

  #ask(paths: readonly string[]): Promise<readonly (string | null)[]> {
    const id = this.#nextId++
    const request: DigestRequest = { id, paths }
    this.#worker ??= this.#start()
    this.#worker.ref() // until it has answered
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker?.postMessage(request)
    })
  }

  #start(): Worker {
    const worker = new Worker(new URL(`./digest-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url))
    worker.on('message', ({ id, digests }: DigestReply) => {
      this.#waiting.get(id)?.resolve(digests)
      this.#waiting.delete(id)
      if (this.#waiting.size === 0) worker.unref()
    })
    worker.on('error', error => this.#fail(error instanceof Error ? error : new Error(String(error))))
    return worker
  }

  /** The next request gets a new thread. */
  #fail(error: Error): void {
    this.#worker = null
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
