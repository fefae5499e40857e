import { randomBytes } from 'node:crypto'
import { accessSync, constants, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { brokenInLedger, inspectSharedLedger, openAdministration, refuseApart, type DatabaseFacts, type LedgerPlace } from './administration.ts'
import type { Config } from './config.ts'
import { WaybillError } from './model/errors.ts'
import { openPlaces, openStores } from './open-stores.ts'
import type { BlobStore } from './ports/blob-store.ts'
import type { Place } from './ports/place.ts'
import type { Clock } from './ports/clock.ts'
import { systemClock } from './system/clock.ts'

/** What was looked at, what was found, and whether it is well. */
export interface Finding {
  readonly what: string
  readonly well: boolean
  readonly found: string
}

const LEAST_FREE_BYTES = 1024 ** 3
/** Blobs are swept by the store's clock, leases held by ours: so far apart they mislead each other. */
const MOST_APART_MS = 5 * 60_000
const NEWEST_TRIED = 18
const NODE_MAJOR = 24

/**
 * Looks at everything that a server with this configuration needs, one after the other: each is tried as the server would use it, and left as it was. Works
 * beside a running server. Throws nothing that is a finding.
 */
export async function* examine(config: Config, clock: Clock = systemClock): AsyncGenerator<Finding> {
  yield await finding('Node.js', async () => nodeVersion())
  if (config.database !== null) yield* examineDatabase(config.database, clock)
  const directory = await finding('data directory', () => dataDirectory(config.data))
  yield directory
  // the rest would only make what is missing
  if (!directory.well) return
  if (config.database === null) {
    const opens = await finding('ledger', () => ledger({ data: config.data }, clock))
    yield opens
    if (opens.well) yield await finding('rows', async () => rows(config.data, clock))
  }
  let stores: BlobStore[]
  let places: Place[]
  try {
    stores = await openStores(config, clock)
    places = await openPlaces(config, clock)
  } catch (error) {
    yield { what: 'stores', well: false, found: sentence(error) }
    return
  }
  for (const store of stores) yield await finding(`store ${store.name}`, () => roundTrip(store, clock))
  for (const place of places) yield await finding(`store ${place.name}`, () => visit(place))
}

async function finding(what: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { what, well: true, found: await look() }
  } catch (error) {
    return { what, well: false, found: sentence(error) }
  }
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  // callers are not told where files lie; who looks after the server needs to know
  return cause instanceof Error && 'path' in cause && typeof cause.path === 'string' ? `${error.message}: ${cause.path}` : error.message
}

function nodeVersion(): string {
  const { node } = process.versions
  if (Number(node.split('.', 1)[0]) < NODE_MAJOR) throw new WaybillError('unsupported', `Node.js ${node} runs; ${NODE_MAJOR} or newer is needed`)
  return `${node}, ${process.platform} ${process.arch}`
}

async function dataDirectory(data: string): Promise<string> {
  const found = statSync(data, { throwIfNoEntry: false })
  if (found === undefined)
    throw new WaybillError('invalid_request', `there is nothing at ${data}; name the directory that the server runs on, or start a server to make it`)
  if (!found.isDirectory()) throw new WaybillError('invalid_request', `${data} is a file where a directory is needed`)
  accessSync(data, constants.R_OK | constants.W_OK | constants.X_OK)
  const { bavail, bsize } = await statfs(data)
  const free = bavail * bsize
  const gib = (free / 1024 ** 3).toFixed(1)
  if (free < LEAST_FREE_BYTES) throw new WaybillError('out_of_space', `only ${gib} GiB are free on the disk of ${data}; make room before the ledger needs it`)
  return `${data}, ${gib} GiB free`
}

/** The database itself, its schema, and the ledger in it, if there is one: a server's first start makes it, and not we. */
async function* examineDatabase(database: string, clock: Clock): AsyncGenerator<Finding> {
  let facts: DatabaseFacts
  try {
    facts = await inspectSharedLedger(database, clock)
  } catch (error) {
    yield { what: 'database', well: false, found: sentence(error) }
    return
  }
  yield await finding('database', async () => server(facts))
  const schema = await finding('schema', async () => schemaOf(facts))
  yield schema
  if (schema.well && facts.schema === facts.knownSchema) yield await finding('ledger', () => ledger({ database }, clock))
}

