import { buffer } from 'node:stream/consumers'
import { expect } from 'vitest'
import type { AuditRecord } from '../../src/model/audit.ts'
import type { ErrorCode } from '../../src/model/errors.ts'
import { isTerminal, ITEM_STATES, type Item } from '../../src/model/item.ts'
import type { Page } from '../../src/model/page.ts'
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

/** The reasons that items may have failed for over such stores. */
export function reasonsOf(faults: Injector): ReadonlySet<ErrorCode> {
  return new Set([...faults.happened.keys()].flatMap(kind => REASONS[kind]))
}

/**
 * Everything that must hold once all jobs have ended, whatever has failed: I1 to I6, that reasons are among those that are true, and that what was done is
 * recorded once. Returns how many items have failed.
 */
export async function checkAll(storm: Storm, reasons: ReadonlySet<ErrorCode>): Promise<number> {
  const failed: number[] = []
  for (const job of storm.jobs) failed.push(await checkJob(storm, job, reasons))
  await checkKeys(storm)
  await checkAudit(storm)
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

/** I5: whoever asks again finds the job, and there are no others. */
async function checkKeys({ jobs, asking, house }: Storm): Promise<void> {
  for (const { id, submit } of jobs) {
    const { job, replayed } = await asking.ask(submit, () => 0)
    expect([job.id, replayed], 'I5').toEqual([id, true])
  }
  const listed = (await house.engine.jobs.list(ALICE, {}, { limit: 1000 })).items
  expect(listed.map(({ id }) => id).toSorted(), 'I5: the jobs that there are').toEqual(jobs.map(({ id }) => id).toSorted())
}

/** What was acknowledged is in the audit log as often as it is to be, and what was refused is not. */
async function checkAudit({ asking: { tries }, house }: Storm): Promise<void> {
  const found = new Map<string, number>()
  let cursor: string | null = null
  do {
    const page: Page<AuditRecord> = await house.engine.audit.list(ALICE, {}, { limit: 100, ...(cursor === null ? {} : { cursor }) })
    for (const { requestId } of page.items) if (requestId !== null) found.set(requestId, (found.get(requestId) ?? 0) + 1)
    cursor = page.nextCursor
  } while (cursor !== null)
  const expected = new Map(tries.filter(({ records }) => records > 0).map(({ requestId, records }) => [requestId, records]))
  expect(Object.fromEntries(found), 'audit records by request').toEqual(Object.fromEntries(expected))
}

/** I4: whatever lies under a digest has it. */
async function checkBlobs({ stage: { real } }: Storm): Promise<void> {
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
