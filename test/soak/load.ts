import { setTimeout as pause } from 'node:timers/promises'
import { createHash } from 'node:crypto'
import type { Answer, Http } from '../support/http.ts'
import type { Random } from '../support/random.ts'
import { quantile } from './fit.ts'

/** Bodies there are: blobs of what was deleted stay for a day, so that their number says nothing when there are ever new ones. */
const BODIES = 12
const FILES = 60
const ITEMS = 20
const LINES = 400
/** So long a set of collections is worked in; then it is emptied, and removed, and there is another one. */
const SEASON_MS = 20_000
const PART_BYTES = 30_000
/** Each actor does this much and then rests, so that the load is steady. */
const REST_MS = 150
const FINISH_MS = 60_000
/** How long somebody watches. */
const STREAM_MS = 1_500

/** What was asked and how long answers took, in milliseconds. */
export class Meter {
  readonly #taken = new Map<string, number[]>()
  requests = 0

  note(name: string, ms: number): void {
    this.requests += 1
    this.#taken.set(name, [...(this.#taken.get(name) ?? []), ms])
  }

  /** Medians and 99th of a hundred of each kind of request since the last time, and forgets them. */
  take(): Record<string, number> {
    const figures: Record<string, number> = {}
    for (const [name, taken] of this.#taken) {
      const [p50, p99] = [quantile(taken, 0.5), quantile(taken, 0.99)]
      if (p50 !== null && p99 !== null) Object.assign(figures, { [`p50 ${name}`]: p50, [`p99 ${name}`]: p99 })
    }
    this.#taken.clear()
    return figures
  }
}

/** Collections that are worked in for a while. */
interface Season {
  readonly plain: string
  readonly project: string
  readonly domain: string
}

/** Steady, mixed traffic on a server, until `stop` aborts. Any answer that is not the expected one ends it with an error. */
export class Load {
  readonly meter = new Meter()
  readonly #http: Http
  readonly #random: Random
  readonly #receiver: string
  readonly #stop: AbortSignal
  readonly #bodies: readonly Buffer[]
  #season: Season | null = null
  #n = 0

  constructor(parts: { http: Http; random: Random; receiver: string; stop: AbortSignal }) {
    this.#http = parts.http
    this.#random = parts.random
    this.#receiver = parts.receiver
    this.#stop = parts.stop
    this.#bodies = Array.from({ length: BODIES }, () => parts.random.bytes(parts.random.between(1, 2 * PART_BYTES)))
  }

