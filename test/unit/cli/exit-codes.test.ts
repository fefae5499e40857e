import { CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { exitCodeOf, sentenceOf, StartError } from '../../../src/cli/exit-codes.ts'
import { ClientError } from '../../../src/client/index.ts'
import { WaybillError } from '../../../src/model/errors.ts'

const missing = Object.assign(new Error('ENOENT: no such file or directory, open x'), { code: 'ENOENT', syscall: 'open', path: 'x' })

describe('exit codes', () => {
  it.each([
    ['help', new CommanderError(0, 'commander.helpDisplayed', ''), 0],
    ['an unknown option', new CommanderError(1, 'commander.unknownOption', ''), 2],
    ['a bad value', new WaybillError('invalid_path', 'bad'), 2],
    ['a missing file here', missing, 2],
    ['a server that could not start', new StartError(new WaybillError('unavailable', 'in use')), 2],
    ['a 400', new ClientError(400, 'invalid_request', 'bad'), 3],
    ['a 404', new ClientError(404, 'job_not_found', 'no'), 3],
    ['a 429', new ClientError(429, 'rate_limited', 'later'), 3],
    ['a refusal of the data directory', new WaybillError('collection_exists', 'taken'), 3],
    ['no answer', new ClientError(0, 'unreachable', 'gone'), 4],
    ['a 500', new ClientError(500, 'internal', 'oh'), 4],
    ['a data directory that does not open', new WaybillError('unavailable', 'locked'), 4],
    ['a fault of our own', new Error('x'), 4],
  ])('%s', (_, error, code) => {
    expect(exitCodeOf(error)).toBe(code)
  })
})

describe('sentences', () => {
  it('begin with a capital and end with a stop', () => {
    expect(sentenceOf(new WaybillError('job_not_found', 'there is no job 7'))).toBe('There is no job 7.')
    expect(sentenceOf(missing)).toBe('There is no file or directory x.')
  })

  it('keep names at their beginning as they are', () => {
    expect(sentenceOf(new WaybillError('job_not_found', 'photos:a.png is locked'))).toBe('photos:a.png is locked.')
  })

  it('name what is in the way of a directory', () => {
    const taken = Object.assign(new Error('EEXIST: file already exists, mkdir'), { code: 'EEXIST', syscall: 'mkdir', path: 'README.md' })
    expect(sentenceOf(taken)).toBe('README.md is a file where a directory is needed.')
  })

  it('name the places that the detail leaves out', () => {
    const problem = { detail: 'the request is invalid', errors: [{ pointer: '/items/3/source/path', detail: 'is empty' }] }
    expect(sentenceOf(new ClientError(400, 'invalid_request', problem.detail, { problem }))).toBe('The request is invalid (/items/3/source/path: is empty).')
  })

  it('never send control characters to a terminal', () => {
    expect(sentenceOf(new ClientError(404, 'x', 'no \u001b[31mred\u202e'))).toBe('No \ufffd[31mred\ufffd.')
  })
})
