import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')

let directory = ''
let server: TestServer

const run = async (...args: string[]): Promise<string> => {
  const env = { ...process.env, WAYBILL_URL: server.url, WAYBILL_TOKEN: await server.token('alice') }
  return (await promisify(execFile)(process.execPath, args, { cwd: directory, env })).stdout
}

/** A directory in which somebody has installed the package: what `npm run build` makes of the client, and what it depends on. */
beforeAll(async () => {
  server = await startTestServer()
  directory = await mkdtemp(join(tmpdir(), 'waybill-package-'))
  const installed = join(directory, 'node_modules/waybill')
  await mkdir(installed, { recursive: true })
  await cp(join(ROOT, 'package.json'), join(installed, 'package.json'))
  await symlink(join(ROOT, 'node_modules/@noble'), join(directory, 'node_modules/@noble'))
  const build = {
    extends: join(ROOT, 'tsconfig.build.json'),
    compilerOptions: { rootDir: join(ROOT, 'src'), outDir: join(installed, 'dist'), typeRoots: [join(ROOT, 'node_modules/@types')] },
    include: [join(ROOT, 'src/client')],
  }
  await writeFile(join(directory, 'build.json'), JSON.stringify(build))
  await writeFile(join(directory, 'package.json'), '{"type": "module"}')
  await run(TSC, '-p', 'build.json')
}, 120_000)

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true })
})

describe('the package', () => {
  it('gives its client to programs in JavaScript', async () => {
    const program = `
      import { WaybillClient } from 'waybill/client'
      const client = new WaybillClient({ url: process.env.WAYBILL_URL, token: process.env.WAYBILL_TOKEN })
      console.log((await client.whoami()).subject)`
    await writeFile(join(directory, 'program.js'), program)
    expect(await run('program.js')).toBe('alice\n')
  })

  it.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('gives its types to TypeScript of a browser (module %s, resolved as %s)', { timeout: 60_000 }, async (module, moduleResolution) => {
    const page = `
      import { type JobInfo, WaybillClient } from 'waybill/client'
      const client = new WaybillClient({ url: location.origin })
      const job: JobInfo = await client.submit({ kind: 'copy', items: [{ source: { collection: 'a', path: 'b' } }] })
      for await (const event of client.watch(job.id)) if (event.type === 'job.finished') document.title = event.data.outcome
      // @ts-expect-error there is no such kind
      await client.submit({ kind: 'rename' })`
    const options = {
      noEmit: true,
      strict: true,
      target: 'es2022',
      module,
      moduleResolution,
      lib: ['es2022', 'dom', 'dom.iterable', 'esnext.disposable', 'es2018.asynciterable'],
      types: [],
    }
    await writeFile(join(directory, 'page.ts'), page)
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['page.ts'] }))
    expect(await run(TSC, '-p', 'tsconfig.json')).toBe('')
  })
})
