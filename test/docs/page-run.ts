import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Block, placeOf, ROOT } from './pages.ts'

/** Ports that the pages speak of; each becomes a free one. */
const PORTS = /\b(?:7070|7071|7072|8080)\b/g
/** Stands before the output of each block. */
const MARK = '\u0001block '

/** What the commands of a page came to. */
export interface PageRun {
  /** The commands that failed, with their place and what was seen of them; null when all went well. */
  readonly failure: string | null
  /** What each block printed, errors included. */
  readonly outputs: readonly string[]
  /** A text of the page as it was run: with the ports that were taken. */
  asRun(text: string): string
}

/**
 * Runs the blocks of a page in one shell, as they are printed, in a new directory that looks like a clone; it ends at the first command that fails. What they
 * started goes with them, and so does the directory.
 */
export async function runPage(blocks: readonly Block[], env: NodeJS.ProcessEnv, timeoutMs: number): Promise<PageRun> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-docs-'))
  try {
    await likeClone(directory)
    const asRun = await otherPorts(blocks)
    const script = blocks.map((block, at) => `printf '${MARK}%d\\n' ${at}\n${asRun(block.text)}`).join('')
    const { WAYBILL_DATABASE: _database, WAYBILL_TOKEN: _token, ...inherited } = process.env
    const own = {
      HOME: directory,
      PATH: `${join(directory, '.bin')}:${process.env['PATH'] ?? ''}`,
      WAYBILL_PORT: asRun('7070'),
      WAYBILL_URL: asRun('http://127.0.0.1:7070'),
    }
    const { code, output } = await bash(`exec 2>&1\n${script}`, directory, { ...inherited, ...own, ...env }, timeoutMs)
    const outputs = output.split(new RegExp(`${MARK}\\d+\\n`)).slice(1)
    const last = blocks[outputs.length - 1]
    const failure =
      code === 0 ? null : `${last === undefined ? '' : placeOf(last)}: the commands ended with ${code}; they printed:\n${outputs.at(-1) ?? output}`
    return { failure, outputs, asRun }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The lines that must have been seen, in their order, and were not. `…` stands for anything: in a line, or alone for any lines. */
export function notSeen(expected: string, output: string): string[] {
  const lines = output.split('\n')
  let from = 0
  return expected
    .split('\n')
    .filter(line => line.trim() !== '' && line.trim() !== '…')
    .filter(line => {
      const at = lines.findIndex((seen, index) => index >= from && matches(line, seen))
      if (at >= 0) from = at + 1
      return at < 0
    })
}

function matches(expected: string, seen: string): boolean {
  const literal = expected.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replaceAll('…', '.*')}$`).test(seen.trimEnd())
}

/** What git keeps is there by links, so that what is made goes into the new directory; `waybill` is found as where the package is installed. */
async function likeClone(directory: string): Promise<void> {
  for (const name of await readdir(ROOT)) {
    if (!/^(?:\..*|data|waybill-data)$/.test(name)) await symlink(join(ROOT, name), join(directory, name))
  }
  await mkdir(join(directory, '.bin'))
  await symlink(join(ROOT, 'waybill'), join(directory, '.bin', 'waybill'))
}

async function otherPorts(blocks: readonly Block[]): Promise<(text: string) => string> {
  const free = new Map<string, string>()
  for (const port of new Set(['7070', ...blocks.flatMap(block => block.text.match(PORTS) ?? [])])) free.set(port, String(await freePort()))
  return text => text.replaceAll(PORTS, port => free.get(port) ?? port)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function bash(script: string, cwd: string, env: NodeJS.ProcessEnv, timeoutMs: number): Promise<{ code: number | string | null; output: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const timer = setTimeout(() => endGroup(child.pid as number), timeoutMs)
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  clearTimeout(timer)
  // the server of commands that failed half way runs on
  endGroup(child.pid as number)
  if (!child.stdout.readableEnded) await once(child.stdout, 'end')
  return { code: code ?? signal, output }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGTERM')
  } catch (error) {
    // ESRCH: nobody is left, as it should be
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
