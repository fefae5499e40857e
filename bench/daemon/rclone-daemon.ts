import { mkdir, readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, Http } from '../../test/support/http.ts'
import { debianProgram } from '../../test/support/servers/debian.ts'
import { startTool, type Tool } from '../../test/support/servers/tool.ts'

/** The peer's name in rows. */
export const DAEMON = 'rclone rcd'
/** The pause between two questions about a job that is waited for: so much of the time that it has taken so far, within bounds. Asking should cost it nothing. */
const PAUSE_PART = 0.02
const [SHORTEST_MS, LONGEST_MS] = [1, 50]

/** What `job/status` tells (https://rclone.org/rc/#job-status). */
interface Status {
  readonly finished: boolean
  readonly success: boolean
  readonly error: string
}

/** What is read of `core/stats`. */
interface Stats {
  readonly errors: number
}

/** rclone's own server of jobs, with everything at its default but for the address and what it is told here. It keeps nothing on disk. */
export class RcloneDaemon {
  readonly url: string
  readonly pid: number
  readonly #tool: Tool
  readonly #http: Http

  private constructor(tool: Tool, http: Http, pid: number) {
    this.#tool = tool
    this.#http = http
    this.url = http.url
    this.pid = pid
  }

  /** Starts one on a free port. Where rclone is not installed, root gets it from Debian's packages. */
  static async start(flags: readonly string[] = []): Promise<RcloneDaemon> {
    await debianProgram('rclone')
    const args = ['rcd', '--rc-no-auth', '--rc-addr', '127.0.0.1:0', '--config', '/dev/null', ...flags]
    const tool = await startTool('rclone', args, /Serving remote control on (http:\S+?)\/?$/m, 'SIGKILL')
    const http = new Http(tool.line, 'none')
    const { pid } = await http.json<{ pid: number }>('POST', '/core/pid', {})
    return new RcloneDaemon(tool, http, pid)
  }

  /** One call. Throws unless it is answered with 200. */
  call<T>(command: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> {
    return this.#http.json<T>('POST', `/${command}`, params)
  }

  /** One call; answers of any status come back. */
  ask(command: string, params: Readonly<Record<string, unknown>>): Promise<Answer> {
    return this.#http.send('POST', `/${command}`, JSON.stringify(params), { 'content-type': 'application/json' })
  }

  /** Begins a job and returns its number. */
  async submit(command: string, params: Readonly<Record<string, unknown>>): Promise<number> {
    return (await this.call<{ jobid: number }>(command, { ...params, _async: true })).jobid
  }

  async isFinished(jobid: number): Promise<boolean> {
    const { finished, success, error } = await this.call<Status>('job/status', { jobid })
    if (finished && !success) throw new Error(`rclone's job ${jobid} failed: ${error}`)
    return finished
  }

  async finished(jobid: number): Promise<void> {
    const begin = performance.now()
    while (!(await this.isFinished(jobid))) await sleep(Math.min(Math.max((performance.now() - begin) * PAUSE_PART, SHORTEST_MS), LONGEST_MS))
  }

  /** Seconds from sending a job to seeing it finished. */
  async timed(command: string, params: Readonly<Record<string, unknown>>): Promise<number> {
    const begin = performance.now()
    await this.finished(await this.submit(command, params))
    return (performance.now() - begin) / 1000
  }

  /**
   * Waits until so many files have arrived in and below a directory of their own. The daemon cannot be asked: it keeps the figures of its last 1,000 jobs, and to ask for each
   * job would cost it time.
   */
  async arrived(files: number, directory: string): Promise<void> {
    await mkdir(directory, { recursive: true })
    for (;;) {
      const { errors } = await this.call<Stats>('core/stats')
      if (errors > 0) throw new Error(`rclone counts ${errors} errors`)
      // newer versions give a file its name when it is whole
      const found = await readdir(directory, { recursive: true, withFileTypes: true })
      if (found.filter(entry => entry.isFile() && !entry.name.endsWith('.partial')).length >= files) return
      await sleep(LONGEST_MS)
    }
  }

  /** Ends it at once: it has nothing to save. */
  async kill(): Promise<void> {
    this.#http.close()
    await this.#tool.stop()
  }
}

/** Starts a daemon, uses it, and ends it. */
export async function withDaemon<T>(use: (daemon: RcloneDaemon) => Promise<T>, flags: readonly string[] = []): Promise<T> {
  const daemon = await RcloneDaemon.start(flags)
  try {
    return await use(daemon)
  } finally {
    await daemon.kill()
  }
}
