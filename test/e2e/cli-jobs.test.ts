import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ItemInfo, type JobInfo, WaybillClient } from '../../src/client/index.ts'
import { type ServerProcess, spawnServer } from '../support/server-process.ts'
import { type Run, waybill } from './command.ts'

let root = ''
let server: ServerProcess
let env: Record<string, string> = {}

const run = (...words: string[]): Promise<Run> => waybill(words, { env, cwd: root })
const runWith = (input: string, ...words: string[]): Promise<Run> => waybill(words, { env, cwd: root, input })

async function json<T = JobInfo>(...words: string[]): Promise<T[]> {
  const { out } = await run(...words, '--json')
  return out.trim() === ''
    ? []
    : out
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as T)
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'waybill-cli-jobs-'))
  const data = join(root, 'data')
  server = await spawnServer(data)
  const { out } = await waybill(['token', 'create', '--data', data, '--subject', 'alice', '--scopes', 'read,write'])
  env = { WAYBILL_URL: server.url, WAYBILL_TOKEN: out.trim() }
  for (const id of ['photos', 'archive']) await waybill(['collection', 'create', '--data', data, id, '--owner', 'alice'])
  await mkdir(join(root, 'tree', 'b'), { recursive: true })
  for (const name of ['a.txt', 'b/c.txt', 'b/d.png']) await writeFile(join(root, 'tree', name), name)
  await run('put', 'tree', 'photos:')
})

afterAll(async () => {
  await server.stop()
  await rm(root, { recursive: true })
})

describe('cp', () => {
  it('prints the id alone and leaves the rest to track', async () => {
    const submitted = await run('cp', 'photos:', 'archive:at-once/', '--label', 'at once')
    expect(submitted).toMatchObject({ code: 0 })
    expect(submitted.out).toMatch(/^[0-9a-f-]{36}\n$/)
    const id = submitted.out.trim()
    const watched = await run('track', id, '--watch')
    expect(watched.code).toBe(0)
    expect(watched.out).toContain(`copy job ${id}`)
    expect(watched.out).toContain('"at once": finished, succeeded')
    expect(watched.out).toContain('3 items, 3 done')
  })

  it('waits, and copies one file, a prefix or a glob', async () => {
    expect(await run('cp', 'photos:a.txt', 'archive:one/', '--wait')).toMatchObject({ code: 0 })
    expect(await run('cp', 'photos:b/', 'archive', '--wait')).toMatchObject({ code: 0 })
    expect(await run('cp', 'photos:**/*.png', 'archive:png/', '--wait')).toMatchObject({ code: 0 })
    expect((await run('ls', '-r', 'archive')).out).toBe(
      ['at-once/a.txt', 'at-once/b/c.txt', 'at-once/b/d.png', 'b/c.txt', 'b/d.png', 'one/a.txt', 'png/b/d.png', ''].join('\n'),
    )
  })

  it('says that nothing matched', async () => {
    const none = await run('cp', 'photos:*.zzz', 'archive:', '--wait')
    expect(none).toMatchObject({ code: 0, err: 'Nothing matched photos:*.zzz.\n' })
    expect(none.out).toContain('finished, succeeded\n  0 items')
    expect((await run('rm', 'photos:*.zzz', '--dry-run')).err).toContain('Nothing matched photos:*.zzz.\n')
  })

  it('ends with 1 and the reasons when items fail', async () => {
    const failed = await run('cp', 'photos:none.txt', 'archive:', '--wait')
    expect(failed.code).toBe(1)
    expect(failed.out).toContain('finished, failed')
    expect(failed.err).toContain('photos:none.txt -> archive:none.txt')
    expect(failed.err).toContain('(entry_not_found)')
    expect(failed.err).not.toContain('beneath')
    expect((await run('cp', 'photos:b', 'archive:', '--wait')).err).toMatch(
      /\(entry_not_found\)\nWhat lies beneath it is photos:b\/, with a "\/" at the end\.\n$/,
    )
    const [job] = await json('cp', 'photos:a.txt', 'archive:one/', '--wait', '--conflict', 'fail')
    expect(job).toMatchObject({ outcome: 'failed', counts: { failed: 1 } })
  })

  it('shows what it would do, and does nothing', async () => {
    const dry = await run('cp', 'photos:', 'archive:dry/', '--dry-run')
    expect(dry.code).toBe(0)
    expect(dry.out).toContain('photos:b/c.txt -> archive:dry/b/c.txt')
    expect(dry.err).toContain('Nothing was changed.')
    expect(await json<ItemInfo>('ls', 'archive:dry/')).toEqual([])
    const refused = await run('cp', 'photos:gone', 'archive:dry/', '--dry-run')
    expect(refused.code).toBe(1)
    expect(`${refused.out}${refused.err}`.split('(entry_not_found)')).toHaveLength(2)
  })

  it('takes manifests from files and from standard input', async () => {
    const item = (path: string, to?: string): string =>
      JSON.stringify({ source: { collection: 'photos', path }, ...(to === undefined ? {} : { destination: { collection: 'archive', path: to } }) })
    await writeFile(join(root, 'list.ndjson'), `${item('a.txt', 'listed/x')}\n${item('b/c.txt', 'listed/y')}\n`)
    expect(await run('cp', 'list.ndjson', '--wait')).toMatchObject({ code: 0 })
    const header = 'sourceCollection,sourcePath,destinationCollection,destinationPath,sourceIfMatch,destinationIfMatch'
    expect(await runWith(`${header}\nphotos,a.txt,archive,listed/z,,\n`, 'cp', '-', '--manifest', 'csv', '--wait')).toMatchObject({ code: 0 })
    expect(await runWith(`${item('b/d.png')}\n`, 'cp', '-', 'archive:listed/', '--wait')).toMatchObject({ code: 0 })
    expect((await run('ls', '-r', 'archive:listed/')).out).toBe('listed/b/d.png\nlisted/x\nlisted/y\nlisted/z\n')
    const broken = await runWith(`${item('a.txt', 'listed/x')}\n{"source":\n`, 'cp', '-')
    expect(broken).toMatchObject({ code: 3, out: '' })
    expect(broken.err).toContain('Line 2, column ')
    const homeless = await runWith(`${item('a.txt')}\n`, 'cp', '-')
    expect(homeless.err).toMatch(/^waybill: Line 1, column 1: destination: is missing/)
  })

  it('gives the same job for the same key', async () => {
    const first = await run('cp', 'photos:a.txt', 'archive:', '--idempotency-key', 'k1')
    expect((await run('cp', 'photos:a.txt', 'archive:', '--idempotency-key', 'k1')).out).toBe(first.out)
    expect(await run('cp', 'photos:b/c.txt', 'archive:', '--idempotency-key', 'k1')).toMatchObject({ code: 3 })
  })

  it('needs good words', async () => {
    expect(await run('cp', 'photos:b/', 'archive:b')).toMatchObject({ code: 2 })
    expect(await run('cp', 'photos:a.txt')).toMatchObject({ code: 2, err: 'waybill: DST is missing: write where to, as in archive:2026/.\n' })
    expect(await run('cp', 'none.csv')).toMatchObject({ code: 2 })
    expect(await run('cp', 'photos:a.txt', 'nowhere:')).toMatchObject({ code: 3 })
  })
})

