import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeDirectory } from '../../../src/system/directories.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-directories-'))
})
afterEach(() => rm(directory, { recursive: true }))

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8)
}

it('a new directory is its owner’s alone, those above it as usual', async () => {
  makeDirectory(join(directory, 'above', 'data'))
  expect(await modeOf(join(directory, 'above', 'data'))).toBe('700')
  expect(await modeOf(join(directory, 'above'))).toBe((0o777 & ~process.umask()).toString(8))
})

it('one that is there stays as it is', async () => {
  await chmod(directory, 0o750)
  makeDirectory(directory)
  expect(await modeOf(directory)).toBe('750')
})
