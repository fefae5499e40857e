import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Http } from '../support/http.ts'
import { createToken, ServerStartError, spawnServer, type ServerProcess } from '../support/server-process.ts'
import { Book } from './book.ts'
import { blobFaults, ledgerFaults, serverFaults } from './invariants.ts'
import { copyLedger } from './ledger-copy.ts'
import { DESTINATIONS, INBOX, SOURCE, SOURCE_PATHS, type SourceFile } from './plan.ts'
import { Random } from './random.ts'
import { load } from './workload.ts'

/** One caller would run into the usual limit of requests a minute. */
const ENV = {
  WAYBILL_REQUESTS_PER_MINUTE: '100000000',
  // ids of updates are asked for until the end, however long a run takes
  WAYBILL_RETENTION_MS: JSON.stringify({ cmwell: 7 * 24 * 3600 * 1000 }),
}
/** Faults reported one by one: the first ones tell what broke. */
const MOST_FAULTS = 20
/** So often a server is killed again while it still starts and recovers. */
const KILLED_STARTING = 0.2

export interface CrashOptions {
  readonly kills: number
  readonly seed: number
  readonly log?: (line: string) => void
}

/** What a run did, and what it found broken; with faults the data directory is kept for a look. */
export interface CrashReport {
  readonly kills: number
  /** Kills that left unfinished jobs behind: the ones that prove something. */
  readonly killsInWork: number
  readonly requests: number
  readonly answersLost: number
  readonly itemsDone: number
  /** Infotons of updates that were found as planned. */
  readonly updated: number
  readonly faults: readonly string[]
  readonly directory: string
}

/**
 * Kills a working server again and again at random moments. After each kill the invariants are checked on what is on disk, and after each restart over HTTP.
 * The seed fixes the requests and the waiting times; what the server has done when it dies is up to the machine.
 */
export async function crashes(options: CrashOptions): Promise<CrashReport> {
  const run = new CrashRun(options, await mkdtemp(join(tmpdir(), 'waybill-crash-')))
  const report = await run.run()
  if (report.faults.length === 0) await rm(report.directory, { recursive: true })
  return report
}

class CrashRun {
  readonly #options: CrashOptions
  readonly #random: Random
  readonly #directory: string
  readonly #data: string
  readonly #checkedBlobs = new Map<string, number>()
  #token = ''
  #kills = 0
  #killsInWork = 0
  #looks = 0

  constructor(options: CrashOptions, directory: string) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#directory = directory
    this.#data = join(directory, 'data')
  }

  async run(): Promise<CrashReport> {
    this.#token = await createToken(this.#data, 'crash', ['read', 'write', 'admin', 'apollo_read', 'apollo_write'])
    let server = await spawnServer(this.#data, { env: ENV })
    const faults: string[] = []
    let output = ''
    const book = await this.#over(server, http => prepare(http, this.#random))
    try {
      while (this.#kills < this.#options.kills && faults.length === 0) {
        await this.#loadAndKill(server, book)
        faults.push(...this.#look(book))
        server = await this.#restart()
        faults.push(...(await this.#over(server, http => serverFaults(http, book, this.#random))))
        this.#options.log?.(`kill ${this.#kills}: ${book.sent.length} requests so far, ${faults.length} faults`)
      }
    } catch (error) {
      faults.push(`the run ended early: ${error instanceof Error ? error.stack : String(error)}`)
    } finally {
      output = server.output()
      await server.stop()
    }
    if (faults.length > 0) faults.push(`the last server printed:\n${output}`)
    const told = faults.length > MOST_FAULTS ? [...faults.slice(0, MOST_FAULTS), `and ${faults.length - MOST_FAULTS} more`, ...faults.slice(-1)] : faults
    const answersLost = book.sent.filter(sent => sent.answerLost).length + book.updates.filter(({ id }) => id === null).length
    const itemsDone = book.sent.filter(sent => sent.verified).reduce((sum, sent) => sum + sent.plan.copies.length, 0)
    const updated = book.updates.filter(({ verified }) => verified).reduce((sum, { plan }) => sum + plan.writes.length, 0)
    const requests = book.sent.length + book.updates.length
    return { kills: this.#kills, killsInWork: this.#killsInWork, requests, answersLost, itemsDone, updated, faults: told, directory: this.#directory }
  }

  async #over<T>(server: ServerProcess, use: (http: Http) => Promise<T>): Promise<T> {
    const http = new Http(server.url, this.#token)
    try {
      return await use(http)
    } finally {
      http.close()
    }
  }

  async #loadAndKill(server: ServerProcess, book: Book): Promise<void> {
    const stop = new AbortController()
    await this.#over(server, async http => {
      const loading = load(http, book, this.#random, stop.signal)
      await sleep(this.#random.between(20, 600))
      await server.kill()
      this.#kills += 1
      stop.abort()
      await loading
    })
  }

  /** Checks what the dead server left on disk, beside what the crash before left. */
  #look(book: Book): string[] {
    const copy = (n: number): string => join(this.#directory, `ledger-${n % 2}.db`)
    const before = this.#looks === 0 ? null : copy(this.#looks - 1)
    const ledger = copyLedger(this.#data, copy(this.#looks))
    this.#looks += 1
    try {
      if (ledger.prepare('SELECT count(*) AS n FROM job WHERE state < 3').get()?.['n'] !== 0) this.#killsInWork += 1
      return [...ledgerFaults(ledger, book, before), ...blobFaults(ledger, join(this.#data, 'store', 'blobs'), this.#checkedBlobs)]
    } finally {
      ledger.close()
    }
  }

  /** Starts the server again; now and then it is killed while it does. */
  async #restart(): Promise<ServerProcess> {
    while (this.#kills < this.#options.kills && this.#random.chance(KILLED_STARTING)) {
      const patience = this.#random.between(50, 700)
      try {
        const server = await spawnServer(this.#data, { env: ENV, onSpawn: child => setTimeout(() => child.kill('SIGKILL'), patience) })
        await server.kill()
      } catch (error) {
        if (!(error instanceof ServerStartError)) throw error
      }
      this.#kills += 1
    }
    return spawnServer(this.#data, { env: ENV })
  }
}

/** Makes the collections and uploads the files that everything is copied from. */
async function prepare(http: Http, random: Random): Promise<Book> {
  for (const id of [SOURCE, INBOX, ...DESTINATIONS]) await http.json('POST', '/v1/collections', { id })
  const files = new Map<string, SourceFile>()
  for (const path of SOURCE_PATHS) {
    const bytes = random.bytes(random.between(0, 5000))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const answer = await http.send('PUT', `/v1/collections/${SOURCE}/entries/${path}`, bytes, { 'content-type': 'application/octet-stream' })
    if (answer.status !== 201) throw new Error(`the upload of ${path} answered ${answer.status}: ${answer.body}`)
    files.set(path, { path, bytes, sha256, revision: String(answer.headers.etag).replaceAll('"', '') })
  }
  return new Book(files)
}
