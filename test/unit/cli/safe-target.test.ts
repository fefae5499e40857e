import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { localNameFault, SafeTarget } from '../../../src/cli/safe-target.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'waybill-target-'))
})
afterEach(() => rm(root, { recursive: true }))

describe('a target for downloads', () => {
  it('makes the directories of a name', async () => {
    const target = new SafeTarget(join(root, 'new'))
    const file = await target.fileFor('a/b/c.txt')
    await writeFile(file, 'x')
    expect(file).toBe(join(root, 'new', 'a', 'b', 'c.txt'))
  })

  it.each(['../x', '/etc/x', 'a/../../x', 'a//b', '', '..', 'a\u0000b', 'a/./b'])('refuses the name %j', async name => {
    await expect(new SafeTarget(root).fileFor(name)).rejects.toThrow('refused to write')
  })

  it('refuses a way through a symbolic link', async () => {
    await mkdir(join(root, 'outside'))
    await mkdir(join(root, 'target'))
    await symlink(join(root, 'outside'), join(root, 'target', 'link'))
    await expect(new SafeTarget(join(root, 'target')).fileFor('link/x')).rejects.toThrow('symbolic link')
  })

  it('refuses to write beneath a file', async () => {
    await writeFile(join(root, 'a'), '')
    await expect(new SafeTarget(root).fileFor('a/b')).rejects.toThrow('is a file')
  })

  it('knows what other systems make of a name', () => {
    for (const name of ['a\\..\\b', 'C:x', 'a. /b', 'con?']) expect(localNameFault(name, 'win32')).not.toBeNull()
    expect(localNameFault('a\\b', 'linux')).toBeNull()
  })
})
