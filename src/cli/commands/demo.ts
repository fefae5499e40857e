import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { checked, wholeNumber } from '../values.ts'

interface DemoFlags {
  readonly once?: true
  readonly dir: string
  readonly port: number
}

/** The one tree of real files that every clone has. */
const OWN_PACKAGES = fileURLToPath(new URL('../../../node_modules', import.meta.url))

/** `demo`: real files, a real server, one job, tracked to its end. */
export function registerDemo(program: Command): void {
  const demo = program.command('demo').description('see it work: real files are imported, copied in one job, tracked and checked')
  demo
    .option('--once', 'end when everything has been shown; without it the server stays until Ctrl-C')
    .option('--dir <dir>', 'the files to use', OWN_PACKAGES)
    .option('--port <n>', 'the port of the server; 0 takes a free one', checked(wholeNumber(0, 65_535)), 0)
    .action(async () => {
      const flags = demo.opts<DemoFlags>()
      // loaded only now: most commands speak HTTP and need nothing of the server's own code
      const { runDemo } = await import('../demo/run-demo.ts')
      process.exitCode = await runDemo({ once: flags.once ?? false, directory: flags.dir, port: flags.port })
    })
}
