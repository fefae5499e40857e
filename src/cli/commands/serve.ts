import type { Command } from 'commander'
import type { RunningServer } from '../../main.ts'
import { isWaybillError } from '../../model/errors.ts'
import { EXIT, StartError } from '../exit-codes.ts'
import { note, print } from '../output.ts'
import { checked, wholeNumber } from '../values.ts'

interface ServeFlags {
  readonly data?: string
  readonly database?: string
  readonly port?: number
  readonly host?: string
  readonly config?: string
}

/** `serve`: the server, until a signal ends it. */
export function registerServe(program: Command): void {
  const serve = program.command('serve').description('run the server on a data directory')
  serve
    .option('--data <dir>', 'the data directory; it is made when it is not there (default: ./waybill-data)')
    .option('--database <url>', 'the PostgreSQL that holds the ledger, for several servers at once (default: none, the ledger is in the data directory)')
    .option('--port <n>', 'the port to listen on; 0 takes a free one (default: 7070)', checked(wholeNumber(0, 65_535)))
    .option('--host <address>', 'the address to listen on (default: 127.0.0.1)')
    .option('--config <file>', 'a configuration file; the environment and these options win over it')
    .action(async () => {
      const server = await started(serve.opts<ServeFlags>())
      await print(`listening on ${server.url}`)
      await untilSignal()
      await server.close()
    })
}

/** The server of these flags. Throws a StartError where it refuses: nobody else is asked, so whatever is wrong is to be mended on this machine. */
async function started({ config: file, ...flags }: ServeFlags): Promise<RunningServer> {
  // loaded only now: most commands speak HTTP and need nothing of the server's own code
  const [{ loadConfig }, { startServer }] = await Promise.all([import('../../config.ts'), import('../../main.ts')])
  try {
    return await startServer(loadConfig({ flags, env: process.env, ...(file === undefined ? {} : { file }) }))
  } catch (error) {
    throw isWaybillError(error) ? new StartError(error) : error
  }
}

/** Resolves with the first SIGTERM or SIGINT; a second one ends the process at once. */
export async function untilSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const ended = (): void => {
    note('Finishing what is under way; once more ends at once.')
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, ended).once(signal, () => process.exit(EXIT.unavailable))
    resolve()
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, ended)
  await promise
}
