import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** Starting costs most of its time in stripping types: harnesses that start many servers keep what came of it. */
const CACHE = { NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url)) }
/** The same as the launcher's (waybill). */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=8']
/** A server that says nothing for so long will not come; a loaded two-core machine needs some seconds. */
const START_MS = 60_000

/** A server in its own process, as a user runs it. */
export interface ServerProcess {
  readonly url: string
  readonly pid: number
  /** The end of what it has printed so far, errors included. */
  output(): string
  /** Resolves when it has ended, however. */
  readonly gone: Promise<void>
  /** Ends it with SIGKILL, as a power cut would, and waits until it is gone. */
  kill(): Promise<void>
  /** Ends it with SIGTERM and waits until it has drained. Returns its exit code. */
  stop(): Promise<number | null>
}

/** A server that did not come up, with what it had printed. */
export class ServerStartError extends Error {}

/**
 * Starts `serve` on a data directory, on a free port. `onSpawn` is given the process before it listens, so that a harness can kill a starting one.
 * Throws ServerStartError when the process ends or stays silent before it listens.
 */
export async function spawnServer(
  data: string,
  options: { readonly env?: NodeJS.ProcessEnv; readonly args?: readonly string[]; readonly onSpawn?: (child: ChildProcess) => void } = {},
): Promise<ServerProcess> {
  const args = [...NODE_FLAGS, CLI, 'serve', '--data', data, '--port', '0', ...(options.args ?? [])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...CACHE, ...options.env } })
  options.onSpawn?.(child)
  const said = { text: '' }
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const url = await listening(child, said)
  return {
    url,
    pid: child.pid as number,
    output: () => said.text,
    gone,
    kill: async () => {
      await end(child, 'SIGKILL')
    },
    stop: () => end(child, 'SIGTERM'),
  }
}

/** Waits for the line `listening on http://...`; goes on reading both outputs afterwards, so that a full pipe never stops the server. */
function listening(child: ChildProcess, said: { text: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new ServerStartError(`the server did not listen within ${START_MS / 1000} s; it printed:\n${said.text}`))
    }, START_MS)
    const hear = (chunk: Buffer): void => {
      said.text = (said.text + chunk.toString()).slice(-20_000)
      const found = /listening on (http:\/\/\S+)/.exec(said.text)
      if (found?.[1] === undefined) return
      clearTimeout(timer)
      resolve(found[1])
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('error', error => reject(new ServerStartError('the server could not be started', { cause: error })))
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      reject(new ServerStartError(`the server ended (${signal ?? code}) before it listened; it printed:\n${said.text}`))
    })
  })
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
  return child.exitCode
}

/** Runs one command of the command line and returns what it printed, trimmed. Throws with its error output when it fails. */
export async function runCli(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [...NODE_FLAGS, CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...CACHE } })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`waybill ${args.join(' ')} ended with ${code}: ${err}${out}`)
  return out.trim()
}

/** A token for a subject, by the command line, whether or not a server runs on the data directory. */
export function createToken(data: string, subject: string, scopes: readonly string[]): Promise<string> {
  return runCli('token', 'create', '--data', data, '--subject', subject, '--scopes', scopes.join(','))
}
