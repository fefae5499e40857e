import type { Command } from 'commander'
import { ClientError, type EntryInfo, type WaybillClient } from '../../client/index.ts'
import { allPages } from '../../model/page.ts'
import { connect, type ConnectionOptions, overHttp } from '../connection.ts'
import { EXIT } from '../exit-codes.ts'
import { note, print, printJson, size } from '../output.ts'
import { parseStored, type StoredSource } from '../place.ts'
import { printable } from '../printable.ts'
import { placeBeneath, selected } from '../selected.ts'

interface LsFlags extends ConnectionOptions {
  readonly recursive?: true
  readonly long?: true
  readonly literal?: true
  readonly json?: true
}

/** `ls`: collections, or what lies in one. */
export function registerLs(program: Command): void {
  const command = overHttp(program.command('ls')).description('list collections, or what lies in one')
  command
    .argument('[PLACE]', 'collection, collection:prefix/, collection:path or collection:glob; without it: your collections')
    .option('-r, --recursive', 'everything beneath, not only this level')
    .option('-l, --long', 'with size, version, time, path, digest and revision (which put --if-match takes)')
    .option('--literal', 'take * ? [ { in PLACE as they are, not as a pattern')
    .option('--json', 'print each entry (or collection) as one line of JSON')
    .action(async (text: string | undefined) => {
      const flags = command.opts<LsFlags>()
      const source = text === undefined ? null : parseStored(text, { literal: flags.literal ?? false })
      const client = connect(flags)
      process.exitCode = source === null ? await listCollections(client, flags) : await listPlace(client, source, flags)
    })
}

async function listCollections(client: WaybillClient, flags: LsFlags): Promise<number> {
  let none = true
  for await (const collection of client.collections.list()) {
    none = false
    if (flags.json) await printJson(collection)
    else await print(printable(flags.long ? `${collection.role.padEnd(9)}  ${collection.createdAt}  ${collection.id}  ${collection.name}` : collection.id))
  }
  if (none) note('You have a grant for no collection yet; make one with `waybill collection create ID`, or ask whoever owns one.')
  return EXIT.ok
}

async function listPlace(client: WaybillClient, source: StoredSource, flags: LsFlags): Promise<number> {
  if (source.kind === 'file') return listFile(client, source, flags)
  if (source.glob !== null) for await (const entry of selected(client, source)) await printEntry(entry, flags)
  else if (flags.recursive) for await (const entry of client.list(source.collection, prefixOf(source.prefix))) await printEntry(entry, flags)
  else await listLevel(client, source.collection, source.prefix, flags)
  return EXIT.ok
}

/** A path without a slash at its end may be a file or what others call a folder. */
async function listFile(client: WaybillClient, source: Extract<StoredSource, { readonly kind: 'file' }>, flags: LsFlags): Promise<number> {
  const beneath = { kind: 'selection', collection: source.collection, prefix: `${source.path}/`, glob: null } as const
  try {
    const entry = await client.entries.metadata(source.collection, source.path)
    if (entry.kind === 'folder') await listPlace(client, beneath, flags)
    else await printEntry(entry, flags)
  } catch (error) {
    if (!(error instanceof ClientError && error.code === 'entry_not_found')) throw error
    if ((await placeBeneath(client, source)) === null) throw error
    await listPlace(client, beneath, flags)
  }
  return EXIT.ok
}

/** One level: entries and the prefixes between them, as the server rolls them up. A folder that is an entry is shown once. */
async function listLevel(client: WaybillClient, collection: string, prefix: string, flags: LsFlags): Promise<void> {
  const folders = new Set<string>()
  for await (const page of allPages(from => client.entries.page(collection, { ...prefixOf(prefix), delimiter: '/', limit: 1000, ...from }))) {
    const lines: [string, EntryInfo | null][] = [
      ...page.items.map((entry): [string, EntryInfo] => [entry.path, entry]),
      ...(page.prefixes ?? []).map((one): [string, null] => [one, null]),
    ]
    for (const [path, entry] of lines.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
      if (entry?.kind === 'folder') folders.add(`${path}/`)
      if (entry !== null) await printEntry(entry, flags)
      else if (flags.json || !folders.has(path))
        await (flags.json ? printJson({ prefix: path }) : print(printable(flags.long ? `${' '.repeat(46)}${path}` : path)))
    }
  }
}

async function printEntry(entry: EntryInfo, flags: LsFlags): Promise<void> {
  if (flags.json) return printJson(entry)
  const path = entry.kind === 'folder' ? `${entry.path}/` : entry.path
  if (!flags.long) return print(printable(path))
  const facts = `${size(entry.size).padStart(12)}  ${`v${entry.version}`.padEnd(6)}${entry.modifiedAt}`
  await print(printable(`${facts}  ${path}  ${entry.digest ?? '-'}  ${entry.revision}`))
}

function prefixOf(prefix: string): { readonly prefix?: string } {
  return prefix === '' ? {} : { prefix }
}
