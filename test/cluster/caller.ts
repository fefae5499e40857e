import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from '../support/cluster.ts'
import { Http } from '../support/http.ts'

const GONE = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE']
/** Nothing is away for longer: nodes are started again, and so is the database. */
const PATIENCE_MS = 60_000

/** What the tests read of a job. */
export interface JobSeen {
  readonly id: string
  readonly state: string
  readonly outcome: string | null
  readonly counts: Readonly<Record<string, number>>
}

/** A client as one should be: when a node is gone it asks another one, and repeats a submission with its key. */
export class Caller {
  readonly #cluster: Cluster
  readonly #connections = new Map<string, Http>()
  /** Requests whose answers were lost. */
  lost = 0

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** One request that may be repeated. Throws for an answer that is neither a 2xx nor "not now". */
  async ask<T>(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    const until = performance.now() + PATIENCE_MS
    for (let n = 0; ; n++) {
      const url = this.#nodeUrl(n)
      if (url !== null) {
        const done = await this.#once<T>(url, method, path, body, headers)
        if (done !== null) return done.answer
      }
      if (performance.now() > until) throw new Error(`${method} ${path} was not answered for ${PATIENCE_MS / 1000} s`)
      await pause(50)
    }
  }

  #nodeUrl(n: number): string | null {
    const nodes = [...this.#cluster.nodes]
    return nodes[n % nodes.length]?.url ?? null
  }

  async #once<T>(url: string, method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<{ answer: T } | null> {
    const http = this.#connections.get(url) ?? new Http(url, this.#cluster.token)
    this.#connections.set(url, http)
    const sent = Buffer.isBuffer(body) || body === undefined ? body : JSON.stringify(body)
    const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json'
    try {
      const answer = await http.send(method, path, sent, { ...(sent === undefined ? {} : { 'content-type': type }), ...headers })
      if (answer.status === 503) return null
      if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${path} was answered ${answer.status}: ${answer.body.slice(0, 500)}`)
      return { answer: JSON.parse(answer.body) as T }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && GONE.includes(String(error.code)))) throw error
      this.lost += 1
      return null
    }
  }

  submit(key: string, body: unknown): Promise<JobSeen> {
    return this.ask('POST', '/v1/jobs', body, { 'idempotency-key': key })
  }

  job(id: string): Promise<JobSeen> {
    return this.ask('GET', `/v1/jobs/${id}`)
  }

  async finished(id: string, withinMs = 120_000): Promise<JobSeen> {
    const until = performance.now() + withinMs
    for (;;) {
      const job = await this.job(id)
      if (job.state === 'finished') return job
      if (performance.now() > until) throw new Error(`still unfinished after ${withinMs / 1000} s: ${JSON.stringify(job)}`)
      await pause(50)
    }
  }

  close(): void {
    for (const http of this.#connections.values()) http.close()
  }
}
