import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Random } from '../../support/random.ts'
import type { Dice } from '../dice.ts'
import { Frames, kindOf, simpleQuery } from './frames.ts'
import type { LedgerFault } from './kinds.ts'

/** A way to a database on which the dice decide what becomes of each statement. */
export interface FaultyLine {
  readonly url: string
  /** While it stands still nothing goes through, either way, and nobody is told. */
  standStill(still: boolean): void
  close(): Promise<void>
}

/** Commits are few among the statements, and what befalls them matters most. */
const COMMITS_TIMES = 6
/** A transaction is begun anew up to a dozen times before its caller hears of it. */
const REFUSED_TIMES = 1.5
const COMMIT = simpleQuery('COMMIT')
/** What the server itself is asked in the place of a statement: its transaction is undone for that reason. */
const REFUSALS = {
  serialization: simpleQuery(`DO $$ BEGIN RAISE EXCEPTION 'injected: could not serialize access' USING ERRCODE = '40001'; END $$`),
  deadlock: simpleQuery(`DO $$ BEGIN RAISE EXCEPTION 'injected: deadlock detected' USING ERRCODE = '40P01'; END $$`),
} as const

/** Starts one in front of the database of a URL. */
export async function startFaultyLine(database: string, dice: Dice<LedgerFault>, random: Random): Promise<FaultyLine> {
  const target = new URL(database)
  const pairs = new Set<Pair>()
  let still = false
  const server = createServer(client => {
    const pair = new Pair(client, connect(Number(target.port), target.hostname), { dice, random })
    pairs.add(pair)
    client.once('close', () => pairs.delete(pair))
    if (still) pair.standStill(true)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(database)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    standStill: how => {
      still = how
      for (const pair of pairs) pair.standStill(how)
    },
    close: async () => {
      for (const pair of pairs) pair.cut()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A connection of a client and what it is to it on the other side. A client asks one thing at a time: what it sends up to a Sync, or a simple query. */
class Pair {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #dice: Dice<LedgerFault>
  readonly #random: Random
  readonly #asked = new Frames('client')
  readonly #answered = new Frames('server')
  #question: Buffer[] = []
  /** The answer that is on its way is to be lost in its middle, or wholly, once it is there. */
  #lost: 'middle' | 'whole' | null = null

  constructor(client: Socket, upstream: Socket, { dice, random }: { dice: Dice<LedgerFault>; random: Random }) {
    this.#client = client
    this.#upstream = upstream
    this.#dice = dice
    this.#random = random
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      socket.on('error', () => this.cut()) // whatever breaks, both ends hear of it
    }
    client.on('close', () => upstream.end())
    upstream.on('close', () => client.destroy())
    client.on('data', data => this.#hear(data))
    upstream.on('data', data => this.#answer(data))
  }

  standStill(still: boolean): void {
    for (const socket of [this.#client, this.#upstream]) {
      if (still) socket.pause()
      else socket.resume()
    }
  }

  cut(): void {
    this.#client.destroy()
    this.#upstream.destroy()
  }

  #hear(data: Buffer): void {
    for (const message of this.#asked.take(data)) {
      this.#question.push(message)
      if (this.#client.destroyed || !['Q', 'S', '\0'].includes(kindOf(message))) continue
      this.#ask(Buffer.concat(this.#question.splice(0)))
    }
    // a goodbye, and whatever else nobody answers
    if (this.#question.length > 0 && kindOf(this.#question.at(-1) as Buffer) === 'X') this.#upstream.write(Buffer.concat(this.#question.splice(0)))
  }

  #ask(question: Buffer): void {
    if (question.equals(COMMIT)) return this.#commit()
    if (this.#dice.befalls('cut')) return this.cut()
    for (const [kind, refusal] of Object.entries(REFUSALS) as [keyof typeof REFUSALS, Buffer][]) {
      if (kindOf(question) !== '\0' && this.#dice.befalls(kind, REFUSED_TIMES)) return void this.#upstream.write(refusal)
    }
    if (this.#dice.befalls('half')) this.#lost = 'middle'
    this.#upstream.write(question)
  }

  #commit(): void {
    if (this.#dice.befalls('unheard', COMMITS_TIMES)) return this.cut()
    if (this.#dice.befalls('serialization')) return void this.#upstream.write(REFUSALS.serialization)
    if (this.#dice.befalls('unanswered', COMMITS_TIMES)) this.#lost = 'whole'
    this.#upstream.write(COMMIT)
    // the server is still at it when the client asks what became of it
    if (this.#dice.befalls('racing', COMMITS_TIMES)) this.#client.destroy()
  }

  #answer(data: Buffer): void {
    const isWhole = this.#answered.take(data).some(message => kindOf(message) === 'Z')
    if (this.#lost === 'middle') {
      this.#client.write(data.subarray(0, this.#random.between(0, data.length - 1)), () => this.cut())
    } else if (this.#lost === null) {
      this.#client.write(data)
    } else if (isWhole) {
      this.cut()
    }
  }
}
