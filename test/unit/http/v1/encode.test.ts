import { describe, expect, it } from 'vitest'
import { encodeEntry, encodeJob } from '../../../../src/http/v1/encode.ts'
import type { Entry } from '../../../../src/model/entry.ts'
import type { Job } from '../../../../src/model/job.ts'

const NOW = Date.parse('2026-11-22T20:41:07.000Z')
const JOB: Job = {
  id: 'id',
  number: '7',
  kind: 'copy',
  conflict: 'version',
  verify: 'none',
  dryRun: false,
  priority: 5,
  label: null,
  dialect: 'v1',
  ordered: false,
  retentionMs: 1000,
  state: 'running',
  paused: false,
  cancelling: false,
  outcome: null,
  counts: { total: 100, pending: 60, running: 20, done: 20, skipped: 0, failed: 0, evicted: 0, cancelled: 0 },
  discovering: false,
  bytesTotal: 1000,
  bytesDone: 200,
  submittedBy: 'alice',
  createdAt: NOW - 2000,
  startedAt: NOW - 1000,
  finishedAt: null,
  expiresAt: null,
  change: 3,
}

describe('a job', () => {
  it('has the keys of the reference, in its order', () => {
    const wire = encodeJob(JOB, { now: NOW, rate: 20, waitingFor: null })
    expect(JSON.stringify(wire)).toBe(
      '{"id":"id","number":"7","kind":"copy","state":"running","paused":false,"outcome":null,' +
        '"counts":{"total":100,"discovering":false,"pending":60,"running":20,"done":20,"skipped":0,"failed":0,"evicted":0,"cancelled":0},' +
        '"bytes":{"total":1000,"done":200},"itemsPerSecond":20,"estimatedFinishAt":"2026-11-22T20:41:11.000Z","waitingFor":null,' +
        '"label":null,"priority":5,"dryRun":false,"submittedBy":"alice","dialect":"v1",' +
        '"createdAt":"2026-11-22T20:41:05.000Z","startedAt":"2026-11-22T20:41:06.000Z","finishedAt":null,"expiresAt":null}',
    )
  })

  it.each([
    ['without a rate', JOB, { rate: null, waitingFor: null }],
    ['while it is paused', { ...JOB, paused: true }, { rate: 20, waitingFor: null }],
    ['while it waits', JOB, { rate: 20, waitingFor: 'for its turn' }],
    ['while its items are still being found', { ...JOB, discovering: true }, { rate: 20, waitingFor: null }],
    ['when it is finished', { ...JOB, state: 'finished' as const }, { rate: 20, waitingFor: null }],
  ])('has no estimate %s', (_when, job, known) => {
    expect(encodeJob(job, { now: NOW, ...known }).estimatedFinishAt).toBeNull()
  })

  it('has whole rates, and one decimal of slow ones', () => {
    expect(encodeJob(JOB, { now: NOW, rate: 91234.56, waitingFor: null }).itemsPerSecond).toBe(91235)
    expect(encodeJob(JOB, { now: NOW, rate: 0.256, waitingFor: null }).itemsPerSecond).toBe(0.3)
  })
})

describe('an entry', () => {
  it('says that it is deleted only in its tombstone', () => {
    const entry: Entry = {
      ...{
        entityId: 'e',
        collection: 'c',
        path: 'p',
        kind: 'file',
        version: 1,
        revision: 'r',
        size: 1,
        mediaType: 'text/plain',
        digest: 'd',
        stamp: null,
        fields: {},
      },
      ...{ deleted: false, createdAt: 0, modifiedAt: 0, modifiedBy: 'alice' },
    }
    expect(encodeEntry(entry)).not.toHaveProperty('deleted')
    expect(encodeEntry({ ...entry, deleted: true })).toHaveProperty('deleted', true)
  })
})
