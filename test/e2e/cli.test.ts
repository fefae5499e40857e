import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAdministration } from '../../src/administration.ts'
import { configSchema } from '../../src/config.ts'
import { type ServerProcess, spawnServer } from '../support/server-process.ts'
import { type Run, waybill } from './command.ts'

let root = ''
let data = ''
let server: ServerProcess
let env: Record<string, string> = {}

const admin = (...words: string[]): Promise<Run> => waybill([...words, '--data', data])
const run = (...words: string[]): Promise<Run> => waybill(words, { env, cwd: root })

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'waybill-cli-'))
  data = join(root, 'data')
  server = await spawnServer(data)
  const { out } = await admin('token', 'create', '--subject', 'alice', '--scopes', 'read,write')
  env = { WAYBILL_URL: server.url, WAYBILL_TOKEN: out.trim() }
  await admin('collection', 'create', 'photos', '--owner', 'alice')
  await mkdir(join(root, 'tree', 'b'), { recursive: true })
  await writeFile(join(root, 'tree', 'a.txt'), 'a')
  await writeFile(join(root, 'tree', 'b', 'ü %41.txt'), 'b'.repeat(2_000_000))
  await symlink('a.txt', join(root, 'tree', 'link'))
})

afterAll(async () => {
  await server.stop()
  await rm(root, { recursive: true })
})

