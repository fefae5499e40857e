import type { Command } from 'commander'
import { ClientError, type UploadOptions, type WaybillClient } from '../../client/index.ts'
import { WaybillError } from '../../model/errors.ts'
import { checkPath } from '../../model/paths.ts'
import { connect, type ConnectionOptions, overHttp } from '../connection.ts'
import { EXIT } from '../exit-codes.ts'
import { localFiles, type LocalFile, readForUpload } from '../local-files.ts'
import { print, printJson } from '../output.ts'
import { type Destination, parseDestination } from '../place.ts'
import { transferAll, transferCode } from '../transfer.ts'
import { checked, wholeNumber } from '../values.ts'

interface PutFlags extends ConnectionOptions {
  readonly mediaType?: string
  readonly ifMatch?: string
  readonly ifAbsent?: true
  readonly concurrency: number
  readonly json?: true
}

/** `put`: files and directories into a collection. */
export function registerPut(program: Command): void {
  const command = overHttp(program.command('put')).description('upload files and directories').usage('[options] <FILE or DIRECTORY>... <DST>')
  command
    .argument('<names...>', 'files and directories, then DST: collection:path for one file, collection:prefix/ or collection: to go beneath')
    .option('--media-type <type>', 'the media type of the files', checked(parseMediaType))
    .option('--if-match <revision>', 'only when the file there has this revision')
    .option('--if-absent', 'only where there is nothing yet')
    .option('--concurrency <n>', 'how many at once', checked(wholeNumber(1, 256)), 16)
    .option('--json', 'print each entry as one line of JSON')
    .action(async (names: string[]) => {
      process.exitCode = await put(names, command.opts<PutFlags>())
    })
}

async function put(words: readonly string[], flags: PutFlags): Promise<number> {
  if (words.length < 2) throw new WaybillError('invalid_request', 'DST is missing: waybill put FILE... collection:path')
  const names = words.slice(0, -1)
  const destination = parseDestination(words.at(-1) as string)
  const client = connect(flags)
  const files: LocalFile[] = []
  for await (const local of localFiles(names, destination)) files.push(local)
  refuseClashes(files, destination)
  const one = names.length === 1 && files.length === 1 && files[0]?.file === names[0]
  if (one) {
    await putOne(client, destination, files[0] as LocalFile, flags)
    return EXIT.ok
  }
  if (flags.ifMatch !== undefined) throw new WaybillError('invalid_request', '--if-match names the revision of one file; put that file alone')
  const options = { concurrency: flags.concurrency, nameOf: (local: LocalFile) => local.file, total: files.length }
  return transferCode(await transferAll('Uploading', files, options, local => putOne(client, destination, local, flags, false)))
}

/** Uploads one file and prints its entry (in plain words only when it is the only one); returns its size. */
async function putOne(client: WaybillClient, destination: Destination, local: LocalFile, flags: PutFlags, tell = true): Promise<number> {
  const path = checkPath(local.path)
  const { body, sha256 } = await readForUpload(local)
  const entry = await uploaded(client.upload(destination.collection, path, body, putOptions(flags, sha256)), local)
  if (flags.json) await printJson(entry)
  else if (tell) await print(`${entry.collection}:${entry.path} version ${entry.version}, revision ${entry.revision}`)
  return entry.size
}

async function uploaded<T>(upload: Promise<T>, local: LocalFile): Promise<T> {
  try {
    return await upload
  } catch (error) {
    if (error instanceof ClientError && error.code === 'digest_mismatch') {
      throw new ClientError(error.status, error.code, `${local.file} was changed while it was read; nothing was stored, try again`, { cause: error })
    }
    throw error
  }
}

function putOptions(flags: PutFlags, sha256: string): UploadOptions {
  return {
    sha256,
    ...(flags.mediaType === undefined ? {} : { mediaType: flags.mediaType }),
    ...(flags.ifMatch === undefined ? {} : { ifMatch: flags.ifMatch }),
    ...(flags.ifAbsent === undefined ? {} : { ifNoneMatch: '*' as const }),
  }
}

function refuseClashes(files: readonly LocalFile[], destination: Destination): void {
  const taken = new Map<string, string>()
  for (const { file, path } of files) {
    const other = taken.get(path)
    if (other !== undefined) throw new WaybillError('invalid_request', `${other} and ${file} would both become ${destination.collection}:${path}`)
    taken.set(path, file)
  }
}

function parseMediaType(text: string): string {
  // RFC 9110 section 8.3.1: type "/" subtype, tokens, and parameters
  if (/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;[\x20-\x7e]*)?$/.test(text)) return text
  throw new WaybillError('invalid_request', 'write type/subtype, such as image/png')
}
