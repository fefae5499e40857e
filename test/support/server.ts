import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 } from 'uuid'
import { hashToken, mintToken } from '../../src/access/tokens.ts'
import { loadConfig, type ConfigInput } from '../../src/config.ts'
import type { Engine } from '../../src/engine/api.ts'
import { startServer } from '../../src/main.ts'
import type { Scope } from '../../src/model/access.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Ledger } from '../../src/ports/ledger.ts'

/** A real server on a free port and a temporary data directory, in this process. */
export interface TestServer {
  readonly url: string
  readonly data: string
  readonly engine: Engine
  readonly ledger: Ledger
  /** A new token of the subject; with all scopes unless told. `expiresAt` is epoch milliseconds. */
  token(subject: string, scopes?: readonly Scope[], expiresAt?: number): Promise<string>
  /** `fetch` with the subject's token (all scopes) and, for an object as body, JSON. */
  call(subject: string, method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** Stops the server and removes its directory. */
  close(): Promise<void>
}

const ALL_SCOPES: readonly Scope[] = ['read', 'write', 'apollo_read', 'apollo_write']

/** Starts one; `config` changes settings, `clock` the time. */
export async function startTestServer(config: ConfigInput = {}, clock?: Clock): Promise<TestServer> {
  const data = await mkdtemp(join(tmpdir(), 'waybill-test-'))
  const server = await startServer(loadConfig({ flags: { data, port: 0, logLevel: 'error', ...config } }), clock)
  const tokens = new Map<string, string>()
  const token: TestServer['token'] = async (subject, scopes = ALL_SCOPES, expiresAt) => {
    const secret = mintToken()
    await server.ledger.createToken({ id: v7(), subject, scopes, expiresAt: expiresAt ?? null, hash: hashToken(secret) })
    return secret
  }
  return {
    url: server.url,
    data,
    engine: server.engine,
    ledger: server.ledger,
    token,
    call: async (subject, method, path, body, headers = {}) => {
      const known = tokens.get(subject) ?? (await token(subject))
      tokens.set(subject, known)
      const plain = body === undefined || typeof body === 'string' || body instanceof Uint8Array
      return fetch(server.url + path, {
        method,
        headers: { authorization: `Bearer ${known}`, ...(plain ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: plain ? (body as string) : JSON.stringify(body) }),
      })
    },
    close: async () => {
      await server.close()
      await rm(data, { recursive: true, force: true })
    },
  }
}
