import { type Command, Option } from 'commander'
import type { BlobCheck, Restored } from '../../restore.ts'
import { EXIT } from '../exit-codes.ts'
import { count, note, plural, print, printJson } from '../output.ts'
import { printable } from '../printable.ts'
import { startProgress } from '../progress.ts'
import { required } from '../values.ts'

interface RestoreFlags {
  readonly data: string
  readonly config?: string
  readonly force?: boolean
  readonly checkBlobs: BlobCheck
  readonly json?: boolean
}

/** `restore`: a backup becomes the ledger of a data directory. */
export function registerRestore(program: Command): void {
  const command = program.command('restore').description('make a backup the ledger of a data directory, on which no server runs')
  required(command, '--data <dir>', 'the data directory; it is made when it is not there')
  command
    .argument('<FILE>', 'a file that `waybill backup` made')
    .option('--force', 'also where there is a ledger, which is kept beside the restored one')
    .option('--config <file>', 'the configuration file of the server, which says where its stores are; the environment wins over it')
    .addOption(
      new Option('--check-blobs <stores>', 'whose files are looked for: of stores in directories (local), of buckets too (all), or none')
        .choices(['local', 'all', 'none'])
        .default('local'),
    )
    .option('--json', 'print one line of JSON')
    .action(async (file: string) => restoreFrom(file, command.opts<RestoreFlags>()))
}

async function restoreFrom(file: string, { data, config, force = false, checkBlobs, json = false }: RestoreFlags): Promise<void> {
  // loaded only now: most commands speak HTTP and need nothing of the server's own code
  const [{ loadConfig }, { restore }] = await Promise.all([import('../../config.ts'), import('../../restore.ts')])
  const settings = loadConfig({ flags: { data }, env: process.env, ...(config === undefined ? {} : { file: config }) })
  const progress = startProgress('Looking for the bytes of files', 'contents')
  let restored: Restored
  try {
    restored = await restore(settings, file, { force, blobs: checkBlobs, progress: looked => progress.update(looked, null) })
  } finally {
    progress.stop()
  }
  if (restored.stores.some(({ missing }) => missing > 0)) process.exitCode = EXIT.incomplete
  if (json) await printJson({ ...restored, takenAt: restored.takenAt === null ? null : new Date(restored.takenAt).toISOString() })
  else await tell(data, restored)
}

async function tell(data: string, restored: Restored): Promise<void> {
  const { takenAt, kept, collections, files, jobs, unfinishedJobs, tokens } = restored
  const taken = takenAt === null ? 'a backup that does not say when it was taken' : `the backup of ${new Date(takenAt).toISOString()}`
  await print(`The ledger in ${data} is ${taken}.`)
  await print(
    `It has ${plural(collections, 'collection')}, ${plural(files, 'file')}, ${plural(jobs, 'job')} (${count(unfinishedJobs)} unfinished) and ${plural(tokens, 'token')}.`,
  )
  if (kept !== null) await print(`The ledger of before is ${kept}.`)
  for (const { store, where, blobs, missing, places } of restored.stores) {
    const of = `${plural(blobs, 'content')} of files in the store "${store}"${where === null ? '' : ` (${where})`}`
    await print(missing === 0 ? `All ${of} are there.` : `${count(missing)} of ${of} are missing:`)
    for (const place of places) await print(`  ${printable(place)}`)
    if (missing > places.length) await print(`  and ${count(missing - places.length)} more`)
  }
  if (restored.stores.some(({ missing }) => missing > 0))
    note('Bring them from a copy of the store before a server starts: files without their bytes cannot be read.')
  if (restored.unchecked.length > 0) note(`Not looked into: ${restored.unchecked.join(', ')}.`)
  note(
    'What was done since is unknown to it: jobs answer 404, unfinished ones go on from where they were then, and tokens and grants that were taken back hold again.',
  )
}
