import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { waybill } from './command.ts'

const FILES = fileURLToPath(new URL('../../src/model', import.meta.url))
let scratch = ''

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'waybill-demo-test-'))
})
afterAll(() => rm(scratch, { recursive: true }))

it('the demo copies real files, tracks and checks them, and leaves nothing behind', async () => {
  const files = (await readdir(FILES)).length
  const { code, out, err } = await waybill(['demo', '--once', '--dir', FILES], { env: { TMPDIR: scratch } })
  expect(err).toBe('')
  expect(code).toBe(0)
  expect(out).toContain(`Files    ${files} files, `)
  expect(out).toContain(`"Summary": {"FilesRequestedToBeCopied":"${files}","Succeeded":"${files}","Failed":"0"}`)
  expect(out).toContain(`SHA-256 and size of all ${files} copies equal the files on disk`)
  expect(out).toMatch(/failed .*\(entry_not_found\)\n.*evicted .*\(condition_failed\)\n.*done /)
  expect(out).toContain('/docs')
  await expect(readdir(scratch)).resolves.toEqual([])
})

it('the demo ends with 1 and a sentence when something is wrong', async () => {
  const none = join(scratch, 'none')
  const { code, err } = await waybill(['demo', '--once', '--dir', none], { env: { TMPDIR: scratch } })
  expect({ code, err }).toEqual({ code: 1, err: `The demo failed: There is no file or directory ${none}.\n` })
  await expect(readdir(scratch)).resolves.toEqual([])
})