describe('administration, while the server runs', () => {
  it('makes tokens, each alone on standard output, lists and revokes them', async () => {
    const made = await admin('token', 'create', '--subject', 'bob', '--scopes', 'read', '--expires', '30d')
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(made.out).toMatch(/^\S{20,}\n$/)
    const list = await admin('token', 'list', '--json')
    const bob = JSON.parse(list.out.split('\n').find(line => line.includes('"bob"')) as string) as { readonly id: string }
    expect(bob).toMatchObject({ subject: 'bob', scopes: ['read'], revokedAt: null })
    expect(list.out).not.toContain(made.out.trim())
    expect(await admin('token', 'revoke', bob.id)).toMatchObject({ code: 0 })
    expect(await waybill(['ls'], { env: { ...env, WAYBILL_TOKEN: made.out.trim() } })).toMatchObject({ code: 3, out: '' })
    expect((await admin('token', 'list')).out).toMatch(/^ID +SUBJECT +SCOPES/)
  })

  it('makes collections in the stores of the configuration only', async () => {
    const file = join(root, 'stores.json')
    const stores = { bucket: { kind: 'local' }, cold: { kind: 'local' }, photos: { kind: 'attached', directory: join(root, 'photos') } }
    await writeFile(file, JSON.stringify({ stores }))
    const data = join(root, 'stores')
    const make = async (...more: string[]): ReturnType<typeof waybill> =>
      waybill(['collection', 'create', `c${more.join('-').replaceAll(/[^a-z]/g, '')}`, '--owner', 'alice', '--data', data, '--config', file, ...more])
    for (const more of [[], ['--store', 'cold'], ['--attach', 'photos']]) expect(await make(...more)).toMatchObject({ code: 0 })
    expect(await make('--store', 'photos')).toMatchObject({
      code: 2,
      err: 'waybill: There is no managed store "photos": the configuration has bucket, cold; name its file with --config.\n',
    })
    expect(await make('--attach', 'cold')).toMatchObject({ code: 2, err: expect.stringContaining('the configuration has photos;') as string })
    const { ledger, close } = await openAdministration({ data }, { create: false })
    const made = await Promise.all(['c', 'cstorecold', 'cattachphotos'].map(async id => ledger.collection(id)))
    await close()
    expect(made).toMatchObject([
      { store: 'bucket', attached: false },
      { store: 'cold', attached: false },
      { store: 'photos', attached: true },
    ])
  })

  it('makes collections and grants roles', async () => {
    expect(await admin('collection', 'create', 'alice/notes', '--owner', 'alice')).toEqual({ code: 0, out: 'alice/notes\n', err: '' })
    expect(await admin('collection', 'create', 'alice/notes', '--owner', 'alice')).toMatchObject({ code: 3 })
    expect(await admin('grant', 'alice/notes', 'bob', 'readonly')).toMatchObject({ code: 0, err: 'bob is readonly on alice/notes.\n' })
    expect(await admin('grant', 'alice/notes', 'alice', 'none')).toMatchObject({ code: 3 })
    expect(await admin('grant', 'nowhere', 'bob', 'readonly')).toMatchObject({
      code: 3,
      err: 'waybill: There is no collection nowhere in this data directory.\n',
    })
    expect((await run('ls')).out).toBe('alice/notes\nphotos\n')
  })

  it('locks and unlocks', async () => {
    expect((await admin('lock', 'photos', '--holder', 'bob', '--ttl', '10m')).out).toMatch(/^photos is locked by bob until \S+Z, fencing token \d+\n$/)
    expect(await run('put', 'tree/a.txt', 'photos:locked.txt')).toMatchObject({ code: 3 })
    expect(await admin('unlock', 'photos', '--holder', 'carol')).toMatchObject({ code: 3 })
    expect(await admin('unlock', 'photos', '--holder', 'bob')).toMatchObject({ code: 0, err: 'photos is unlocked.\n' })
    expect(await run('put', 'tree/a.txt', 'photos:locked.txt')).toMatchObject({ code: 0 })
  })

  it('finds the data directory where serve does, and tells when it makes one', async () => {
    const cwd = join(root, 'usual')
    await mkdir(cwd)
    const list = (): Promise<Run> => waybill(['token', 'list', '--json'], { cwd })
    expect(await list()).toMatchObject({ code: 2, err: 'waybill: There is no data directory at ./waybill-data; name the one that the server runs on.\n' })
    const create = ['token', 'create', '--subject', 'bob', '--scopes', 'read']
    expect(await waybill(create, { cwd })).toMatchObject({ code: 0, err: 'Made the data directory ./waybill-data.\n' })
    expect(await waybill(create, { cwd, env: { WAYBILL_DATA: 'waybill-data' } })).toMatchObject({ code: 0, err: '' })
    expect((await list()).out.trim().split('\n')).toHaveLength(2)
  })

  it('makes no directory at a mistyped path, and takes no file for one', async () => {
    const nowhere = join(root, 'nowhere')
    for (const words of [
      ['token', 'list'],
      ['token', 'revoke', 'x'],
      ['grant', 'photos', 'bob', 'readonly'],
      ['lock', 'photos', '--holder', 'bob'],
    ]) {
      const refused = await waybill([...words, '--data', nowhere])
      expect(refused).toEqual({ code: 2, out: '', err: `waybill: There is no data directory at ${nowhere}; name the one that the server runs on.\n` })
    }
    await expect(stat(nowhere)).rejects.toThrow('ENOENT')
    expect(await waybill(['token', 'list', '--data', root])).toMatchObject({
      code: 2,
      err: `waybill: There is no data directory at ${root}; name the one that the server runs on.\n`,
    })
    const file = join(root, 'tree', 'a.txt')
    const needed = { code: 2, out: '', err: `waybill: ${file} is a file where a directory is needed.\n` }
    expect(await waybill(['collection', 'create', 'x', '--owner', 'alice', '--data', file])).toEqual(needed)
    expect(await waybill(['serve', '--data', file, '--port', '0'])).toEqual(needed)
    // where nothing can be made, and the system says so in a way of its own
    for (const words of [
      ['serve', '--port', '0'],
      ['token', 'create', '--subject', 'x', '--scopes', 'read'],
    ]) {
      expect(await waybill([...words, '--data', '/proc/nowhere/data'])).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining('/proc/nowhere') as string,
      })
    }
  })

  it('tells a second server to stay away from a data directory in use', async () => {
    const second = await waybill(['serve', '--data', data, '--port', '0'])
    expect(second).toMatchObject({ code: 2, out: '' })
    expect(second.err).toContain('is in use by another server')
  })

  it('needs good words', async () => {
    expect(await admin('token', 'create', '--subject', 'x', '--scopes', 'root')).toMatchObject({ code: 2, out: '' })
    expect(await admin('collection', 'create', 'v1', '--owner', 'x')).toMatchObject({ code: 2 })
    expect(await admin('grant', 'photos', 'bob', 'king')).toMatchObject({
      code: 2,
      err: 'waybill: ROLE: "king" is not one of readonly, readwrite, admin, owner, none.\n',
    })
    expect(await run('cp', 'photos:a', 'photos:b', '--priority', '10')).toMatchObject({
      code: 2,
      err: 'waybill: --priority <n>: "10" is not a whole number from 1 to 9.\n',
    })
    expect(await run('cp', 'photos:a', './b')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^waybill: DST: "\.\/b" is a name on this machine /) as string,
    })
    const mistyped = await waybill(['token', 'create', '--dta', data])
    expect(mistyped).toMatchObject({ code: 2, err: "waybill: Unknown option '--dta' (Did you mean --data?)\n" })
    expect(await run('collection', 'create', 'x', '--data', data)).toMatchObject({
      code: 2,
      err: "waybill: Required option '--owner <subject>' not specified, without which --data means nothing.\n",
    })
  })
})

