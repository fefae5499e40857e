import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const directories: string[] = []

afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true })
})

/** The commands printed under a heading, as one script. */
async function commands(heading: string): Promise<string> {
  const text = await readFile(join(ROOT, 'README.md'), 'utf8')
  const section = text.split(/^## /m).find(part => part.startsWith(heading))
  return [...(section ?? '').matchAll(/^```sh\n(.*?)^```$/gms)].map(match => match[1]).join('')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Runs a script in bash, ending at the first command that fails; whatever it started goes with it. */
async function bash(script: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'exit')) as [number | null]
  endGroup(child.pid as number)
  return { code, output }
}

/** The server of a script that failed half way runs on: end it with its process group. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGTERM')
  } catch (error) {
    // ESRCH: nobody is left, as it should be
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

test('the tour of the README runs as it is printed', { timeout: 90_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-tour-'))
  directories.push(directory)
  const port = await freePort()
  const printed = await commands('Five minutes')
  expect(printed).toContain('8080')
  const { code, output } = await bash(printed.replaceAll('data/tour', directory).replaceAll('8080', String(port)))
  expect(code, output).toBe(0)
  for (const sign of [
    '"outcome":"succeeded"',
    '"outcome":"partial"',
    'entry_not_found',
    'condition_failed',
    'event: job.finished',
    'same bytes',
    '"Succeeded":"1"',
    '"state":"FINISHED","total_files":2,"completed_files":1,"failed_files":1',
    '"project":"alice/destination-project"',
    '"code":5002',
    '<http://example.org/JaneDoe> <cmwell://meta/nn#trackingStatus> "Done" .',
    '"FN.vcard":["John Smith"]',
    '"kind":"object"',
  ]) {
    expect(output).toContain(sign)
  }
})
