import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { ClientError, type EntryInfo, type WaybillClient } from '../../client/index.ts'
import { connect, type ConnectionOptions, overHttp } from '../connection.ts'
import { pour, saveAs } from '../download.ts'
import { EXIT, isSystemError } from '../exit-codes.ts'
import { note, size } from '../output.ts'
import { parseStored, STANDARD_STREAM, type StoredSource } from '../place.ts'
import { SafeTarget } from '../safe-target.ts'
import { placeBeneath, selected } from '../selected.ts'
import { transferAll, transferCode } from '../transfer.ts'
import { checked, wholeNumber } from '../values.ts'

interface GetFlags extends ConnectionOptions {
  readonly version?: number
  readonly literal?: true
  readonly concurrency: number
}

/** `get`: one file, or all beneath a prefix into a directory. */
export function registerGet(program: Command): void {
  const command = overHttp(program.command('get')).description('download one file, or all beneath a prefix into a directory')
  command
    .argument('<SRC>', 'collection:path, collection:prefix/ or collection:glob')
    .argument('[TO]', 'a file, a directory, or - for standard output', '.')
    .option('--version <n>', 'an earlier version of one file', checked(wholeNumber(1, Number.MAX_SAFE_INTEGER)))
    .option('--literal', 'take * ? [ { in SRC as they are, not as a pattern')
    .option('--concurrency <n>', 'how many at once', checked(wholeNumber(1, 256)), 16)
    .action(async (text: string, to: string) => {
      const flags = command.opts<GetFlags>()
      const source = parseStored(text, { literal: flags.literal ?? false })
      const client = connect(flags)
      process.exitCode = source.kind === 'file' ? await getOne(client, source, to, flags) : await getMany(client, source, to, flags)
    })
}

async function getOne(client: WaybillClient, source: Extract<StoredSource, { readonly kind: 'file' }>, to: string, flags: GetFlags): Promise<number> {
  const response = await opened(client, source, flags)
  const name = `${source.collection}:${source.path}`
  if (to === STANDARD_STREAM) {
    await pour(response, process.stdout)
    return EXIT.ok
  }
  const file = (await isDirectoryName(to)) ? await new SafeTarget(to).fileFor(basename(source.path)) : to
  note(`${name} -> ${file}, ${size(await saveAs(response, file))}`)
  return EXIT.ok
}

/** The bytes of one file. Where a directory was named without its slash, the refusal says so. */
async function opened(client: WaybillClient, source: Extract<StoredSource, { readonly kind: 'file' }>, flags: GetFlags): Promise<Response> {
  try {
    return await client.download(source.collection, source.path, flags.version === undefined ? {} : { version: flags.version })
  } catch (error) {
    if (!(error instanceof ClientError && error.code === 'entry_not_found')) throw error
    const place = await placeBeneath(client, source)
    if (place === null) throw error
    throw new ClientError(error.status, error.code, `${error.detail}; what lies beneath it is ${place}`, { cause: error })
  }
}

async function getMany(client: WaybillClient, source: Extract<StoredSource, { readonly kind: 'selection' }>, to: string, flags: GetFlags): Promise<number> {
  const target = new SafeTarget(resolve(to))
  const options = { concurrency: flags.concurrency, nameOf: (entry: EntryInfo) => `${entry.collection}:${entry.path}` }
  const result = await transferAll('Downloading', selected(client, source), options, async entry => {
    const file = await target.fileFor(entry.path.slice(source.prefix.length))
    return saveAs(await client.download(entry.collection, entry.path), file)
  })
  if (result.files + result.failed === 0) note(`There is nothing beneath ${source.collection}:${source.prefix}${source.glob ?? ''}.`)
  return transferCode(result)
}

/** True for a directory that is there, and for a name that ends like one. */
async function isDirectoryName(name: string): Promise<boolean> {
  if (name.endsWith('/')) return true
  try {
    return (await stat(name)).isDirectory()
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return false
    throw error
  }
}
