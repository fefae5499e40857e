import type { Command } from 'commander'
import type { openAdministration } from '../../administration.ts'
import { required } from '../values.ts'

/** What administration works on. */
export type Ledger = Awaited<ReturnType<typeof openAdministration>>['ledger']

export interface DataOptions {
  readonly data: string
}

/** Gives a command the option that every command on a data directory has. */
export function onDataDirectory(command: Command): Command {
  return required(command, '--data <dir>', 'the data directory (a server may be running on it)')
}

/** Opens the data directory's ledger for one piece of work and closes it again. The directory must be there, unless `create` may make it. */
export async function administrate<T>(options: DataOptions, work: (ledger: Ledger) => Promise<T>, create = false): Promise<T> {
  // loaded only now: most commands speak HTTP and need nothing of the server's own code
  const { openAdministration } = await import('../../administration.ts')
  const administration = await openAdministration(options.data, { create })
  try {
    return await work(administration.ledger)
  } finally {
    await administration.close()
  }
}