function server({ version, answersMs, apartMs, readOnly }: DatabaseFacts): string {
  const seconds = `${(apartMs / 1000).toFixed(1)} s`
  if (readOnly) throw new WaybillError('unavailable', `PostgreSQL ${version} answers, but takes no writes: it is a standby, or told to be read-only`)
  refuseApart(apartMs)
  const isNew = Number.parseInt(version, 10) > NEWEST_TRIED ? ` (newer than what was tried, ${NEWEST_TRIED})` : ''
  return `PostgreSQL ${version}${isNew} in UTF-8 answers (${Math.ceil(answersMs)} ms), its clock ${seconds} apart`
}

function schemaOf({ schema, knownSchema, mayMigrate, user, database }: DatabaseFacts): string {
  if (schema > knownSchema) {
    throw new WaybillError('unavailable', `the ledger's schema is number ${schema}, this version knows ${knownSchema}: use a newer version of Waybill`)
  }
  if (schema === knownSchema) return `number ${schema}, the present one`
  if (!mayMigrate) {
    const right = schema === 0 ? `CREATE ON DATABASE ${JSON.stringify(database)}` : 'CREATE ON SCHEMA waybill'
    throw new WaybillError(
      'unavailable',
      `${JSON.stringify(user)} may not ${schema === 0 ? 'make' : 'change'} the schema: GRANT ${right} TO ${JSON.stringify(user)}`,
    )
  }
  return schema === 0
    ? 'none yet: the first server that starts makes it'
    : `number ${schema}: the first server of this version that starts makes it number ${knownSchema}`
}

async function ledger(place: LedgerPlace, clock: Clock): Promise<string> {
  const opened = await openAdministration(place, { create: false }, clock)
  try {
    const begin = performance.now()
    await opened.ledger.health()
    const unfinished = await opened.ledger.unfinished(0, 1000)
    const jobs = unfinished.length === 1000 ? '1,000 or more jobs' : `${unfinished.length} ${unfinished.length === 1 ? 'job' : 'jobs'}`
    return `reads and commits (${Math.round(performance.now() - begin)} ms), ${jobs} unfinished`
  } finally {
    await opened.close()
  }
}

/** A damaged file may open and answer for a long time, until somebody asks for what is broken. */
function rows(data: string, clock: Clock): string {
  const begin = performance.now()
  const broken = brokenInLedger(data, clock)
  if (broken.length > 0) throw new WaybillError('internal', `the ledger is damaged; stop the server and restore a backup: ${broken.join('; ')}`)
  return `every page of the ledger is whole, and its rows agree (${Math.round(performance.now() - begin)} ms)`
}

/** Puts bytes that nobody else has, reads them back, and takes them away again. */
async function roundTrip(store: BlobStore, clock: Clock): Promise<string> {
  await store.health()
  const bytes = randomBytes(64)
  const begin = performance.now()
  const { sha256 } = await store.put(Readable.from([bytes], { objectMode: false }))
  const stored = await store.stat(sha256)
  try {
    if (stored === null || !(await store.verify(sha256))) throw new WaybillError('unavailable', 'what was put cannot be read back')
  } finally {
    await store.delete(sha256, Infinity)
  }
  const apart = Math.abs(stored.putAt - clock.now())
  if (apart > MOST_APART_MS) {
    throw new WaybillError(
      'unavailable',
      `its clock and the one of this machine are ${Math.round(apart / 60_000)} minutes apart; set both by the same time server`,
    )
  }
  return `takes, gives back and deletes (${Math.round(performance.now() - begin)} ms)`
}

/** Reads in an attached place, and, where that is allowed, writes there what nobody sees. */
async function visit(place: Place): Promise<string> {
  const begin = performance.now()
  await place.health()
  const { files, folders, misfits } = await place.list({ prefix: '', after: '', limit: 1_000, delimiter: '/' })
  const took = `(${Math.round(performance.now() - begin)} ms)`
  const found = `at its root files: ${files.length}, folders: ${folders.length}, other things: ${misfits.length}`
  return `attached, ${place.readonly ? 'read-only' : 'takes files'}, shows ${found} ${took}`
}
