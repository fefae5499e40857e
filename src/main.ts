import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { createAuthenticator } from './access/authenticator.ts'
import { createJwtVerifier } from './access/jwt.ts'
import { openLedger } from './administration.ts'
import type { Config } from './config.ts'
import type { Engine } from './engine/api.ts'
import { createEngine } from './engine/engine.ts'
import { buildServer } from './http/server.ts'
import { UrlSigner } from './http/signed-url.ts'
import { claimDirectory } from './ledger/sqlite/claim.ts'
import { openStores } from './open-stores.ts'
import type { Clock } from './ports/clock.ts'
import type { Ledger } from './ports/ledger.ts'
import { LocalQueue } from './queue/local/local-queue.ts'
import { trafficOf } from './store-config.ts'
import { systemClock } from './system/clock.ts'
import { makeDirectory } from './system/directories.ts'
import { systemIds } from './system/ids.ts'
import { storedKey } from './system/stored-key.ts'

/** A server that listens. */
export interface RunningServer {
  readonly url: string
  readonly engine: Engine
  readonly ledger: Ledger
  /** Takes no new requests, finishes those in flight and the running turns, then closes the files. */
  close(): Promise<void>
}

/**
 * Composes the server on the embedded default and starts it. Throws `unavailable` when another server works on the same data directory. A start that fails
 * (a port that is taken, say) undoes what it began, the claim on the directory last.
 */
export async function startServer(config: Config, clock: Clock = systemClock): Promise<RunningServer> {
  const begun = new AsyncDisposableStack()
  try {
    return await compose(config, clock, begun)
  } catch (error) {
    await begun.disposeAsync()
    throw error
  }
}

/** `begun` gets everything that must be ended again, in the order of its beginning. */
async function compose(config: Config, clock: Clock, begun: AsyncDisposableStack): Promise<RunningServer> {
  makeDirectory(config.data)
  begun.defer(claimDirectory(config.data))
  const logger = pino({ level: config.logLevel, redact: ['req.headers.authorization', 'req.headers["x-sbg-auth-token"]', 'token'] }, pino.destination(2))
  const onError = (error: unknown, what: string): void => logger.error({ err: error, what }, 'background work failed; it will be tried again')
  const jwt = config.jwt === null ? null : await createJwtVerifier(config.jwt, clock)
  const ledger = await openLedger(config.data, clock)
  begun.defer(() => ledger.close())
  const engine = createEngine({
    ledger,
    stores: await openStores(config, clock),
    traffic: trafficOf(config),
    queue: new LocalQueue(onError),
    clock,
    ids: systemIds(clock),
    worker: `${process.pid}`,
    concurrency: config.concurrency,
    maxItems: config.jsonItems,
    maxUploadBytes: config.uploadBytes,
    uploadLifeMs: config.uploadLifeMs,
    onError,
  })
  begun.defer(() => engine.stop())
  const authenticator = createAuthenticator({ ledger, clock, jwt })
  const signer = new UrlSigner({ key: config.signingKey ?? storedKey(config.data), clock, lifeMs: config.signedUrlLifeMs })
  const services = { engine, authenticator, clock, limits: config, signer, publicUrl: config.publicUrl }
  const app = await buildServer(services, { logger, retentionMs: config.retentionMs, cmwellCompat: config.cmwellCompat })
  begun.defer(() => app.close())
  await engine.start()
  await app.listen({ host: config.host, port: config.port })
  const { address, port, family } = app.server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    engine,
    ledger,
    close: () => begun.disposeAsync(),
  }
}
