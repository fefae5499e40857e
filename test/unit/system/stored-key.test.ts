import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { storedKey } from '../../../src/system/stored-key.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waybill-key-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

describe('the key of a data directory', () => {
  it('is made once, at random, for its owner alone', () => {
    const key = storedKey(directory)
    expect(key).toHaveLength(32)
    const file = join(directory, 'signing-key')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(Buffer.from(storedKey(directory))).toEqual(Buffer.from(key))
    rmSync(file)
    expect(Buffer.from(storedKey(directory))).not.toEqual(Buffer.from(key))
  })

  it('is not taken from a file that holds something else, nor from one that a crash left unfinished', () => {
    const file = join(directory, 'signing-key')
    writeFileSync(`${file}.new`, 'half a ke')
    chmodSync(`${file}.new`, 0o644)
    storedKey(directory)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
    writeFileSync(file, 'short')
    expect(() => storedKey(directory)).toThrow('does not hold a key of 32 bytes')
  })
})
