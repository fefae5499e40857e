import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Http } from '../support/http.ts'
import { Book } from './book.ts'
import { isGone } from './errands/desk.ts'
import { WORK } from './errands/files.ts'
import { PROJECT } from './errands/project.ts'
import { serverFaults } from './invariants.ts'
import { DESTINATIONS, INBOX, SOURCE, SOURCE_PATHS, type SourceFile } from './plan.ts'
import { PostgresStage } from './postgres-stage.ts'
import { Random } from '../support/random.ts'
import { sha256 } from '../support/sha256.ts'
import { SqliteStage } from './sqlite-stage.ts'
import type { Stage } from './stage.ts'
import { makeAttached } from './stores.ts'
import { Tally } from './tally.ts'
import { Targets } from './targets.ts'
import type { Victim } from './victim.ts'
import { load } from './workload.ts'

/** Faults reported one by one: the first ones tell what broke. */
const MOST_FAULTS = 20
/** So often a server is to die while it starts, recovers and does what its predecessor has left. */
const KILLED_EARLY = 0.35
/** Kills of one data directory: what is in it grows, and each look reads all of it. */
const KILLS_AN_EPISODE = 10
/** So long what collections have left may take to go, once nothing else happens. */
const PURGED_WITHIN_MS = 20_000

export interface TortureOptions {
  readonly kills: number
  readonly seed: number
  readonly ledger?: 'sqlite' | 'postgres'
  readonly points?: readonly string[]
  readonly log?: (line: string) => void
  /** No further stage is begun once it aborts. */
  readonly stop?: AbortSignal
}

/** What a run did, and what it found broken. */
export interface TortureReport {
  readonly kills: number
  /** Kills that left unfinished jobs behind: the ones that prove something. */
  readonly killsInWork: number
  /** Where servers died, and how often. */
  readonly killsAt: Readonly<Record<string, number>>
  readonly checked: Tally['checked']
  readonly requests: number
  readonly answersLost: number
  readonly itemsDone: number
  /** Infotons of updates that were found as planned. */
  readonly updated: number
  readonly errands: number
  readonly expired: number
  readonly faults: readonly string[]
  /** Kept for a look where there are faults. */
  readonly directory: string | null
}

type Counts = { -readonly [K in keyof Omit<TortureReport, 'faults' | 'directory' | 'checked' | 'killsAt'>]: number }

/**
 * Kills working servers again and again, around their calls of the system and at any moment. After each kill the invariants are checked on what is on disk, and
 * after each restart over HTTP. The seed fixes what is asked and where servers are to die; what they have done by then is up to the machine.
 */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const random = new Random(options.seed)
  const targets = new Targets(random, options.points)
  const counts: Counts = { kills: 0, killsInWork: 0, requests: 0, answersLost: 0, itemsDone: 0, updated: 0, errands: 0, expired: 0 }
  const killsAt: Record<string, number> = {}
  const tally = new Tally()
  const open = (options.ledger === 'postgres' ? PostgresStage : SqliteStage).open
  for (;;) {
    const directory = await mkdtemp(join(tmpdir(), 'waybill-torture-'))
    const episode = new Episode(await open(directory, random), random, targets)
    const faults = await episode.run(Math.min(KILLS_AN_EPISODE, options.kills - counts.kills))
    for (const [place, n] of episode.killsAt) killsAt[place] = (killsAt[place] ?? 0) + n
    for (const [what, n] of Object.entries(episode.counts())) counts[what as keyof Counts] += n
    tally.add(episode.tally)
    options.log?.(`${counts.kills} kills, ${counts.requests} requests, ${counts.errands} errands, ${faults.length} faults`)
    if (faults.length > 0 || counts.kills >= options.kills || options.stop?.aborted === true) {
      if (faults.length === 0) await rm(directory, { recursive: true })
      return { ...counts, killsAt, checked: tally.checked, faults, directory: faults.length === 0 ? null : directory }
    }
    await rm(directory, { recursive: true })
  }
}

/** Some kills on one stage. */
class Episode {
  readonly #stage: Stage
  readonly #random: Random
  readonly #targets: Targets
  readonly killsAt = new Map<string, number>()
  #book = new Book(new Map(), false)
  #kills = 0
  #killsInWork = 0
  #output = ''

  constructor(stage: Stage, random: Random, targets: Targets) {
    this.#stage = stage
    this.#random = random
    this.#targets = targets
  }

  get tally(): Tally {
    return this.#book.tally
  }

  counts(): Counts {
    const { sent, updates, errands, expiring } = this.#book
    const verified = sent.filter(one => one.verified)
    return {
      kills: this.#kills,
      killsInWork: this.#killsInWork,
      requests: sent.length + updates.length,
      answersLost: sent.filter(one => one.answerLost).length + updates.filter(({ id }) => id === null).length,
      itemsDone: verified.reduce((sum, { plan }) => sum + plan.copies.length, 0),
      updated: updates.filter(one => one.verified).reduce((sum, { plan }) => sum + plan.writes.length, 0),
      errands: errands.length,
      expired: expiring.length,
    }
  }

