import { describe, expect, it } from 'vitest'
import { deleteConditions } from '../../../../src/http/apollo/delete.ts'
import { errorEnvelope, fileEnvelope, okEnvelope } from '../../../../src/http/apollo/envelope.ts'
import { refusalOf } from '../../../../src/http/apollo/errors.ts'
import { decodePosition, encodePosition, timeIn } from '../../../../src/http/apollo/logs-query.ts'
import { correlationIdIn, versionIn } from '../../../../src/http/apollo/request.ts'
import { uploadConditions } from '../../../../src/http/apollo/upload.ts'
import { CATALOGUE, WaybillError } from '../../../../src/model/errors.ts'
import type { ErrorCode } from '../../../../src/model/errors.ts'

describe('envelopes', () => {
  it('give the code of files as a number in a string, and that of collections as a word', () => {
    expect(fileEnvelope('m', { a: 1 })).toEqual({ status: { message: 'm', code: '200' }, data: { a: 1 } })
    expect(okEnvelope('m', [])).toEqual({ status: { message: 'm', code: 'OK' }, data: [] })
    expect(errorEnvelope('m', 403)).toEqual({ status: { message: 'm', code: '403' } })
  })
})

describe('refusals', () => {
  it('are the same for unknown and forbidden collections, weak roles and missing scopes', () => {
    for (const code of ['collection_not_found', 'invalid_collection_id', 'insufficient_role', 'insufficient_scope'] as const) {
      expect(refusalOf(new WaybillError(code, `something about ${code}`))).toEqual({
        status: 403,
        message: 'The request is understood, but it has been refused or access is not allowed',
      })
    }
  })

  it('use the documented words, and tell nothing of who holds a lock', () => {
    expect(refusalOf(new WaybillError('locked', 'held by bob', { holder: 'bob' }))).toEqual({ status: 423, message: 'File already Locked' })
    expect(refusalOf(new WaybillError('entry_not_found', 'x'))).toEqual({ status: 404, message: 'File not found' })
    expect(refusalOf(new WaybillError('invalid_path', 'why'))).toEqual({ status: 400, message: 'The Filename is invalid: why' })
    expect(refusalOf(new WaybillError('precondition_failed', 'why'))).toEqual({ status: 412, message: 'The request is invalid: why' })
  })

  it('have a status of 400 or more and a message for every code of the catalogue', () => {
    for (const code of Object.keys(CATALOGUE) as ErrorCode[]) {
      const { status, message } = refusalOf(new WaybillError(code, 'detail'))
      expect(status).toBeGreaterThanOrEqual(400)
      expect(message).not.toBe('')
    }
  })
})

describe('what a request names', () => {
  it('as a version is a whole number from 1, perhaps quoted', () => {
    expect(['1', '"2"', '999'].map(versionIn)).toEqual([1, 2, 999])
    expect(['', '0', '01', '-1', '1.5', '"1', '1"', '*', 'W/"1"', 'abc', '9'.repeat(17)].map(versionIn)).toEqual(Array(11).fill(null))
  })

  it('as a correlation id is a UUID', () => {
    expect(correlationIdIn('C7164076-9224-401C-A6BD-21908563ABF8')).toBe('c7164076-9224-401c-a6bd-21908563abf8')
    for (const id of ['', '42', 'c7164076', 'c7164076-9224-401c-a6bd-21908563abf8x', ' '])
      expect(() => correlationIdIn(id)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  it('as a time is ISO 8601 with an offset', () => {
    expect(timeIn('2026-11-22T20:41:07Z', 't')).toBe(Date.UTC(2026, 10, 22, 20, 41, 7))
    expect(timeIn('2026-11-22T22:41:07.500+02:00', 't')).toBe(Date.UTC(2026, 10, 22, 20, 41, 7, 500))
    expect(timeIn('2026-11-22T22:41 0200', 't')).toBe(Date.UTC(2026, 10, 22, 20, 41))
    for (const text of ['', 'yesterday', '2026-11-22', '2026-11-22T20:41:07', '2026-13-40T20:41:07Z', '1700000000000'])
      expect(() => timeIn(text, 'startTime')).toThrow('startTime must be')
  })

  it('as a continuation token is one that was given out', () => {
    const position = { number: 70721895322947584 / 16, seq: 12, total: 40, cursor: 'abc' }
    expect(decodePosition(encodePosition(position))).toEqual(position)
    expect(decodePosition(encodePosition({ ...position, cursor: null }))).toEqual({ ...position, cursor: null })
    const forged = ['', 'x', 'bnVsbA', Buffer.from('[1,2,3]').toString('base64url'), Buffer.from('[-1,2,3,null]').toString('base64url')]
    for (const token of forged) expect(() => decodePosition(token)).toThrow(expect.objectContaining({ code: 'invalid_cursor' }))
  })
})

describe('conditions', () => {
  it('of an upload: If-None-Match: * creates only, If-Match names the latest version, neither is an upsert', () => {
    expect(uploadConditions(null, null)).toEqual({})
    expect(uploadConditions(null, '*')).toEqual({ ifNoneMatch: '*' })
    expect(uploadConditions('3', null)).toEqual({ ifVersion: 3 })
    for (const [match, none] of [
      ['1', '*'],
      ['x', null],
      ['*', null],
      [null, '1'],
    ] as const)
      expect(() => uploadConditions(match, none)).toThrow('The request is invalid')
  })

  it('of a delete: exactly one, and If-None-Match: * deletes the latest', () => {
    expect(deleteConditions(null, '*')).toEqual({})
    expect(deleteConditions('"3"', null)).toEqual({ ifVersion: 3 })
    for (const [match, none] of [
      ['1', '*'],
      [null, null],
      ['x', null],
      [null, '1'],
    ] as const)
      expect(() => deleteConditions(match, none)).toThrow('The request is invalid')
  })
})
