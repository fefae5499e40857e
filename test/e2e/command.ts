import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** As in ./waybill: compiled code is kept, so that a process starts in half the time. */
const COMPILED = fileURLToPath(new URL('../../.cache/node', import.meta.url))
const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** How one run of the command line ended. */
export interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs the command line as a process of its own, its outputs pipes, as a script would. `input` goes to its standard input. */
export async function waybill(
  words: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string; readonly input?: string } = {},
): Promise<Run> {
  const { WAYBILL_URL: _url, WAYBILL_TOKEN: _token, ...inherited } = process.env
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, ...words], {
    env: { NODE_COMPILE_CACHE: COMPILED, ...inherited, ...options.env },
    cwd: options.cwd,
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  child.stdin.end(options.input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}
