import type { Command } from 'commander'
import { note, print } from '../output.ts'
import { startProgress } from '../progress.ts'
import { dataOption } from './administration.ts'

/** `backup`: the ledger of a data directory as one file, while a server runs on it. */
export function registerBackup(program: Command): void {
  const command = program.command('backup').description('copy the ledger into a new file, as it is at one moment (a server may be running)')
  command
    .addOption(dataOption())
    .argument('<FILE>', 'the file to make; nothing may be there yet')
    .action(async (file: string) => {
      const { data } = command.opts<{ readonly data: string }>()
      // loaded only now: most commands speak HTTP and need nothing of the server's own code
      const { backUp } = await import('../../administration.ts')
      const progress = startProgress('Copying the ledger', 'pages')
      try {
        await backUp(data, file, (copied, all) => progress.update(copied, all))
      } finally {
        progress.stop()
      }
      await print(file)
      note('The ledger is in it, whole and checked. The bytes of the files are in the stores: copy those too.')
    })
}
