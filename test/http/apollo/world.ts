import { Readable } from 'node:stream'
import type { Caller, Scope } from '../../../src/model/access.ts'
import type { Role } from '../../../src/model/collection.ts'
import { Http } from '../../support/http.ts'
import { startTestServer } from '../../support/server.ts'
import type { TestServer } from '../../support/server.ts'
import { ShiftableClock } from '../../support/shiftable-clock.ts'
import { jsonOf } from './answers.ts'

/** An answer of track. */
export interface Tracked {
  readonly status: object
  readonly data: { readonly Summary: Record<string, string>; readonly Detail: readonly Record<string, unknown>[] }
}

export interface CopyWish {
  readonly source: string
  readonly destination: string
  readonly name: string
}

const APOLLO: readonly Scope[] = ['apollo_read', 'apollo_write']
const DAY_MS = 24 * 3600 * 1000

/** A real server, and what the tests of this dialect need beside its own calls. What the dialect cannot do (grants, locks) goes to the engine. */
export class World {
  readonly #server: TestServer
  readonly #clock: ShiftableClock
  readonly #clients = new Map<string, Http>()
  readonly #tokens = new Map<string, string>()

  constructor(server: TestServer, clock: ShiftableClock) {
    this.#server = server
    this.#clock = clock
  }

  get url(): string {
    return this.#server.url
  }

  /** A client with a token of the subject, with both scopes of the dialect unless told. */
  async as(subject: string, scopes: readonly Scope[] = APOLLO): Promise<Http> {
    const key = `${subject} ${scopes.join()}`
    const client = this.#clients.get(key) ?? new Http(this.url, await this.token(subject, scopes), 4)
    this.#clients.set(key, client)
    return client
  }

  async token(subject: string, scopes: readonly Scope[] = APOLLO): Promise<string> {
    const key = `${subject} ${scopes.join()}`
    const token = this.#tokens.get(key) ?? (await this.#server.token(subject, scopes))
    this.#tokens.set(key, token)
    return token
  }

  async expiredToken(subject: string): Promise<string> {
    return this.#server.token(subject, APOLLO, this.#clock.now() - 1000)
  }

  async collection(id: string, owner = 'alice'): Promise<string> {
    await this.#server.engine.collections.create(caller(owner), { id })
    return id
  }

  /** Removes a collection with its one file, as its owner. */
  async remove(collection: string, file: string, owner = 'alice'): Promise<void> {
    await this.#server.engine.entries.remove(caller(owner), collection, file)
    await this.#server.engine.collections.remove(caller(owner), collection)
  }

  /** Grants a role, as the ledger's administration does. */
  async grant(collection: string, subject: string, role: Role): Promise<void> {
    await this.#server.ledger.setGrant(collection, subject, role)
  }

  async lock(collection: string, path: string | null, holder: string): Promise<void> {
    await this.#server.engine.locks.acquire(caller(holder), collection, path, { ttlSeconds: 600 })
  }

  async unlock(collection: string, path: string | null, holder: string): Promise<void> {
    await this.#server.engine.locks.release(caller(holder), collection, path)
  }

  /** Stores a file, as whoever owns the collection. */
  async put(collection: string, path: string, bytes: string): Promise<void> {
    const { items } = await this.#server.ledger.grants(collection, { limit: 100 })
    const owner = items.find(grant => grant.role === 'owner')?.subject ?? 'alice'
    await this.#server.engine.entries.put(caller(owner), collection, path, Readable.from([Buffer.from(bytes)]), {})
  }

  /** The metadata of a file, as alice. */
  async metadata(collection: string, name: string): Promise<Record<string, unknown>> {
    const alice = await this.as('alice')
    const answer = await alice.send('GET', `/files/${encodeURIComponent(name)}?alt=metadata`, undefined, { ercollectionid: collection })
    return jsonOf<{ data: Record<string, unknown> }>(answer).data
  }

  /** Submits a copy and returns its CorrelationId. */
  async copy(http: Http, wishes: readonly CopyWish[]): Promise<string> {
    const entries = wishes.map(({ source, destination, name }) => ({ sourceCollectionId: source, destinationCollectionId: destination, fileName: name }))
    const answer = await http.send('POST', '/apollo/files/copy', JSON.stringify({ copyFileCollectionData: entries }), { 'content-type': 'application/json' })
    return jsonOf<{ data: { CorrelationId: string } }>(answer).data.CorrelationId
  }

  /** A job of so many files that do not exist (n0, n1, ...), submitted past the limits of the dialect. */
  async submitMany(source: string, destination: string, size: number): Promise<string> {
    const options = { kind: 'copy', conflict: 'version', verify: 'none', dryRun: false, priority: 5, label: null, dialect: 'v1', retentionMs: DAY_MS } as const
    const opened = await this.#server.engine.jobs.openManifest(caller('alice'), options)
    if (!('intake' in opened)) throw new Error('a manifest without a key is never a replay')
    await opened.intake.append(
      Array.from({ length: size }, (_, index) => ({ source: { collection: source, path: `n${index}` }, destination: { collection: destination } })),
    )
    return (await opened.intake.seal('many')).job.id
  }

  /** Polls track until no file waits; checks on the way that every answer is consistent in itself. */
  async trackToEnd(http: Http, id: string, collection: string): Promise<Tracked> {
    for (;;) {
      const tracked = jsonOf<Tracked>(
        await http.send('GET', `/apollo/files/track/${id}`, undefined, { ercollectionid: collection, 'content-type': 'application/json' }),
      )
      const { Summary, Detail } = tracked.data
      const count = (status: number): string => String(Detail.filter(line => line.Status === status).length)
      const counted = { FilesRequestedToBeCopied: String(Detail.length), Succeeded: count(1), Failed: count(2) }
      if (JSON.stringify(Summary) !== JSON.stringify(counted))
        throw new Error(`the Summary ${JSON.stringify(Summary)} does not count the Detail ${JSON.stringify(counted)}`)
      if (count(0) === '0') return tracked
    }
  }

  /** Sets the time so far forward that every finished request has expired. */
  expire(): void {
    this.#clock.shift += 31 * DAY_MS
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.values()) client.close()
    await this.#server.close()
  }
}

/** Starts a server for the tests of one file. */
export async function startWorld(): Promise<World> {
  const clock = new ShiftableClock()
  return new World(await startTestServer({}, clock), clock)
}

function caller(subject: string): Caller {
  return { subject, scopes: new Set(APOLLO), tokenId: 'test' }
}
