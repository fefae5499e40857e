import { userInfo } from 'node:os'
import { type Command, Option } from 'commander'
import type { LedgerPlace, openAdministration } from '../../administration.ts'
import type { Actor } from '../../model/audit.ts'

/** What administration works on. */
export type Ledger = Awaited<ReturnType<typeof openAdministration>>['ledger']

/** Where a command finds the ledger: a database if there is one, else a data directory. */
export type DataOptions = LedgerPlace

/** Gives a command the options that every command on a ledger has; one of them must be there. As for a server, the database may come from the environment. */
export function onDataDirectory(command: Command): Command {
  return command
    .option('--data <dir>', 'the data directory (a server may be running on it)')
    .addOption(new Option('--database <url>', 'instead: the PostgreSQL that holds the ledger').env('WAYBILL_DATABASE'))
    .hook('preAction', () => {
      const { data, database } = command.opts<DataOptions>()
      if (data === undefined && database === undefined) command.error(`error: required option '--data <dir>' not specified`)
    })
}

/** Opens the ledger for one piece of work, which is recorded in the name of the user of this machine, and closes it again. A data directory must be there, unless `create` may make it. */
export async function administrate<T>(options: DataOptions, work: (ledger: Ledger) => Promise<T>, create = false): Promise<T> {
  // loaded only now: most commands speak HTTP and need nothing of the server's own code
  const { openAdministration } = await import('../../administration.ts')
  const administration = await openAdministration(options, { create })
  try {
    return await work(administration.ledger.by(administrator()))
  } finally {
    await administration.close()
  }
}

/** Whoever administers is nobody that the server knows, but a user of the machine. */
function administrator(): Actor {
  return { subject: `cli:${userName()}`, tokenId: null, dialect: 'cli', requestId: null }
}

/** In containers a user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error
    return String(process.getuid?.())
  }
}