describe('mv and rm', () => {
  it('move and delete', async () => {
    await run('put', 'tree', 'photos:moved/')
    expect(await run('mv', 'photos:moved/', 'archive:moved/', '--wait')).toMatchObject({ code: 0 })
    const removed = await run('rm', 'archive:moved/**/*.txt', '--wait')
    expect(removed).toMatchObject({ code: 0 })
    expect(removed.out).not.toContain('bytes')
    expect((await run('ls', '-r', 'archive:moved/')).out).toBe('moved/b/d.png\n')
    expect((await run('ls', 'photos')).out).toBe('a.txt\nb/\n')
  })
})

describe('tracking', () => {
  it('shows a job by id and number, with its failed items', async () => {
    const [job] = await json('cp', 'photos:none.txt', 'archive:', '--wait', '--label', 'tracked')
    const { id, number } = job as JobInfo
    const tracked = await run('track', number, '--failed')
    expect(tracked.code).toBe(0)
    expect(tracked.out).toContain(`copy job ${id}`)
    expect(tracked.out).toContain('failed    photos:none.txt -> archive:none.txt: ')
    const watched = await run('track', id, '--failed', '--watch', '--json')
    expect(watched.code).toBe(1)
    const [, item] = watched.out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as unknown)
    expect(item).toMatchObject({ state: 'failed', reason: { code: 'entry_not_found' } })
    expect(await json('jobs', '--label', 'tracked', '--since', '1h')).toMatchObject([{ id, outcome: 'failed' }])
    expect((await run('jobs', '--state', 'finished', '--limit', '1')).out).toMatch(/^ID +KIND +STATE +ITEMS +CREATED +LABEL\n\S+ +copy +finished, failed .*\n$/)
  })

  it('retries, and refuses to steer what is finished or unknown', async () => {
    const [job] = await json('cp', 'photos:later.txt', 'archive:', '--wait')
    const { id } = job as JobInfo
    await run('put', 'tree/a.txt', 'photos:later.txt')
    expect(await run('retry', id, '--wait')).toMatchObject({ code: 0 })
    expect(await run('pause', id)).toMatchObject({ code: 3, out: '' })
    expect(await run('track', '0192aaaa-bbbb-7ccc-8ddd-eeeeffff0000')).toMatchObject({ code: 3, out: '' })
  })

  it('pauses, resumes and cancels a job that runs', async () => {
    const client = new WaybillClient({ url: env['WAYBILL_URL'] as string, token: env['WAYBILL_TOKEN'] as string })
    const line = (path: string): string => JSON.stringify({ source: { collection: 'photos', path }, destination: { collection: 'archive' } })
    const manifest = Array.from({ length: 40_000 }, (_, n) => `${line(`none/${n}`)}\n`).join('')
    const { id } = await client.submit({ kind: 'copy', manifest, format: 'ndjson' })
    await client.pause(id) // at once: a process would come too late
    expect(await run('pause', id)).toMatchObject({ code: 0 })
    expect((await run('resume', id)).out).not.toContain('paused')
    const { id: other } = await client.submit({ kind: 'copy', manifest, format: 'ndjson' })
    await client.pause(other)
    expect(await run('cancel', other)).toMatchObject({ code: 0 })
    expect((await client.wait(other)).outcome).toBe('cancelled')
    expect((await client.wait(id)).counts.failed).toBe(40_000)
  })
})