describe('a collection', () => {
  it('is made over HTTP by whoever the token speaks for, who owns it', async () => {
    expect(await run('collection', 'create', 'mine', '--name', 'My own', '--store', 'local')).toEqual({ code: 0, out: 'mine\n', err: '' })
    expect(JSON.parse((await run('ls', '--json')).out.split('\n').find(line => line.includes('"mine"')) ?? '')).toMatchObject({
      name: 'My own',
      role: 'owner',
      store: 'local',
    })
    expect(await run('collection', 'create', 'mine')).toMatchObject({ code: 3, out: '' })
  })
})

describe('help', () => {
  it('tells the defaults that serve has', async () => {
    const { data, port, host } = configSchema.parse({})
    const { out } = await waybill(['serve', '--help'], { env: { COLUMNS: '200' } })
    for (const value of [data, port, host]) expect(out).toContain(`(default: ${value})`)
  })

  it('has defaults as they are typed, and every command with its arguments', async () => {
    const help = async (...words: string[]): Promise<string> => (await waybill([...words, '--help'])).out.replaceAll(/\s+/g, ' ')
    expect(await help('lock')).toContain('(default: 10m)')
    expect(await help('retry')).toContain('(default: failed)')
    expect(await help()).toContain(' put [options] <FILE or DIRECTORY>... <DST> upload ')
  })
})

describe('files', () => {
  it('go up one by one and as trees, without links', async () => {
    expect((await run('put', 'tree/a.txt', 'photos:one/')).out).toMatch(/^photos:one\/a.txt version 1, revision [0-9a-f]{32}\n$/)
    expect(await run('put', 'tree', 'photos:tree')).toMatchObject({ code: 0 })
    expect((await run('ls', '-r', 'photos:tree/')).out).toBe('tree/a.txt\ntree/b/ü %41.txt\n')
    expect((await run('ls', 'photos:tree')).out).toBe('tree/a.txt\ntree/b/\n')
    // where folders are entries, each is there once
    await run('put', 'tree', 'alice/notes:tree')
    expect((await run('ls', 'alice/notes:')).out).toBe('tree/\n')
    expect((await run('ls', 'alice/notes:tree')).out).toBe('tree/a.txt\ntree/b/\n')
    expect((await run('ls', 'photos:tree/**/*41*')).out).toBe('tree/b/ü %41.txt\n')
    expect((await run('ls', '-l', 'photos:tree/a.txt')).out).toMatch(/^ +1 bytes +v1 +\S+Z {2}tree\/a.txt {2}[0-9a-f]{64} {2}[0-9a-f]{32}\n$/)
  })

  it('come down as they went up', async () => {
    expect(await run('get', 'photos:tree/', 'back')).toMatchObject({ code: 0, out: '' })
    expect(await readFile(join(root, 'back', 'b', 'ü %41.txt'), 'utf8')).toBe('b'.repeat(2_000_000))
    expect(await run('get', 'photos:tree/a.txt', '-')).toMatchObject({ code: 0, out: 'a', err: '' })
    expect(await run('get', 'photos:tree/none', 'back/none')).toMatchObject({ code: 3, out: '' })
    expect(await run('get', 'photos:tree/a.txt', '/nodir/x')).toEqual({ code: 2, out: '', err: 'waybill: There is no file or directory /nodir.\n' })
  })

  it('keep their versions', async () => {
    await writeFile(join(root, 'second.txt'), 'second')
    expect((await run('put', 'second.txt', 'photos:one/a.txt')).out).toContain('version 2')
    expect((await run('get', 'photos:one/a.txt', '-', '--version', '1')).out).toBe('a')
    expect(await run('put', 'second.txt', 'photos:one/a.txt', '--if-absent')).toMatchObject({ code: 3 })
  })

  it('tell what did not go through, and go on with the others', async () => {
    const again = await run('put', 'tree', 'second.txt', 'photos:tree/', '--if-absent')
    expect(again.code).toBe(1)
    expect(again.err).toContain('1 file, 6 bytes')
    expect(again.err).toContain('2 files failed')
  })

  it('need good words', async () => {
    expect(await run('put', 'none.txt', 'photos:')).toMatchObject({ code: 2, err: 'waybill: There is no file or directory none.txt.\n' })
    expect(await run('put', 'tree/a.txt', 'second.txt', 'photos:x')).toMatchObject({ code: 2 })
    expect(await run('put', 'tree', 'nowhere:')).toMatchObject({ code: 3 })
    expect(await run('ls', 'photos:none')).toMatchObject({ code: 3 })
    expect((await run('get', 'photos:tree/b', 'back')).err).toBe('waybill: There is no entry "tree/b"; what lies beneath it is photos:tree/b/.\n')
    expect((await run('put', 'tree/a.txt', 'nowhere:')).err).toBe(
      'waybill: There is no collection "nowhere" that you have a grant for; `waybill ls` lists those that you have, `waybill collection create` makes one.\n',
    )
  })

  it('are looked for where nothing is', async () => {
    const { out } = await admin('token', 'create', '--subject', 'newcomer', '--scopes', 'read')
    expect(await waybill(['ls', '--token', out.trim()], { env })).toEqual({
      code: 0,
      out: '',
      err: 'You have a grant for no collection yet; make one with `waybill collection create ID`, or ask whoever owns one.\n',
    })
  })
})

