import { setTimeout as pause } from 'node:timers/promises'
import type { Answer, Http } from '../../support/http.ts'
import { sha256 } from '../../support/sha256.ts'
import { all } from '../pages.ts'
import type { Invariant, Tally } from '../tally.ts'

/** Jobs of errands are small: a server that has not ended one after so long has lost it. */
const PATIENCE_MS = 60_000
const GONE = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ECONNABORTED']

const UNAVAILABLE = 503

/** Whether no answer came, because the server is gone. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && GONE.includes(String(error.code))
}

export interface JobSeen {
  readonly id: string
  readonly state: string
  readonly paused: boolean
  readonly outcome: string | null
  readonly counts: Readonly<Record<'total' | 'pending' | 'running' | 'done' | 'skipped' | 'failed' | 'evicted' | 'cancelled', number>>
}

export interface ItemSeen {
  readonly seq: number
  readonly state: string
  readonly attempts: number
  readonly destination: { readonly version: number | null }
}

export interface EntrySeen {
  readonly entityId: string
  readonly path: string
  readonly version: number
  readonly digest: string | null
  readonly deleted?: boolean
  readonly fields: Readonly<Record<string, unknown>> | null
}

/** What errands ask of a server, and how they judge its answers. What is asked again after an answer was lost must come to the same. */
export class Desk {
  readonly #http: Http
  readonly #tally: Tally
  readonly #mayBeAway: boolean
  readonly faults: string[] = []

  /** `mayBeAway`: a server that cannot do anything just now counts as gone. */
  constructor(http: Http, tally: Tally, mayBeAway = false) {
    this.#http = http
    this.#tally = tally
    this.#mayBeAway = mayBeAway
  }

  check(rule: Invariant, holds: boolean, fault: () => string): void {
    this.#tally.count(rule)
    if (!holds) this.faults.push(`${rule}: ${fault()}`)
  }

  /** One request, answered with one of these. */
  async ask(method: string, path: string, expected: readonly number[], body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const bytes = Buffer.isBuffer(body)
    const type = body === undefined ? {} : { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }
    const answer = await this.#http.send(method, path, body === undefined || bytes ? body : JSON.stringify(body), { ...type, ...headers })
    if (answer.status === UNAVAILABLE && this.#mayBeAway) throw Object.assign(new Error('not available'), { code: GONE[0] })
    if (!expected.includes(answer.status)) throw new Error(`${method} ${path} was answered ${answer.status}: ${answer.body.slice(0, 400)}`)
    return answer
  }

  async json<T>(method: string, path: string, expected: readonly number[], body?: unknown, headers?: Readonly<Record<string, string>>): Promise<T> {
    return JSON.parse((await this.ask(method, path, expected, body, headers)).body) as T
  }

  /** A file that is made once, however often it is asked for. */
  async put(collection: string, path: string, bytes: Buffer): Promise<void> {
    await this.ask('PUT', entryPath(collection, path), [201, 412], bytes, { 'if-none-match': '*' })
    const entry = await this.entry(collection, path)
    this.check('I6', entry.version === 1, () => `${path} was made once and has version ${entry.version}`)
    this.check('I4', entry.digest === sha256(bytes), () => `${path} has another digest than what was sent`)
  }

  async entry(collection: string, path: string): Promise<EntrySeen> {
    return this.json('GET', entryPath(collection, path).replace('/entries/', '/metadata/'), [200])
  }

  /** A file of exactly these bytes and this version. */
  async expectFile(collection: string, path: string, bytes: Buffer, version: number): Promise<EntrySeen> {
    const entry = await this.entry(collection, path)
    this.check('I6', entry.version === version, () => `${collection}/${path} has version ${entry.version}, it was written ${version} times`)
    const { bytes: read } = await this.ask('GET', entryPath(collection, path), [200])
    this.check('I4', sha256(read) === sha256(bytes), () => `${collection}/${path} is ${read.length} bytes that are not those sent`)
    return entry
  }

  /** Nothing under this name, after so many versions, the last one a tombstone. */
  async expectGone(collection: string, path: string, versions: number): Promise<void> {
    await this.ask('GET', entryPath(collection, path), [404])
    const { items } = await this.json<{ items: EntrySeen[] }>('GET', entryPath(collection, path).replace('/entries/', '/versions/'), [200])
    const numbers = items.map(({ version }) => version)
    const expected = Array.from({ length: versions }, (_, n) => versions - n)
    this.check('I6', numbers.join() === expected.join() && items[0]?.deleted === true, () => `${collection}/${path} has the versions ${numbers.join()}`)
  }

  /** Submits under a key: the same job, however often. */
  async submit(key: string, body: object): Promise<string> {
    const headers = { 'idempotency-key': key }
    const { id } = await this.json<JobSeen>('POST', '/v1/jobs', [200, 202], { label: key, ...body }, headers)
    const again = await this.json<JobSeen>('POST', '/v1/jobs', [200, 202], { label: key, ...body }, headers)
    this.check('I5', again.id === id, () => `${key} is the job ${id} and then ${again.id}`)
    return id
  }

  /** The job at its end: all of its items counted, each in one of the terminal states, as many as are listed. */
  async finished(id: string): Promise<{ job: JobSeen; items: readonly ItemSeen[] }> {
    const until = performance.now() + PATIENCE_MS
    for (;;) {
      const job = await this.json<JobSeen>('GET', `/v1/jobs/${id}`, [200])
      const { pending, running, done, skipped, failed, evicted, cancelled, total } = job.counts
      this.check('I3', pending + running + done + skipped + failed + evicted + cancelled === total, () => `${id} counts ${JSON.stringify(job.counts)}`)
      if (job.state === 'finished') {
        const items = await all<ItemSeen>(this.#http, `/v1/jobs/${id}/items?`)
        this.check('I1', items.length === total, () => `${id} lists ${items.length} of ${total} items`)
        const ended = items.filter(({ state }) => state !== 'pending' && state !== 'running').length
        this.check('I2', ended === total && pending + running === 0, () => `${id} is finished with ${total - ended} items without an end`)
        return { job, items }
      }
      if (performance.now() > until) throw new Error(`still unfinished after ${PATIENCE_MS / 1000} s: ${JSON.stringify(job)}`)
      await pause(20)
    }
  }

  async expectDone(id: string, total: number): Promise<void> {
    const { job } = await this.finished(id)
    this.check(
      'I2',
      job.counts.done === total && job.counts.total === total,
      () => `${id} ended with ${JSON.stringify(job.counts)}, planned were ${total} done`,
    )
  }

  list<T>(path: string): Promise<T[]> {
    return all<T>(this.#http, path)
  }
}

export function entryPath(collection: string, path: string): string {
  return `/v1/collections/${encodeURIComponent(collection)}/entries/${path}`
}
