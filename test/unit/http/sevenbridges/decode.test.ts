import { describe, expect, it } from 'vitest'
import { decodeItems } from '../../../../src/http/sevenbridges/async-submit.ts'
import { codeOf } from '../../../../src/http/sevenbridges/codes.ts'
import { CATALOGUE } from '../../../../src/model/errors.ts'
import type { ErrorCode } from '../../../../src/model/errors.ts'

const FILE = '0197c0ffee007abc8def0123456789ab'
const ENTITY = '0197c0ff-ee00-7abc-8def-0123456789ab'

describe('items of an asynchronous job', () => {
  it('go to the root of a project, or to a folder, perhaps under a new name', () => {
    const items = [
      { file: FILE, project: 'rfranklin/dest' },
      { file: FILE, project: 'rfranklin/dest', parent: '', name: '' },
      { file: FILE, project: null, parent: FILE, name: 'new' },
      { file: FILE, parent: 'root~rfranklin~dest', name: null },
    ]
    expect(decodeItems('copy', { items }, 10)).toEqual([
      { entityId: ENTITY, destination: { collection: 'rfranklin/dest' } },
      { entityId: ENTITY, destination: { collection: 'rfranklin/dest' } },
      { entityId: ENTITY, destination: { folder: ENTITY }, name: 'new' },
      { entityId: ENTITY, destination: { collection: 'rfranklin/dest' } },
    ])
  })

  it('that are deleted have no destination, whatever else they say', () => {
    expect(decodeItems('delete', { items: [{ file: FILE, project: 'x', parent: 'y', name: '/' }] }, 10)).toEqual([{ entityId: ENTITY }])
  })

  it('are counted before they are looked at', () => {
    expect(() => decodeItems('copy', { items: [{}, {}, {}] }, 2)).toThrow('items has 3 members; at most 2 are taken')
  })
})

describe('codes', () => {
  it('are never 0, and the status is never 410: neither is known to clients as what it would mean here', () => {
    for (const [code, { status }] of Object.entries(CATALOGUE)) {
      const line = codeOf(code as ErrorCode, status)
      expect(line.number, code).toBeGreaterThan(0)
      expect(line.status, code).not.toBe(410)
    }
  })
})