  /** Returns what was found broken. */
  async run(kills: number): Promise<string[]> {
    const faults: string[] = []
    try {
      const first = await this.#alive()
      this.#book = await this.#over(first, http => prepare(http, this.#stage, this.#random))
      await this.#loadAndKill(first, false)
      faults.push(...(await this.#stage.look(this.#book)))
      while (this.#kills < kills && faults.length === 0) faults.push(...(await this.#life()))
      if (faults.length === 0) faults.push(...(await this.#lastLook()))
    } catch (error) {
      faults.push(`the run ended early: ${error instanceof Error ? error.stack : String(error)}`)
    } finally {
      await this.#stage.close()
    }
    if (faults.length === 0) return []
    return [...faults.slice(0, MOST_FAULTS), `${faults.length} faults; the last server printed:\n${this.#output}`]
  }

  /** One server, from its start to its death. */
  async #life(): Promise<string[]> {
    const early = this.#random.chance(KILLED_EARLY)
    const victim = await this.#stage.start(early ? this.#targets.next() : undefined)
    const faults: string[] = []
    if (typeof victim === 'string') this.#killed(victim)
    else {
      this.#watch(victim)
      try {
        faults.push(...(await this.#verify(victim)))
        await this.#loadAndKill(victim, early)
      } catch (error) {
        await victim.server.kill()
        if (!isGone(error)) throw error
        this.#killed(await victim.died())
      }
    }
    return [...faults, ...(await this.#stage.look(this.#book))]
  }

  async #lastLook(): Promise<string[]> {
    const last = await this.#alive()
    const faults = await this.#verify(last)
    faults.push(...(await this.#leftovers()))
    await last.server.stop()
    return [...faults, ...(await this.#stage.look(this.#book))]
  }

  /** When nothing happens any more, nothing of collections that were deleted stays. */
  async #leftovers(): Promise<string[]> {
    const until = performance.now() + PURGED_WITHIN_MS
    for (;;) {
      const left = await this.#stage.leftovers()
      if (left === 0) return []
      if (performance.now() > until)
        return [`${left} rows of deleted collections are still there ${PURGED_WITHIN_MS / 1000} s after the last of them was deleted`]
      await pause(100)
    }
  }

  async #alive(): Promise<Victim> {
    const victim = await this.#stage.start()
    if (typeof victim === 'string') throw new Error('a server died by itself')
    this.#watch(victim)
    return victim
  }

  #watch({ server }: Victim): void {
    void server.gone.then(() => (this.#output = server.output()))
  }

  #killed(place: string): void {
    this.#kills += 1
    this.killsAt.set(place, (this.killsAt.get(place) ?? 0) + 1)
    if (this.#stage.unfinished > 0) this.#killsInWork += 1
  }

  async #verify(victim: Victim): Promise<string[]> {
    const stranger = new Http(victim.server.url, this.#stage.stranger)
    try {
      return await this.#over(victim, http => serverFaults(http, stranger, this.#book, this.#random))
    } finally {
      stranger.close()
    }
  }

  async #over<T>({ server }: Victim, use: (http: Http) => Promise<T>): Promise<T> {
    const http = new Http(server.url, this.#stage.token)
    try {
      return await use(http)
    } finally {
      http.close()
    }
  }

  async #loadAndKill(victim: Victim, armed: boolean): Promise<void> {
    const stop = new AbortController()
    await this.#over(victim, async http => {
      const loading = load(http, this.#book, this.#random, stop.signal)
      if (!armed) victim.arm(this.#targets.next())
      const disturbed = this.#stage.disturb()
      const place = await victim.died()
      stop.abort()
      await Promise.all([loading, disturbed])
      this.#killed(place)
    })
  }
}

/** Makes the collections and uploads the files that everything is copied from. */
async function prepare(http: Http, stage: Stage, random: Random): Promise<Book> {
  for (const id of [SOURCE, INBOX, WORK, PROJECT, ...DESTINATIONS]) await http.json('POST', '/v1/collections', { id })
  await makeAttached(http)
  const files = new Map<string, SourceFile>()
  const upload = async (path: string): Promise<void> => {
    const bytes = random.bytes(random.between(0, 5000))
    const answer = await http.send('PUT', `/v1/collections/${SOURCE}/entries/${path}`, bytes, { 'content-type': 'application/octet-stream' })
    if (answer.status !== 201) throw new Error(`the upload of ${path} answered ${answer.status}: ${answer.body}`)
    files.set(path, { path, bytes, sha256: sha256(bytes), revision: String(answer.headers.etag).replaceAll('"', '') })
  }
  await Promise.all(SOURCE_PATHS.map(upload))
  return new Book(files, stage.mayBeAway)
}
