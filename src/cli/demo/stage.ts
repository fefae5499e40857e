import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 as uuid } from 'uuid'
import { hashToken, mintToken } from '../../access/tokens.ts'
import { WaybillClient } from '../../client/index.ts'
import { loadConfig } from '../../config.ts'
import { startServer } from '../../main.ts'
import type { Scope } from '../../model/access.ts'
import { administrate } from '../commands/administration.ts'

const SCOPES: readonly Scope[] = ['read', 'write', 'apollo_read', 'apollo_write']
const SUBJECT = 'demo'

/** A server of the demo's own, on a data directory that goes with it. */
export interface Stage {
  readonly url: string
  readonly data: string
  readonly token: string
  readonly client: WaybillClient
  /** Ends the server and removes its directory; the second call waits for the first. */
  close(): Promise<void>
}

/** Starts a server on the embedded default in a temporary directory, and makes a token on it. */
export async function openStage(port: number): Promise<Stage> {
  const data = await mkdtemp(join(tmpdir(), 'waybill-demo-'))
  const remove = (): Promise<void> => rm(data, { recursive: true, force: true })
  try {
    const server = await startServer(loadConfig({ flags: { data, port, host: '127.0.0.1' } }))
    let closed: Promise<void> | null = null
    const close = (): Promise<void> => (closed ??= server.close().then(remove))
    try {
      const token = await makeToken(data)
      return { url: server.url, data, token, client: new WaybillClient({ url: server.url, token }), close }
    } catch (error) {
      await close()
      throw error
    }
  } catch (error) {
    await remove()
    throw error
  }
}

/** As an administrator would, while the server runs. */
async function makeToken(data: string): Promise<string> {
  const secret = mintToken()
  await administrate({ data }, ledger => ledger.createToken({ id: uuid(), subject: SUBJECT, scopes: SCOPES, expiresAt: null, hash: hashToken(secret) }))
  return secret
}