describe('servers that are not there or not ours', () => {
  it('are told in a sentence', async () => {
    const away = await waybill(['ls'], { env: { ...env, WAYBILL_URL: 'http://127.0.0.1:9' } })
    expect(away).toMatchObject({ code: 4, out: '' })
    expect(away.err).toMatch(/^waybill: http:\/\/127.0.0.1:9 does not answer: .+\.\n$/)
    const https = server.url.replace('http:', 'https:')
    expect(await waybill(['ls', '--url', https], { env })).toMatchObject({
      code: 4,
      err: `waybill: ${https} does not answer: the TLS connection failed (wrong version number); is its address https, or http?\n`,
    })
    expect(await waybill(['ls', '--url', server.url])).toMatchObject({ code: 2 })
    const wrong = await waybill(['ls', '--url', server.url, '--token', 'wb_wrong'])
    expect(wrong).toMatchObject({
      code: 3,
      err: 'waybill: The server does not take this token: it was revoked, or is not whole, or of another server; give a valid one in WAYBILL_TOKEN or with --token.\n',
    })
  })

  it('are told of all wrong settings on lines of their own, and warned of a variable that is none', async () => {
    const { code, err } = await waybill(['serve', '--data', join(root, 'never')], {
      env: { WAYBILL_PORT: 'x', WAYBILL_LOG_LEVEL: 'loud', WAYBILL_LOG_LEVLE: 'debug' },
    })
    expect(code).toBe(2)
    expect(err.split('\n')).toEqual([
      'waybill: The configuration is wrong in 2 places:',
      '  port (from WAYBILL_PORT): must be a whole number from 0 to 65535',
      '  logLevel (from WAYBILL_LOG_LEVEL): must be "fatal", "error", "warn", "info", "debug" or "silent".',
      'waybill: the environment variable WAYBILL_LOG_LEVLE is no setting; the nearest is WAYBILL_LOG_LEVEL.',
      '',
    ])
  })

  it('are asked after where nobody listens', async () => {
    const gone = createServer()
    const url = await urlOf(gone)
    await new Promise(resolve => gone.close(resolve))
    const away = await waybill(['ls'], { env: { ...env, WAYBILL_URL: url } })
    expect(away).toMatchObject({ code: 4, out: '' })
    expect(away.err).toMatch(/ECONNREFUSED .+; is a server running there\? Start one with: .\/waybill serve\.\n$/)
  })

  it('cannot write outside the directory they are asked for', async () => {
    const evil = createServer((request, response) => {
      response.setHeader('content-type', 'application/json')
      const entry = { collection: 'photos', path: '../escaped.txt', kind: 'file', size: 1 }
      response.end(request.url?.includes('escaped') ? 'x' : JSON.stringify({ items: [entry, { ...entry, path: '/tmp/escaped.txt' }], nextCursor: null }))
    })
    const got = await waybill(['get', 'photos:', join(root, 'inside'), '--url', await urlOf(evil), '--token', 'x'])
    evil.close()
    expect(got.code).toBe(1)
    expect(got.err).toContain('Refused to write "../escaped.txt"')
    expect(got.err).toContain('Refused to write "/tmp/escaped.txt"')
    await expect(readFile(join(root, 'escaped.txt'))).rejects.toThrow('ENOENT')
  })
})

async function urlOf(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
