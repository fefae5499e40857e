import { afterAll, beforeAll } from 'vitest'
import type { ConfigInput } from '../../../src/config.ts'
import type { Scope } from '../../../src/model/access.ts'
import { startTestServer } from '../../support/server.ts'
import type { TestServer } from '../../support/server.ts'
import { ShiftableClock } from '../../support/shiftable-clock.ts'

/** The namespaces of the tests' documents. */
export const VCARD = 'http://www.w3.org/2006/vcard/ns#'
export const SYS = 'cmwell://meta/sys#'
export const XSD = 'http://www.w3.org/2001/XMLSchema#'

/** An answer with its whole body. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  /** The bytes as UTF-8. */
  readonly body: string
}

/** An infoton as `format=json` prints it, as far as tests look at it. */
export interface InfotonWords {
  readonly type: string
  readonly system: {
    readonly uuid: string
    readonly path: string
    readonly lastModified: string
    readonly lastModifiedBy: string
    readonly indexTime: number
    readonly protocol: string
    readonly parent?: string
    readonly dataCenter: string
  }
  readonly fields?: Readonly<Record<string, readonly unknown[]>>
  readonly content?: Readonly<Record<string, unknown>>
  readonly linkTo?: string
  readonly linkType?: number
  readonly children?: readonly InfotonWords[]
}

export interface Sending {
  /** Who sends; null: nobody. Alice unless told. */
  readonly as?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** A real server, and calls as clients of CM-Well make them: the token in its own header, redirects not followed. */
export class World {
  readonly server: TestServer
  readonly clock: ShiftableClock
  readonly #tokens = new Map<string, string>()

  constructor(server: TestServer, clock: ShiftableClock) {
    this.server = server
    this.clock = clock
  }

  /** The host of the server with its port, as its clients name it. */
  get host(): string {
    return new URL(this.server.url).host
  }

  async token(subject: string, scopes?: readonly Scope[]): Promise<string> {
    const key = `${subject} ${scopes?.join() ?? ''}`
    const token = this.#tokens.get(key) ?? (await this.server.token(subject, scopes))
    this.#tokens.set(key, token)
    return token
  }

  async send(method: string, path: string, body?: string | Uint8Array, { as = 'alice', headers = {} }: Sending = {}): Promise<Answer> {
    const token: Record<string, string> = as === null ? {} : { 'x-cm-well-token': await this.token(as) }
    const response = await fetch(this.server.url + path, {
      method,
      redirect: 'manual',
      headers: { ...token, ...headers },
      ...(body === undefined ? {} : { body: body as string }),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    return { status: response.status, headers: response.headers, bytes, body: bytes.toString() }
  }

  get(path: string, sending: Sending = {}): Promise<Answer> {
    return this.send('GET', path, undefined, sending)
  }

  /** `POST /_in`, with the Content-Type that curl sends by itself unless told; null: without one. */
  in(query: string, body: string | Uint8Array, sending: Sending & { readonly type?: string | null } = {}): Promise<Answer> {
    const { as = 'alice', headers = {}, type = 'application/x-www-form-urlencoded' } = sending
    const typed = type === null ? {} : { 'content-type': type }
    return this.send('POST', `/_in${query === '' ? '' : `?${query}`}`, Buffer.from(body as string), { as, headers: { ...typed, ...headers } })
  }

  /** An update, in N-Quads unless told, that must be taken, waited for; returns the statuses by path. */
  async update(statements: string, query = 'format=nquads', sending: Sending = {}): Promise<Record<string, string>> {
    const answer = await this.in(`${query}&blocking`, statements, sending)
    if (answer.status !== 200) throw new Error(`${query} answered ${answer.status}: ${answer.body}\n${statements}`)
    return this.tracked(idOf(answer))
  }

  /** An infoton by its path, which must be there. */
  async infoton(path: string, sending: Sending = {}): Promise<InfotonWords> {
    const answer = await this.get(`${path}?format=json`, sending)
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.body}`)
    return JSON.parse(answer.body) as InfotonWords
  }

  async fields(path: string): Promise<InfotonWords['fields']> {
    return (await this.infoton(path)).fields
  }

  async uuid(path: string): Promise<string> {
    return (await this.infoton(path)).system.uuid
  }

  /** All versions of a path, the newest first. */
  async history(path: string): Promise<InfotonWords[]> {
    const answer = await this.get(`${path}?with-history&format=json`)
    if (answer.status === 404) return []
    return (JSON.parse(answer.body) as { infotons: InfotonWords[] }).infotons
  }

  /** What `_track` says of an id when nothing is in progress any more. */
  async tracked(id: string): Promise<Record<string, string>> {
    for (;;) {
      const answer = await this.get(`/_track/${id}`, { as: null })
      if (answer.status !== 200) throw new Error(`_track answered ${answer.status}: ${answer.body}`)
      if (answer.headers.get('x-cm-well-tracking') === 'Done') return statuses(answer.body.replaceAll(`<http://${this.host}/`, '<http://'))
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
}

/** One server for a file of tests. */
export function world(config: ConfigInput = {}): () => World {
  let running: World | undefined
  beforeAll(async () => {
    const clock = new ShiftableClock()
    running = new World(await startTestServer(config, clock), clock)
  })
  afterAll(async () => running?.server.close())
  return () => {
    if (running === undefined) throw new Error('the server runs only while tests do')
    return running
  }
}

/** The statuses of a status document in N-Triples, by path. */
export function statuses(document: string): Record<string, string> {
  const lines = document.split('\n').filter(line => line !== '')
  return Object.fromEntries(
    lines.map(line => {
      const [, path, status] = /^<http:\/\/([^>]+)> <[^>]+nn#trackingStatus> "(.*)" \.$/.exec(line) ?? []
      if (path === undefined || status === undefined) throw new Error(`no line of a status document: ${line}`)
      return [`/${path}`, status]
    }),
  )
}

/** The tracking id of an answer, which must have one. */
export function idOf(answer: Answer): string {
  const id = answer.headers.get('x-cm-well-tracking')
  if (answer.status !== 200 || id === null) throw new Error(`an answer without a tracking id: ${answer.status} ${answer.body}`)
  return id
}

/** One statement in N-Triples with a plain literal. */
export function says(path: string, name: string, value: string): string {
  return `<http:/${path}> <${VCARD}${name}> ${JSON.stringify(value)} .\n`
}

/** One statement of the protocol's own. `object` as N-Triples writes it. */
export function system(path: string, name: string, object: string): string {
  return `<http:/${path}> <${SYS}${name}> ${object} .\n`
}
