import { setTimeout as pause } from 'node:timers/promises'
import { SOURCE, SOURCE_PATHS } from '../plan.ts'
import type { Random } from '../../support/random.ts'
import type { Desk, EntrySeen, ItemSeen, JobSeen } from './desk.ts'
import { errand, type Errand } from './errand.ts'
import { WORK } from './files.ts'

/** Some chunks. */
const MOST_ITEMS = 3_000

function copies(random: Random, prefix: string): { readonly kind: 'copy'; readonly priority: number; readonly items: readonly object[] } {
  const items = Array.from({ length: random.between(1, MOST_ITEMS) }, (_, n) => ({
    source: { collection: SOURCE, path: random.pick(SOURCE_PATHS) },
    destination: { collection: WORK, path: `${prefix}${String(n).padStart(5, '0')}` },
  }))
  return { kind: 'copy', priority: 1, items }
}

/** Every destination that is there was written once, and there are as many as items that are done. */
async function expectOnce(desk: Desk, prefix: string, done: number): Promise<void> {
  const entries = await desk.list<EntrySeen>(`/v1/collections/${WORK}/entries?prefix=${prefix}&`)
  const twice = entries.find(({ version }) => version !== 1)
  desk.check(
    'I6',
    entries.length === done && twice === undefined,
    () => `${prefix} has ${entries.length} entries, ${done} items are done; ${twice?.path ?? ''}`,
  )
}

/** A job that is cancelled in its middle, and what was cancelled tried again: what was done stays as it was, and nothing is done twice. */
export function cancelErrand(n: number, random: Random): Errand {
  const name = `errand-cancel-${n}`
  const body = copies(random, `${name}/`)
  let id = ''
  let done: readonly ItemSeen[] = []
  return errand(
    name,
    async desk => void (id = await desk.submit(name, body)),
    async desk => void (await desk.ask('POST', `/v1/jobs/${id}/cancel`, [202, 409])),
    async desk => {
      const { items } = await desk.finished(id)
      done = items.filter(({ state }) => state === 'done')
      const other = items.find(({ state }) => state !== 'done' && state !== 'cancelled')
      desk.check('I2', other === undefined, () => `${name} was cancelled and has ${JSON.stringify(other)}`)
      await expectOnce(desk, `${name}/`, done.length)
    },
    async desk => void (await desk.ask('POST', `/v1/jobs/${id}/retry`, [202], { states: ['cancelled'] })),
    async desk => {
      const { items } = await desk.finished(id)
      const changed = done.find(({ seq, attempts, destination }) => {
        const now = items[seq]
        return now?.state !== 'done' || now.attempts !== attempts || now.destination.version !== destination.version
      })
      desk.check('I2', changed === undefined, () => `${name} was retried, and the done item ${changed?.seq} has changed`)
      desk.check('I2', items.length === body.items.length && items.every(({ state }) => state === 'done'), () => `${name} was retried and is not done`)
      await expectOnce(desk, `${name}/`, body.items.length)
    },
  )
}

/** A job that is paused, stands still, and goes on. */
export function pauseErrand(n: number, random: Random): Errand {
  const name = `errand-pause-${n}`
  const body = copies(random, `${name}/`)
  let id = ''
  return errand(
    name,
    async desk => void (id = await desk.submit(name, body)),
    async desk => void (await desk.ask('POST', `/v1/jobs/${id}/pause`, [202, 409])),
    async desk => {
      const still = async (): Promise<JobSeen> => desk.json('GET', `/v1/jobs/${id}`, [200])
      const before = await still()
      if (before.state === 'finished') return
      desk.check('I1', before.paused, () => `${name} was paused, and a restart has forgotten it`)
      await pause(50)
      const after = await still()
      const settled = before.counts.running === 0
      desk.check(
        'I2',
        !settled || after.counts.done === before.counts.done,
        () => `${name} is paused and went from ${before.counts.done} to ${after.counts.done}`,
      )
    },
    async desk => void (await desk.ask('POST', `/v1/jobs/${id}/resume`, [202, 409])),
    desk => desk.expectDone(id, body.items.length),
    desk => expectOnce(desk, `${name}/`, body.items.length),
  )
}
