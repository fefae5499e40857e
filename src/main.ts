import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { createAuthenticator } from './access/authenticator.ts'
import { createJwtVerifier } from './access/jwt.ts'
import { TokenService } from './access/token-service.ts'
import { inspectSharedLedger, openLedger, openSharedLedger, refuseApart } from './administration.ts'
import type { Config } from './config.ts'
import type { Engine } from './engine/api.ts'
import { createEngine } from './engine/engine.ts'
import { buildServer } from './http/server.ts'
import { UrlSigner } from './http/signed-url.ts'
import { claimDirectory } from './ledger/sqlite/claim.ts'
import { AddressRules } from './model/net-address.ts'
import { observedPlace, observedStore } from './observability/observed-stores.ts'
import { openObservability } from './observability/open-observability.ts'
import { agreeOnDirectories, openPlaces, openStores } from './open-stores.ts'
import { WebhookClient } from './outgoing/webhook-client.ts'
import type { BlobStore } from './ports/blob-store.ts'
import type { Clock } from './ports/clock.ts'
import type { Ledger } from './ports/ledger.ts'
import type { Observer } from './ports/observer.ts'
import type { Queue } from './ports/queue.ts'
import { recording } from './ports/recording.ts'
import { LocalQueue } from './queue/local/local-queue.ts'
import { storeKinds, trafficOf } from './store-config.ts'
import { systemClock } from './system/clock.ts'
import { makeDirectory } from './system/directories.ts'
import { systemIds } from './system/ids.ts'
import { storedKey } from './system/stored-key.ts'
import { packageVersion } from './system/version.ts'

/** HMAC-SHA-256 wants a key as long as its output (RFC 2104 section 3). */
const SIGNING_KEY_BYTES = 32

/** What `npm run build` makes of `console/`: beside this file in the package, in `dist` of a clone. */
const CONSOLE = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../dist/console' : './console', import.meta.url))

/** A server that listens. */
export interface RunningServer {
  readonly url: string
  readonly engine: Engine
  readonly ledger: Ledger
  /** Takes no new requests, finishes those in flight and the running turns, then closes the files. */
  close(): Promise<void>
}

/**
 * Composes the server and starts it: on the embedded default, or, with `database`, as one of any number on one PostgreSQL. Throws `unavailable` when another
 * server works on the same data directory, when the database does not answer, and when its other servers have other directories. A start that fails (a port that is taken, say) undoes what it began, the claim
 * on the directory last.
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
  const logger = pino({ level: config.logLevel, redact: ['req.headers.authorization', 'req.headers["x-sbg-auth-token"]', 'token'] }, pino.destination(2))
  const onError = (error: unknown, what: string): void => logger.error({ err: error, what }, 'background work failed; it will be tried again')
  const { metrics: access, tracing } = config
  const { observer, metrics, close } = await openObservability({ logger, metrics: access !== 'off', tracing, clock, onError })
  begun.defer(close)
  const jwt = config.jwt === null ? null : await createJwtVerifier(config.jwt, clock)
  const parts = { config, clock, begun, observer, onError }
  const { ledger, stores, queue, signingKey } = config.database === null ? await embedded(parts) : await shared(config.database, parts)
  const ids = systemIds(clock)
  const addresses = new AddressRules(config.webhookAllow)
  const engine = createEngine({
    ledger,
    stores: stores.map(store => observedStore(store, observer)),
    places: (await openPlaces(config, clock, process.env, observer)).map(place => observedPlace(place, observer)),
    traffic: trafficOf(config),
    queue,
    clock,
    ids,
    worker: `${hostname()}/${process.pid}`,
    concurrency: config.concurrency,
    maxItems: config.jsonItems,
    maxUploadBytes: config.uploadBytes,
    uploadLifeMs: config.uploadLifeMs,
    webhooks: {
      sender: new WebhookClient(addresses),
      addresses,
      http: config.webhookHttp,
      schedule: { firstMs: config.webhookRetryMs, giveUpMs: config.webhookGiveUpMs },
      publicUrl: config.publicUrl,
      signingKey,
    },
    auditRetentionMs: config.auditRetentionMs,
    deletedRetentionMs: config.deletedRetentionMs,
    quotas: config.quotas,
    onError,
    observer,
  })
  begun.defer(() => engine.stop())
  const authenticator = createAuthenticator({ ledger, clock, jwt })
  const signer = new UrlSigner({ key: signingKey, clock, lifeMs: config.signedUrlLifeMs })
  const facts = {
    version: packageVersion(),
    startedAt: clock.now(),
    storeKinds: storeKinds(config),
    retentionMs: { ...config.retentionMs, audit: config.auditRetentionMs === 0 ? null : config.auditRetentionMs },
  }
  const tokens = new TokenService({ ledger, by: recording(ledger, config.auditRetentionMs > 0), clock, ids })
  const services = { engine, authenticator, tokens, clock, limits: config, facts, signer, publicUrl: config.publicUrl }
  const { retentionMs, cmwellCompat } = config
  const served = metrics === null || access === 'off' ? null : { access, contentType: metrics.contentType, render: () => metrics.render(ledger) }
  const app = await buildServer(services, { logger, retentionMs, cmwellCompat, consoleDirectory: CONSOLE, observer, metrics: served })
  begun.defer(() => app.close())
  await engine.start()
  await ledger.announce({ host: hostname(), pid: process.pid, version: facts.version, startedAt: facts.startedAt })
  await app.listen({ host: config.host, port: config.port })
  const { address, port, family } = app.server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    engine,
    ledger,
    close: () => begun.disposeAsync(),
  }
}

/** Where the ledger and the bytes are, who is woken how, and the key that signs URLs. */
interface Storage {
  readonly ledger: Ledger
  readonly stores: readonly BlobStore[]
  readonly queue: Queue
  readonly signingKey: string | Uint8Array
}

interface StorageParts {
  readonly config: Config
  readonly clock: Clock
  readonly begun: AsyncDisposableStack
  readonly observer: Observer
  readonly onError: (error: unknown, what: string) => void
}

async function embedded({ config, clock, begun, observer, onError }: StorageParts): Promise<Storage> {
  begun.defer(claimDirectory(config.data))
  const ledger = await openLedger(config.data, clock)
  begun.defer(() => ledger.close())
  const stores = await openStores(config, clock, process.env, observer)
  return { ledger, stores, queue: new LocalQueue(onError), signingKey: config.signingKey ?? storedKey(config.data) }
}

/** The data directory is not claimed: its stores are shared with the other servers, which must see the same files. */
async function shared(database: string, { config, clock, begun, observer, onError }: StorageParts): Promise<Storage> {
  const ledger = await openSharedLedger(database, clock)
  begun.defer(() => ledger.close())
  refuseApart((await inspectSharedLedger(database, clock)).apartMs)
  const stores = await openStores(config, clock, process.env, observer)
  await agreeOnDirectories(config, ledger)
  const { PgBossQueue } = await import('./queue/pg-boss/pg-boss-queue.ts')
  const queue = await PgBossQueue.open({ url: database, onError })
  begun.defer(() => queue.stop())
  ledger.sendWakesBy(queue)
  return { ledger, stores, queue, signingKey: config.signingKey ?? (await ledger.sharedSecret('signing-key', SIGNING_KEY_BYTES)) }
}
