import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A tool that says nothing for so long will not come; a loaded two-core machine needs some seconds. */
const START_MS = 90_000

/** A server of others, in its own process. */
export interface Tool {
  /** What the expression's first group found in its output. */
  readonly line: string
  stop(): Promise<void>
}

/**
 * Starts a server and waits until it has printed what tells that it answers. Its standard input is a pipe that ends with this process, however that ends: a tool
 * that listens for it never stays behind. `stop` ends the pipe, and with `signal` the process.
 */
export async function startTool(command: string, args: readonly string[], ready: RegExp, signal?: NodeJS.Signals): Promise<Tool> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const gone = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.stdin.end()
    if (signal !== undefined) child.kill(signal)
    await gone
  }
  let said = ''
  const line = new Promise<string>((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`${command} ${what}; it printed:\n${said}`))
    const timer = setTimeout(() => fail(`did not start within ${START_MS} ms`), START_MS)
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-20_000)
      const found = ready.exec(said)
      if (found === null) return
      clearTimeout(timer)
      resolve(found[1] ?? found[0])
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', error => reject(new Error(`${command} could not be started`, { cause: error })))
    child.once('exit', code => {
      clearTimeout(timer)
      fail(`ended (${code})`)
    })
  })
  try {
    return { line: await line, stop }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}
