import { describe, expect, it } from 'vitest'
import { entityIdOf } from '../../../../src/http/sevenbridges/ids.ts'
import { isSettledWell, resultError } from '../../../../src/http/sevenbridges/result-error.ts'
import type { Item, Reason } from '../../../../src/model/item.ts'
import { ITEM_STATES } from '../../../../src/model/item.ts'
import { JOB_KINDS } from '../../../../src/model/job.ts'
import { CATALOGUE } from '../../../../src/model/errors.ts'
import type { ErrorCode } from '../../../../src/model/errors.ts'

function failed(reason: Reason | null): Item {
  const source = { collection: '', path: '', entityId: null, version: null, revision: null }
  const none = { destination: null, fields: null, bytes: 0, attempts: 1, startedAt: 1, finishedAt: 1 }
  return { seq: 0, source, ...none, state: reason === null ? 'cancelled' : 'failed', reason }
}

function codeOf(code: ErrorCode, end: 'source' | 'destination', kind: 'copy' | 'move' | 'delete' = 'copy'): number[] {
  const { line } = resultError(failed({ code, end, message: 'x' }), kind)
  return [line.status, line.number]
}

describe('the error of a result', () => {
  it('says at which end something is wrong', () => {
    expect(codeOf('entry_not_found', 'source')).toEqual([404, 5002])
    expect(codeOf('entry_not_found', 'destination')).toEqual([404, 10222])
    expect(codeOf('collection_not_found', 'source')).toEqual([404, 5002])
    expect(codeOf('collection_not_found', 'destination')).toEqual([404, 10213])
    expect(codeOf('insufficient_role', 'source')).toEqual([403, 5014])
    expect(codeOf('insufficient_role', 'source', 'move')).toEqual([403, 5001])
    expect(codeOf('insufficient_role', 'source', 'delete')).toEqual([403, 5001])
    expect(codeOf('insufficient_role', 'destination', 'move')).toEqual([403, 10221])
    expect(codeOf('locked', 'destination')).toEqual([409, 90007])
    expect(codeOf('digest_mismatch', 'source')).toEqual([500, 90004])
    expect(codeOf('same_path', 'destination')).toEqual([409, 5003])
  })

  it('has a number and a status for every code there is', () => {
    for (const code of Object.keys(CATALOGUE) as ErrorCode[]) {
      for (const kind of JOB_KINDS) {
        const { line } = resultError(failed({ code, message: 'x' }), kind)
        expect([line.number > 0, line.status >= 400], code).toEqual([true, true])
      }
    }
  })

  it('names a file by the id that was given', () => {
    const message = (id: string): string =>
      resultError(failed({ code: 'entry_not_found', message: `There is no entry with the id ${entityIdOf(id)}.` }), 'copy').message
    expect(message('5c6d3f30e4b038563238932f')).toBe('There is no file or folder with the id 5c6d3f30e4b038563238932f.')
    expect(message('0197c0ffee007abc8def0123456789ab')).toBe('There is no file or folder with the id 0197c0ffee007abc8def0123456789ab.')
    expect(message('nonsense')).toBe('There is no file or folder with the id that was given.')
  })

  it('speaks of projects', () => {
    const { message } = resultError(failed({ code: 'insufficient_role', end: 'destination', message: 'There is no collection "a/collection".' }), 'copy')
    expect(message).toBe('There is no project "a/collection".')
  })

  it('tells what a cancelled job did not reach', () => {
    const { line, message } = resultError(failed(null), 'copy')
    expect([line.status, line.number, message]).toEqual([409, 90007, 'The job was cancelled before this file was reached.'])
  })

  it('is that of every state but done and skipped', () => {
    expect(ITEM_STATES.filter(state => isSettledWell({ ...failed(null), state }))).toEqual(['done', 'skipped'])
  })
})
