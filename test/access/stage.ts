import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { randomBytes, randomUUID } from 'node:crypto'
import { v7 } from 'uuid'
import { hashToken, mintToken } from '../../src/access/tokens.ts'
import type { Caller, Scope } from '../../src/model/access.ts'
import type { TestServer } from '../support/server.ts'

/** In everything that is hidden, so that no answer to others may hold it. */
export const CANARY = 'canary'
/** Who made everything; the others have their role on it, `stranger` and `tenant` have none. */
export const OWNER = `${CANARY}-owner`
export const SUBJECTS = { owner: OWNER, admin: 'an-admin', readwrite: 'a-writer', readonly: 'a-reader', stranger: 'a-stranger', tenant: 'a-tenant' } as const
export type Subject = keyof typeof SUBJECTS
/** Who has no grant on anything of a stage. */
export const OUTSIDERS: readonly Subject[] = ['stranger', 'tenant']

/** Where a stage's collection can be reached: ids that a domain may have, ids that a project may have, or any. */
export type Manner = 'plain' | 'domain' | 'project'

/** What there is to ask for: one collection with a file, a folder, a finished job, a lock, an upload and a webhook, and a token, all of the owner's. */
export interface Things {
  readonly collection: string
  readonly file: string
  readonly entity: string
  readonly revision: string
  readonly job: string
  readonly number: string
  readonly upload: string
  readonly webhook: string
  readonly token: string
}

const SCOPES: readonly Scope[] = ['read', 'write', 'apollo_read', 'apollo_write']

/** Makes things, and tokens to ask for them with. */
export class Stages {
  readonly #server: TestServer
  readonly #tokens = new Map<string, string>()
  readonly #lasting = new Map<Manner, Promise<Things>>()
  #made = 0

  constructor(server: TestServer) {
    this.#server = server
  }

  /** The tenant has a collection of their own, of each kind, and nothing of ours. */
  async settleTenant(): Promise<void> {
    for (const id of ['tenants-store', 'tenants.example', 'tenant/project']) {
      await this.#server.engine.collections.create(callerOf(SUBJECTS.tenant), { id, addressable: id.includes('/') })
    }
  }

  /** Things for calls that change nothing: the same ones each time. */
  lasting(manner: Manner): Promise<Things> {
    const things = this.#lasting.get(manner) ?? this.make(manner)
    this.#lasting.set(manner, things)
    return things
  }

  /** A new collection with all that belongs to it. Everything of it is at rest when it is given out. */
  async make(manner: Manner): Promise<Things> {
    const { engine, ledger } = this.#server
    const owner = callerOf(OWNER)
    this.#made += 1
    const n = String(this.#made).padStart(6, '0')
    const collection = { plain: `store-${n}`, domain: `d${n}.example`, project: `someone/p${n}` }[manner]
    await engine.collections.create(owner, {
      id: collection,
      name: `${CANARY} name`,
      attributes: { note: CANARY, vaultId: CANARY },
      addressable: manner !== 'plain',
    })
    for (const role of ['admin', 'readwrite', 'readonly'] as const) await ledger.setGrant(collection, SUBJECTS[role], role)
    const file = `file-${n}.txt`
    const put = (path: string): ReturnType<typeof engine.entries.put> =>
      engine.entries.put(owner, collection, path, Readable.from([Buffer.from(`${CANARY} ${path}`)]), { mediaType: 'text/plain', fields: { note: CANARY } })
    const { entry } = await put(file)
    await put(`other-${n}.txt`)
    await engine.locks.acquire(owner, collection, 'locked', { ttlSeconds: 600, reason: CANARY })
    await engine.locks.release(owner, collection, 'locked')
    const upload = await engine.uploads.start(owner, { collection, path: `up-${n}`, size: 1, partSize: 1 })
    await engine.uploads.putPart(owner, upload.id, 1, Readable.from([Buffer.from('x')]))
    const job = await this.#job(collection, n, 1e9)
    // of what never happens here, so that nobody is called
    const { webhook } = await engine.webhooks.create(owner, { collection }, { url: `https://hooks.example/${CANARY}`, events: ['item.evicted'] })
    const token = v7()
    await ledger.createToken({ id: token, subject: OWNER, scopes: ['read'], expiresAt: null, hash: hashToken(mintToken()), label: CANARY })
    const ids = { entity: entry.entityId.replaceAll('-', ''), revision: entry.revision, upload: upload.id, webhook: webhook.id, token }
    return { collection, file, ...ids, ...job }
  }

  /** A job over those things that has expired. */
  async expiredJob({ collection, file }: Things): Promise<Pick<Things, 'job' | 'number'>> {
    const expired = await this.#job(collection, /\d{6}/.exec(file)?.[0] ?? '', 1)
    await setTimeout(2)
    return expired
  }

  async #job(collection: string, n: string, retentionMs: number): Promise<Pick<Things, 'job' | 'number'>> {
    const { engine } = this.#server
    const owner = callerOf(OWNER)
    const ends = { source: { collection, path: `other-${n}.txt` }, destination: { collection, path: `copy-${n}.txt` } }
    const { job } = await engine.jobs.submit(owner, {
      options: { kind: 'copy', conflict: 'version', verify: 'none', dryRun: false, priority: 5, label: CANARY, dialect: 'sevenbridges', retentionMs },
      items: [ends, { ...ends, source: { collection, path: `${CANARY}-missing` } }],
      select: [],
    })
    while ((await this.#server.ledger.unfinished(0, 1)).length > 0) await setTimeout(5)
    return { job: job.id, number: job.number }
  }

  /** Things that were never there, whose names are as long as those of things that are. */
  absent({ collection, file }: Things): Things {
    return {
      collection: collection.replace(/\d{6}/, '999999'),
      file: file.replace(/\d{6}/, '999999'),
      entity: v7().replaceAll('-', ''),
      revision: randomBytes(16).toString('hex'),
      job: v7(),
      number: '499999999999999',
      upload: randomUUID(),
      webhook: v7(),
      token: v7(),
    }
  }

  /** A token of the subject with just these scopes; the same one each time. */
  async token(subject: string, scopes: readonly Scope[] = SCOPES): Promise<string> {
    const key = `${subject} ${scopes.join()}`
    const token = this.#tokens.get(key) ?? (await this.#server.token(subject, scopes))
    this.#tokens.set(key, token)
    return token
  }

  /** A token that was the owner's until it was revoked. */
  async revokedToken(scopes: readonly Scope[]): Promise<string> {
    const secret = mintToken()
    const id = v7()
    await this.#server.ledger.createToken({ id, subject: OWNER, scopes, expiresAt: null, hash: hashToken(secret) })
    await this.#server.ledger.revokeToken(id)
    return secret
  }

  /** A token of the owner's that has expired. */
  expiredToken(scopes: readonly Scope[]): Promise<string> {
    return this.#server.token(OWNER, scopes, Date.now() - 1000)
  }
}

/** Somebody with all scopes, as the engine is told of them. */
export function callerOf(subject: string): Caller {
  return { subject, scopes: new Set(SCOPES), tokenId: 'test' }
}
