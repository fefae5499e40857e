import { Argument, type Command, Option } from 'commander'
import { checkCollectionId, ROLES, type Role } from '../../model/collection.ts'
import { WaybillError } from '../../model/errors.ts'
import { checkPath } from '../../model/paths.ts'
import { connect, type ConnectionOptions, overHttp } from '../connection.ts'
import { note, print } from '../output.ts'
import { checked, parseLockTtl, parseSubject, required } from '../values.ts'
import { administrate, type DataOptions, type Ledger, onDataDirectory } from './administration.ts'

/** The word for "no role any more". */
const NO_ROLE = 'none'
const USUAL_LOCK_MS = 600_000

interface CreateFlags extends DataOptions, ConnectionOptions {
  readonly owner?: string
  readonly name?: string
  readonly store?: string
  readonly attach?: string
  readonly config?: string
}

interface LockFlags extends DataOptions {
  readonly holder: string
  readonly ttl: number
  readonly reason?: string
}

/** `collection create`, `grant`, `lock`, `unlock`. */
export function registerCollections(program: Command): void {
  registerCreate(program)
  registerGrant(program)
  registerLock(program)
  registerUnlock(program)
}

function registerCreate(program: Command): void {
  const collection = program.command('collection').description('make collections')
  const create = onDataDirectory(overHttp(collection.command('create'))).description('make a collection of your own; with --owner, on the data directory')
  create
    .argument('<ID>', 'plain-name, host.name or owner/name', checked(checkCollectionId))
    .option('--owner <subject>', 'who owns it; makes it on the data directory or database, without asking a server', checked(parseSubject))
    .option('--name <text>', 'its name for people; without it the id')
    .option('--store <store>', 'the store of its files (default: that of the configuration)')
    .addOption(new Option('--attach <store>', 'show the files of this attached store, instead of keeping its own').conflicts('store'))
    .option('--config <file>', 'with --owner: the configuration file of the server, whose stores are meant')
    .action(async (id: string) => {
      const flags = create.opts<CreateFlags>()
      if (flags.owner === undefined) await createOverHttp(id, flags, create)
      else await createOnLedger(id, flags.owner, flags)
      await print(id)
    })
}

/** The caller owns it. What only administration reads would be without effect, so it is refused. */
async function createOverHttp(id: string, flags: CreateFlags, command: Command): Promise<void> {
  const ofLedger = ['data', 'database', 'config'].filter(option => command.getOptionValueSource(option) === 'cli')
  if (ofLedger.length > 0) command.error(`error: required option '--owner <subject>' not specified, without which --${ofLedger.join(' and --')} means nothing`)
  const store = flags.attach ?? flags.store
  await connect(flags).collections.create({ id, name: flags.name ?? id, ...(store === undefined ? {} : { store }) })
}

async function createOnLedger(id: string, owner: string, flags: CreateFlags): Promise<void> {
  const wish = { id, name: flags.name ?? id, ...(await storeOf(flags)), attributes: {}, createdBy: owner }
  await administrate(flags, ledger => ledger.createCollection(wish), true)
}

/** Where the collection's files are to lie, as the server's configuration has it. */
async function storeOf({ config: file, store, attach }: CreateFlags): Promise<{ readonly store: string; readonly attached: boolean }> {
  const [{ loadConfig }, { storeForCollection }] = await Promise.all([import('../../config.ts'), import('../../administration.ts')])
  const attached = attach !== undefined
  return { store: storeForCollection(loadConfig({ env: process.env, ...(file === undefined ? {} : { file }) }), attach ?? store, attached), attached }
}

function registerGrant(program: Command): void {
  const grant = onDataDirectory(program.command('grant')).description("set a subject's role on a collection")
  grant
    .argument('<COLLECTION>', 'the collection', checked(checkCollectionId))
    .argument('<SUBJECT>', 'who', checked(parseSubject))
    .addArgument(new Argument('<ROLE>', 'each role includes those before it; none takes the role away').choices([...ROLES, NO_ROLE]))
    .action(async (collection: string, subject: string, role: string) => {
      const flags = grant.opts<DataOptions>()
      await administrate(flags, async ledger => {
        await mustExist(ledger, collection, flags)
        if (role === NO_ROLE) await ledger.removeGrant(collection, subject)
        else await ledger.setGrant(collection, subject, role as Role)
      })
      note(role === NO_ROLE ? `${subject} has no role on ${collection} any more.` : `${subject} is ${role} on ${collection}.`)
    })
}

function registerLock(program: Command): void {
  const lock = onDataDirectory(program.command('lock')).description('lock a collection, or one path and all beneath it; the same holder renews')
  required(placeArguments(lock), '--holder <subject>', 'who holds it', parseSubject)
    .addOption(new Option('--ttl <duration>', 'when it ends by itself, such as 90s, 10m or 2h').argParser(checked(parseLockTtl)).default(USUAL_LOCK_MS, '10m'))
    .option('--reason <text>', 'why, for those who meet it')
    .action(async (collection: string, path: string | undefined) => {
      const flags = lock.opts<LockFlags>()
      const wish = { collection, path: path ?? null, holder: flags.holder, reason: flags.reason ?? null, ttlMs: flags.ttl }
      const taken = await administrate(flags, async ledger => {
        await mustExist(ledger, collection, flags)
        return ledger.acquireLock(wish)
      })
      await print(`${placeName(collection, path)} is locked by ${taken.holder} until ${new Date(taken.expiresAt).toISOString()}, fencing token ${taken.token}`)
    })
}

function registerUnlock(program: Command): void {
  const unlock = onDataDirectory(program.command('unlock')).description('release a lock')
  required(placeArguments(unlock), '--holder <subject>', 'who holds it', parseSubject).action(async (collection: string, path: string | undefined) => {
    const flags = unlock.opts<LockFlags>()
    await administrate(flags, async ledger => {
      await mustExist(ledger, collection, flags)
      await ledger.releaseLock(collection, path ?? null, flags.holder)
    })
    note(`${placeName(collection, path)} is unlocked.`)
  })
}

function placeArguments(command: Command): Command {
  return command
    .argument('<COLLECTION>', 'the collection', checked(checkCollectionId))
    .argument('[PATH]', 'a path in it; without it the whole collection', checked(checkPath))
}

function placeName(collection: string, path: string | undefined): string {
  return path === undefined ? collection : `${collection}:${path}`
}

async function mustExist(ledger: Ledger, collection: string, { database }: DataOptions): Promise<void> {
  if ((await ledger.collection(collection)) === null)
    throw new WaybillError('collection_not_found', `there is no collection ${collection} in this ${database === undefined ? 'data directory' : 'database'}`)
}
