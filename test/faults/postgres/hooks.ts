import { expect } from 'vitest'
import { EVENT_TYPES } from '../../../src/model/event.ts'
import { ask } from '../../support/postgres-database.ts'
import type { Random } from '../../support/random.ts'
import { respond, startReceiver, type Receiver } from '../../support/receiver.ts'
import { ALICE } from '../../unit/engine/house.ts'
import type { Storm } from '../storm.ts'

const COLLECTIONS = ['near', 'far', 'out']
/** Of what a receiver is sent it refuses so many. */
const REFUSED = 0.05

/** Once there are no jobs any more time may go fast: what a node lost while it was sent is sent again after a minute. */
const STEP_MS = 200
const SPREAD = `SELECT count(*)::int AS n FROM waybill.webhook_delivery d
  JOIN waybill.webhook w ON w.key = d.hook JOIN waybill.collection c ON c.key = w.collection`
const LEFT = `SELECT 1 FROM waybill.webhook_delivery WHERE due_at IS NOT NULL
  UNION ALL SELECT 1 FROM waybill.event WHERE id > (SELECT value FROM waybill.counter WHERE name = 'webhook_event') LIMIT 1`

/** A hook on each collection of a storm, and what it was sent. */
export class Hooks {
  readonly #storm: Storm
  readonly #receiver: Receiver

  private constructor(storm: Storm, receiver: Receiver) {
    this.#storm = storm
    this.#receiver = receiver
  }

  static async hook(storm: Storm, random: Random): Promise<Hooks> {
    const receiver = await startReceiver((_, response) => respond(response, random.chance(REFUSED) ? 503 : 204))
    const hooks = new Hooks(storm, receiver)
    for (const collection of COLLECTIONS) {
      await storm.house.engine.webhooks.create(ALICE, { collection }, { url: `${receiver.url}${collection}`, events: [...EVENT_TYPES] })
    }
    return hooks
  }

  /** Each event of a job was spread once over the hooks of the collections that the job names, and sent, as one, at least once; nothing else was. */
  async check(database: string): Promise<void> {
    await this.#storm.passUntil(this.#settled(database), STEP_MS)
    const { jobs, house } = this.#storm
    const events = new Map<string, string[]>()
    for (const { id } of jobs) {
      const all = await house.ledger.eventsAfter(0, 1_000, id)
      events.set(
        id,
        all.map(event => `${id}_${event.id}`),
      )
    }
    for (const collection of COLLECTIONS) {
      const wanted = jobs.filter(({ collections }) => collections.has(collection)).flatMap(({ id }) => events.get(id) ?? [])
      const sent = this.#receiver.received.filter(({ path }) => path === `/${collection}`).map(({ headers }) => String(headers['webhook-id']))
      expect([...new Set(sent)].toSorted(), `sent to the hook of ${collection}`).toEqual(wanted.toSorted())
      const [spread] = await ask(database, `${SPREAD} WHERE c.id = '${collection}'`)
      expect(spread, `spread over the hook of ${collection}`).toEqual({ n: wanted.length })
    }
    expect(await ask(database, 'SELECT id FROM waybill.webhook WHERE pending <> 0 OR disabled IS NOT NULL')).toEqual([])
  }

  /** Resolves when nothing is left to be spread or sent. */
  async #settled(database: string): Promise<void> {
    while ((await ask(database, LEFT)).length > 0) await new Promise(resolve => setTimeout(resolve, 20))
  }

  close(): Promise<void> {
    return this.#receiver.close()
  }
}
