import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const LAUNCHER = fileURLToPath(new URL('../../waybill', import.meta.url))
const LOCK = { packages: { '': { version: '1' }, 'node_modules/x': { version: '1.0.0' }, 'node_modules/y': { version: '2.0.0', optional: true } } }
const PRESENT = { packages: { 'node_modules/x': { version: '1.0.0' } } }

let root = ''
let clone = ''

/** A clone in small: the launcher, a main.ts that tells how it was called, and an npm whose `ci` takes a while and counts itself. */
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'waybill-launcher-')))
  clone = join(root, 'a clone')
  await mkdir(join(clone, 'src', 'cli'), { recursive: true })
  await mkdir(join(root, 'bin'))
  await copyFile(LAUNCHER, join(clone, 'waybill'))
  await writeFile(
    join(clone, 'src', 'cli', 'main.ts'),
    'const words: string[] = process.argv.slice(2)\nconsole.log(JSON.stringify({ words, cwd: process.cwd() }))\n',
  )
  await writeFile(join(clone, 'package-lock.json'), JSON.stringify(LOCK))
  await npmDoes(
    `sleep 0.3\nmkdir -p node_modules/.bin\nln -sf '${process.execPath}' node_modules/.bin/node\nprintf '%s' '${JSON.stringify(PRESENT)}' > node_modules/.package-lock.json`,
  )
})
afterEach(() => rm(root, { recursive: true }))

async function npmDoes(script: string): Promise<void> {
  await writeFile(join(root, 'bin', 'npm'), `#!/bin/sh\necho "$*" >> '${join(root, 'calls')}'\n${script}\n`, { mode: 0o755 })
}

async function npmCalls(): Promise<number> {
  return (await readFile(join(root, 'calls'), 'utf8')).trim().split('\n').length
}

async function launch(
  words: readonly string[],
  options: { readonly program?: string; readonly cwd?: string } = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(options.program ?? join(clone, 'waybill'), words, {
    cwd: options.cwd ?? root,
    env: { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}` },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

describe('the launcher', () => {
  it('installs on first use, once, and then runs with the words and the directory it was called with', async () => {
    const first = await launch(['cp', 'a b', '--x=*'])
    expect(first.err).toBe("Installing Waybill's packages (once) ...\n")
    expect(JSON.parse(first.out)).toEqual({ words: ['cp', 'a b', '--x=*'], cwd: root })
    expect(await launch(['again'])).toMatchObject({ code: 0, err: '' })
    expect(await npmCalls()).toBe(1)
  })

  it('installs once when two begin at the same time', async () => {
    const both = await Promise.all([launch(['1']), launch(['2'])])
    expect(both.map(one => one.code)).toEqual([0, 0])
    expect(await npmCalls()).toBe(1)
  })

  it('is found through symbolic links', async () => {
    await symlink('a clone/waybill', join(root, 'one'))
    await mkdir(join(root, 'far'))
    await symlink('../one', join(root, 'far', 'two'))
    expect(await launch([], { program: join(root, 'far', 'two') })).toMatchObject({ code: 0 })
    expect(JSON.parse((await launch([], { program: './two', cwd: join(root, 'far') })).out)).toMatchObject({ cwd: join(root, 'far') })
  })

  it('installs again when package-lock.json asks for something else, not when only its date is newer', async () => {
    await launch([])
    const later = new Date(Date.now() + 10_000)
    await utimes(join(clone, 'package-lock.json'), later, later)
    await launch([])
    expect(await npmCalls()).toBe(1)
    const other = { packages: { ...LOCK.packages, 'node_modules/x': { version: '1.0.1' } } }
    await writeFile(join(clone, 'package-lock.json'), JSON.stringify(other))
    await utimes(join(clone, 'package-lock.json'), later, later)
    await launch([])
    expect(await npmCalls()).toBe(2)
  })

  it('takes over from an installer that was killed', async () => {
    await mkdir(join(clone, '.cache', 'install.lock'), { recursive: true })
    const gone = spawn('true')
    await once(gone, 'close')
    await writeFile(join(clone, '.cache', 'install.lock', 'pid'), `${gone.pid}\n`)
    expect(await launch([])).toMatchObject({ code: 0 })
  })

  it('builds the console before a server starts, when it is missing or older than its sources', async () => {
    await mkdir(join(clone, 'console'))
    await mkdir(join(clone, 'scripts'))
    await writeFile(join(clone, 'console', 'main.tsx'), '')
    const builder = join(clone, 'scripts', 'build-console.ts')
    await writeFile(
      builder,
      `import { mkdirSync, writeFileSync } from 'node:fs'\nmkdirSync('${clone}/dist/console', { recursive: true })\nwriteFileSync('${clone}/dist/console/index.html', '')\n`,
    )
    await launch(['--version'])
    const building = "Building Waybill's console (once) ...\n"
    expect((await launch(['ls', 'serve'])).err).toBe('')
    expect((await launch(['serve'])).err).toBe(building)
    expect((await launch(['demo'])).err).toBe('')
    const later = new Date(Date.now() + 5000)
    await utimes(join(clone, 'console', 'main.tsx'), later, later)
    expect((await launch(['demo'])).err).toBe(building)
    await writeFile(builder, 'throw new Error("no such module")')
    const without = await launch(['serve'])
    expect(without).toMatchObject({ code: 0, err: expect.stringContaining('the server does without it') as string })
    expect(JSON.parse(without.out)).toMatchObject({ words: ['serve'] })
  })

  it('shows what npm said when it fails, with a sentence, and is ready for another try', async () => {
    await npmDoes('echo "npm error: no such package"\nexit 1')
    const failed = await launch([])
    expect(failed).toMatchObject({ code: 1, out: '' })
    expect(failed.err).toContain('npm error: no such package\n')
    expect(failed.err).toMatch(/could not be installed: .+\.\n$/)
    expect((await launch([])).err).toContain('Installing')
    expect(await npmCalls()).toBe(2)
  })
})
