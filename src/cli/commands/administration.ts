import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import type { LedgerPlace, openAdministration } from '../../administration.ts'
import { note } from '../output.ts'

/** Where a server has its data unless it is told otherwise (src/config.ts). */
const USUAL_DATA = './waybill-data'

/** What administration works on. */
export type Ledger = Awaited<ReturnType<typeof openAdministration>>['ledger']

/** Where a command finds the ledger: a database if there is one, else a data directory. */
export type DataOptions = LedgerPlace

/** The data directory, found where `serve` finds it. */
export function dataOption(): Option {
  return new Option('--data <dir>', 'the data directory (a server may be running on it)').env('WAYBILL_DATA').default(USUAL_DATA)
}

/** Gives a command the options that every command on a ledger has. As for a server, both may come from the environment. */
export function onDataDirectory(command: Command): Command {
  return command.addOption(dataOption()).addOption(new Option('--database <url>', 'instead: the PostgreSQL that holds the ledger').env('WAYBILL_DATABASE'))
}

/** Opens the ledger for one piece of work and closes it again. A data directory must be there, unless `create` may make it, which is told. */
export async function administrate<T>(options: DataOptions, work: (ledger: Ledger) => Promise<T>, create = false): Promise<T> {
  // loaded only now: most commands speak HTTP and need nothing of the server's own code
  const { openAdministration } = await import('../../administration.ts')
  const { data, database } = options
  // in the wrong place a new one would be made instead of the server's own: that must be seen
  const made = create && database === undefined && data !== undefined && !existsSync(data)
  const administration = await openAdministration(options, { create })
  if (made) note(`Made the data directory ${data}.`)
  try {
    return await work(administration.ledger)
  } finally {
    await administration.close()
  }
}
