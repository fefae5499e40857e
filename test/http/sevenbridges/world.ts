import { Readable } from 'node:stream'
import type { Caller, Scope } from '../../../src/model/access.ts'
import type { Role } from '../../../src/model/collection.ts'
import type { Entry, Fields } from '../../../src/model/entry.ts'
import type { ConfigInput } from '../../../src/config.ts'
import { Http } from '../../support/http.ts'
import type { Answer } from '../../support/http.ts'
import { startTestServer } from '../../support/server.ts'
import type { TestServer } from '../../support/server.ts'
import { ShiftableClock } from '../../support/shiftable-clock.ts'

/** A file object, as far as tests look at it. */
export interface FileWords {
  readonly href: string
  readonly id: string
  readonly name: string
  readonly size: number
  readonly project: string
  readonly parent: string
  readonly type: string
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
}

export interface ErrorWords {
  readonly status: number
  readonly code: number
  readonly message: string
  readonly more_info: string
}

export interface JobWords {
  readonly href: string
  readonly id: string
  readonly type: string
  readonly state: string
  readonly total_files: number
  readonly completed_files: number
  readonly failed_files: number
  readonly started_on: string | null
  readonly finished_on: string | null
  readonly result: readonly { readonly resource?: FileWords; readonly error?: ErrorWords }[]
}

export interface ListWords<T> {
  readonly href: string
  readonly items: readonly T[]
  readonly links: readonly { readonly href: string; readonly rel: string; readonly method: string }[]
}

const SCOPES: readonly Scope[] = ['read', 'write']
const DAY_MS = 24 * 3600 * 1000

/** A client of the dialect: a token in its header, JSON bodies. */
export class Client {
  readonly url: string
  readonly token: string
  readonly #http: Http

  constructor(url: string, token: string) {
    this.url = url
    this.token = token
    this.#http = new Http(url, 'unused', 4)
  }

  /** One request; `body` is sent as it is when it is text. An absolute URL (an href of ours) is asked for as it is given. */
  send(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const relative = path.startsWith(this.url) ? path.slice(this.url.length) : path
    return this.#http.send(method, relative, text, { authorization: '', 'x-sbg-auth-token': this.token, 'content-type': 'application/json', ...headers })
  }

  /** One request that must answer this status, with JSON. */
  async json<T>(method: string, path: string, body?: unknown, status = 200): Promise<T> {
    const answer = await this.send(method, path, body)
    if (answer.status !== status) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.body.slice(0, 500)}`)
    return JSON.parse(answer.body) as T
  }

  /** The refusal of a request: status and code agree with the HTTP status, and every key is there. */
  async refusal(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<ErrorWords> {
    const answer = await this.send(method, path, body, headers)
    const error = JSON.parse(answer.body) as ErrorWords
    if (
      error.status !== answer.status ||
      !Number.isInteger(error.code) ||
      error.code === 0 ||
      error.message === '' ||
      !error.more_info.startsWith('https://')
    ) {
      throw new Error(`${method} ${path} answered ${answer.status} with ${answer.body}`)
    }
    return error
  }

  /** Submits a job and polls it to its end, checking on the way that it only goes forward. */
  async run(kind: string, items: readonly object[]): Promise<JobWords> {
    const submitted = await this.json<JobWords>('POST', `/v2/async/files/${kind}`, { items }, 202)
    return this.follow(submitted.href)
  }

  async follow(href: string): Promise<JobWords> {
    const order = ['SUBMITTED', 'RESOLVING', 'RUNNING', 'FINISHED']
    let last = 0
    for (;;) {
      const job = await this.json<JobWords>('GET', href)
      if (order.indexOf(job.state) < last) throw new Error(`a job went from ${order[last]} back to ${job.state}`)
      last = order.indexOf(job.state)
      if (job.state === 'FINISHED') return job
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  close(): void {
    this.#http.close()
  }
}

/** A real server, and what tests need beside the dialect's own calls: grants, locks, files without an upload. */
export class World {
  readonly #server: TestServer
  readonly #clock: ShiftableClock
  readonly #clients = new Map<string, Client>()

  constructor(server: TestServer, clock: ShiftableClock) {
    this.#server = server
    this.#clock = clock
  }

  get url(): string {
    return this.#server.url
  }

  get server(): TestServer {
    return this.#server
  }

  async as(subject: string, scopes: readonly Scope[] = SCOPES): Promise<Client> {
    const key = `${subject} ${scopes.join()}`
    const client = this.#clients.get(key) ?? new Client(this.url, await this.#server.token(subject, scopes))
    this.#clients.set(key, client)
    return client
  }

  /** Makes a project; its first segment is its owner. */
  async project(id: string, name = id.split('/')[1] ?? id): Promise<string> {
    await this.#server.engine.collections.create(callerOf(ownerIn(id)), { id, name })
    return id
  }

  async grant(project: string, subject: string, role: Role): Promise<void> {
    await this.#server.ledger.setGrant(project, subject, role)
  }

  async revoke(project: string, subject: string): Promise<void> {
    await this.#server.ledger.removeGrant(project, subject)
  }

  async lock(project: string, path: string, holder: string): Promise<void> {
    await this.#server.engine.locks.acquire(callerOf(holder), project, path, { ttlSeconds: 600 })
  }

  /** Stores a file as the project's owner, and returns its id. */
  async put(project: string, path: string, bytes = path, fields: Fields = {}): Promise<string> {
    const put = await this.#server.engine.entries.put(callerOf(ownerIn(project)), project, path, Readable.from([Buffer.from(bytes)]), { fields })
    return hex(put.entry)
  }

  /** The id of a file or folder by its path. */
  async id(project: string, path: string): Promise<string> {
    return hex(await this.entry(project, path))
  }

  entry(project: string, path: string): Promise<Entry> {
    return this.#server.engine.entries.stat(callerOf(ownerIn(project)), project, path)
  }

  /** The paths of all files of a project, in order. */
  async paths(project: string): Promise<string[]> {
    const page = await this.#server.engine.entries.list(callerOf(ownerIn(project)), project, { kind: 'file' }, { limit: 1000 })
    return page.items.map(entry => entry.path)
  }

  async bytes(project: string, path: string): Promise<string> {
    const { read } = await this.#server.engine.entries.open(callerOf(ownerIn(project)), project, path)
    const chunks: Buffer[] = []
    for await (const chunk of await read()) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString()
  }

  /** Sets the time so far forward that every finished job has expired. */
  expire(): void {
    this.#clock.shift += 31 * DAY_MS
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.values()) client.close()
    await this.#server.close()
  }
}

/** Starts a server for the tests of one file. */
export async function startWorld(config: ConfigInput = {}): Promise<World> {
  const clock = new ShiftableClock()
  return new World(await startTestServer({ sevenbridgesRequests: 1_000_000, ...config }, clock), clock)
}

export function callerOf(subject: string): Caller {
  return { subject, scopes: new Set(SCOPES), tokenId: 'test' }
}

function ownerIn(project: string): string {
  return project.split('/')[0] as string
}

function hex(entry: Entry): string {
  return entry.entityId.replaceAll('-', '')
}