  async run(): Promise<void> {
    await this.#ask('make', 'POST', '/v1/collections', [201], { id: 'source' })
    for (let n = 0; n < FILES; n++) await this.#put('source', `file-${n}`)
    await this.#begin()
    const actors = [this.#jobs, this.#manifests, this.#apollo, this.#updates, this.#parts, this.#files, this.#events, this.#tokens, this.#audit]
    await Promise.all([this.#seasons(), ...actors.map(actor => this.#again(season => actor.call(this, season)))])
    if (this.#season !== null) await this.#end(this.#season)
  }

  async #again(act: (season: Season) => Promise<void>): Promise<void> {
    while (!this.#stop.aborted) {
      if (this.#season !== null) await act(this.#season)
      await pause(REST_MS)
    }
  }

  async #seasons(): Promise<void> {
    for (let last: Season | null = null; !this.#stop.aborted;) {
      await this.#rest(SEASON_MS)
      if (last !== null) await this.#end(last)
      last = this.#season
      await this.#begin()
      if (this.#stop.aborted && last !== null) await this.#end(last)
    }
  }

  /** That long, or until it is to stop. */
  async #rest(ms: number): Promise<void> {
    for (const until = performance.now() + ms; performance.now() < until && !this.#stop.aborted;) await pause(REST_MS)
  }

  async #begin(): Promise<void> {
    const n = ++this.#n
    const season = { plain: `season-${n}`, project: `soak/season-${n}`, domain: `season-${n}.org` }
    await this.#ask('make', 'POST', '/v1/collections', [201], { id: season.plain })
    await this.#ask('make', 'POST', '/v1/collections', [201], { id: season.project })
    await this.#ask('hook', 'POST', '/v1/webhooks', [201], { url: this.#receiver, collection: season.plain })
    this.#season = season
  }

  /** One season is over when the next one has been worked in for as long: nobody writes to it any more. */
  async #end({ plain, project, domain }: Season): Promise<void> {
    for (const id of [plain, project, domain]) {
      for (;;) {
        const { status, body } = await this.#ask('remove', 'DELETE', `/v1/collections/${encodeURIComponent(id)}?force=true`, [202, 204, 404])
        if (status !== 202) break
        await this.#finished((JSON.parse(body) as { id: string }).id)
      }
    }
  }

  async #jobs({ plain }: Season): Promise<void> {
    const kind = this.#random.pick(['copy', 'copy', 'update', 'delete'])
    const items = Array.from({ length: ITEMS }, () => {
      const path = `file-${this.#random.between(0, FILES - 1)}`
      if (kind === 'copy') return { source: { collection: 'source', path }, destination: { collection: plain, path } }
      return { source: { collection: plain, path }, ...(kind === 'update' ? { fields: { n: this.#random.between(0, 9) } } : {}) }
    })
    const verify = this.#random.pick(['none', 'digest'])
    const { body } = await this.#ask('submit', 'POST', '/v1/jobs', [202], { kind, items, verify, ...this.#hook() })
    await this.#finished((JSON.parse(body) as { id: string }).id)
  }

  #hook(): object {
    return this.#random.chance(0.2) ? { webhook: { url: this.#receiver } } : {}
  }

  async #manifests({ plain }: Season): Promise<void> {
    const line = (n: number): string =>
      JSON.stringify({ source: { collection: 'source', path: `file-${n % FILES}` }, destination: { collection: plain, path: `wide/${n}` } })
    const lines = Array.from({ length: LINES }, (_, n) => `${line(n)}\n`).join('')
    const { body } = await this.#ask('manifest', 'POST', '/v1/jobs?kind=copy', [202], lines, { 'content-type': 'application/x-ndjson' })
    await this.#finished((JSON.parse(body) as { id: string }).id)
  }

  async #apollo({ plain }: Season): Promise<void> {
    const wish = { sourceCollectionId: 'source', destinationCollectionId: plain }
    const copyFileCollectionData = [1, 2, 3].map(n => ({ ...wish, fileName: `file-${n}` }))
    const { body } = await this.#ask('apollo', 'POST', '/apollo/files/copy', [200, 202], { copyFileCollectionData })
    await this.#finished((JSON.parse(body) as { data: { CorrelationId: string } }).data.CorrelationId)
  }

  async #updates({ domain }: Season): Promise<void> {
    const statements = Array.from(
      { length: 10 },
      (_, n) => `<http://${domain}/infoton-${n}> <http://www.w3.org/2006/vcard/ns#NOTE> "${this.#random.between(0, 99)}" .\n`,
    )
    await this.#ask('update', 'POST', '/_in?format=ntriples&blocking', [200], statements.join(''), { 'content-type': 'text/plain' })
  }

  async #parts({ project }: Season): Promise<void> {
    const bytes = this.#random.pick(this.#bodies)
    const wish = { project, name: `part-${this.#random.between(0, 20)}-${++this.#n}`, size: bytes.length, part_size: PART_BYTES }
    const { upload_id: id } = JSON.parse((await this.#ask('parts', 'POST', '/v2/upload/multipart', [200, 201], wish)).body) as { upload_id: string }
    const kept = this.#random.chance(0.8)
    for (let part = 1; part <= Math.ceil(bytes.length / PART_BYTES) && kept; part++) {
      const { url } = JSON.parse((await this.#ask('parts', 'GET', `/v2/upload/multipart/${id}/part/${part}`, [200])).body) as { url: string }
      const { pathname, search } = new URL(url)
      await this.#ask('part', 'PUT', pathname + search, [200], bytes.subarray((part - 1) * PART_BYTES, part * PART_BYTES))
    }
    if (kept) await this.#ask('complete', 'POST', `/v2/upload/multipart/${id}/complete`, [200])
  }

  async #files({ plain }: Season): Promise<void> {
    const path = `upload-${this.#random.between(0, 30)}`
    await this.#put(plain, path)
    const { headers, bytes } = await this.#ask('download', 'GET', `/v1/collections/${plain}/entries/${path}`, [200])
    const digest = /sha-256=:(.*):/.exec(String(headers['repr-digest']))?.[1]
    if (digest !== undefined && digest !== createHash('sha256').update(bytes).digest('base64'))
      throw new Error(`${path} came with other bytes than its digest says`)
    await this.#ask('list', 'GET', `/v1/collections/${plain}/entries?limit=50`, [200])
  }

  /** Streams of events that are left after a while, as browsers leave them. */
  async #events(): Promise<void> {
    const leave = new AbortController()
    const begun = performance.now()
    const answer = await fetch(`${this.#http.url}/v1/events`, { headers: { authorization: `Bearer ${this.#http.token}` }, signal: leave.signal })
    this.meter.note('stream', performance.now() - begun)
    if (answer.status !== 200 || answer.body === null) throw new Error(`the stream of events was answered ${answer.status}`)
    const timer = setTimeout(() => leave.abort(), STREAM_MS)
    try {
      for await (const _ of answer.body); // as long as it goes
      throw new Error('the stream of events has ended')
    } catch (error) {
      if (!leave.signal.aborted) throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async #tokens(): Promise<void> {
    const { body } = await this.#ask('token', 'POST', '/v1/tokens', [201], { subject: 'guest', scopes: ['read'] })
    const { id } = JSON.parse(body) as { id: string }
    await this.#ask('token', 'DELETE', `/v1/tokens/${id}`, [204])
  }

  async #audit(): Promise<void> {
    await this.#ask('audit', 'GET', '/v1/audit?limit=100', [200])
    await this.#ask('poll', 'GET', '/v1/jobs?limit=50', [200])
  }

  async #put(collection: string, path: string): Promise<void> {
    await this.#ask('upload', 'PUT', `/v1/collections/${collection}/entries/${path}`, [200, 201], this.#random.pick(this.#bodies), {
      'content-type': 'application/octet-stream',
    })
  }

  async #finished(id: string): Promise<void> {
    const until = performance.now() + FINISH_MS
    while (performance.now() < until) {
      const { status, body } = await this.#ask('poll', 'GET', `/v1/jobs/${id}`, [200, 410])
      if (status === 410 || (JSON.parse(body) as { state: string }).state === 'finished') return
      await pause(20)
    }
    throw new Error(`the job ${id} has not finished within ${FINISH_MS / 1000} s`)
  }

  async #ask(
    name: string,
    method: string,
    path: string,
    statuses: readonly number[],
    body?: object | string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const sent = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    const headers = typeof body === 'object' && !Buffer.isBuffer(body) ? { 'content-type': 'application/json' } : {}
    const begun = performance.now()
    const answer = await this.#http.send(method, path, sent, { ...headers, ...more })
    this.meter.note(name, performance.now() - begun)
    if (!statuses.includes(answer.status)) throw new Error(`${method} ${path} was answered ${answer.status}: ${answer.body.slice(0, 300)}`)
    return answer
  }
}
