import { buffer } from 'node:stream/consumers'
import { expect } from 'vitest'
import type { ErrorCode } from '../../src/model/errors.ts'
import { isTerminal, ITEM_STATES, type Item } from '../../src/model/item.ts'
import { sha256 } from '../support/sha256.ts'
import { ALICE, itemsOf } from '../unit/engine/house.ts'
import type { FaultKind, Injector } from './injector.ts'
import type { Storm, StormJob } from './storm.ts'

/** Which reasons are true, when such a fault has happened. */
const REASONS: Readonly<Record<FaultKind, readonly ErrorCode[]>> = {
  io: ['unavailable'],
  busy: ['unavailable'],
  lost: ['unavailable'],
  full: ['out_of_space'],
  short: ['digest_mismatch', 'source_changed'],
  stale: ['digest_mismatch'],
  changed: ['source_changed'],
  listing: [],
  drip: [],
}

/** Everything that must hold once all jobs have ended, whatever has failed: I1 to I4, I6, and that reasons are true. Returns how many items have failed. */
export async function checkAll(storm: Storm, faults: Injector): Promise<number> {
  const reasons = new Set([...faults.happened.keys()].flatMap(kind => REASONS[kind]))
  const failed: number[] = []
  for (const job of storm.jobs) failed.push(await checkJob(storm, job, reasons))
  await checkBlobs(storm)
  for (const [path, text] of storm.uploaded) expect(await textOf(storm, 'near', path), path).toBe(text)
  return failed.reduce((sum, n) => sum + n, 0)
}

async function checkJob(storm: Storm, { id, kind, items }: StormJob, reasons: ReadonlySet<ErrorCode>): Promise<number> {
  const job = await storm.house.engine.jobs.get(ALICE, id)
  const all = await itemsOf(storm.house, id)
  expect(all.length, 'I1').toBe(items.length)
  for (const state of ITEM_STATES) expect(job.counts[state], `I3: ${state}`).toBe(all.filter(item => item.state === state).length)
  for (const item of all) {
    const { item: wish, bytes } = items[item.seq] as StormJob['items'][number]
    expect(isTerminal(item.state), `I2: item ${item.seq} is ${item.state}`).toBe(true)
    if (item.state === 'failed') expect([...reasons], `the reason of item ${item.seq} of ${kind}: ${item.reason?.message}`).toContain(item.reason?.code)
    else expect(item.state).toBe('done')
    const { destination, source } = wish
    if (destination !== undefined) await checkWritten(storm, item, destination.collection, destination.path ?? '', bytes)
    if (kind !== 'copy') await checkTaken(storm, item, source.collection, source.path, bytes)
  }
  return all.filter(({ state }) => state === 'failed').length
}

/** I4 and I6: what is done is there once, with the bytes of its source; of what is not, nothing is. */
async function checkWritten(storm: Storm, { state }: Item, collection: string, path: string, bytes: string): Promise<void> {
  const name = `${collection}/${path}`
  const made = (await storm.house.ledger.versions(collection, path, { limit: 10 })).items
  expect(made.length, `I6: versions of ${name}, whose item is ${state}`).toBe(state === 'done' ? 1 : 0)
  if (collection === 'out') expect(await storm.placed(path), `I4: ${name}`).toBe(state === 'done' ? bytes : null)
  if (state !== 'done') return
  expect(made[0]?.size).toBe(Buffer.byteLength(bytes))
  if (collection !== 'out' || made[0]?.digest !== null) expect(made[0]?.digest, name).toBe(sha256(bytes))
  expect(await textOf(storm, collection, path), `I4: ${name}`).toBe(bytes)
}

async function checkTaken(storm: Storm, { state }: Item, collection: string, path: string, bytes: string): Promise<void> {
  const [last] = (await storm.house.ledger.versions(collection, path, { limit: 1 })).items
  const isThere = collection === 'out' ? (await storm.placed(path)) !== null : last?.deleted === false
  expect(isThere, `${collection}/${path}, which was to be taken away and is ${state}`).toBe(state !== 'done')
  if (isThere) expect(await textOf(storm, collection, path)).toBe(bytes)
}

/** I4: whatever lies under a digest has it. */
async function checkBlobs({ real }: Storm): Promise<void> {
  for (const store of real) {
    for await (const { sha256: digest, size } of store.list()) {
      const bytes = await buffer(await store.get(digest))
      expect([sha256(bytes), bytes.length], `a blob of ${store.name}`).toEqual([digest, size])
    }
  }
}

async function textOf({ house }: Storm, collection: string, path: string): Promise<string> {
  const opened = await house.engine.entries.open(ALICE, collection, path)
  return (await buffer(await opened.read())).toString()
}
