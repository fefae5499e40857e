import { type Command, Option } from 'commander'
import { AUDIT_ACTIONS, type AuditAction, type AuditRecord } from '../../model/audit.ts'
import { checkCollectionId } from '../../model/collection.ts'
import { allPages } from '../../model/page.ts'
import { printJson, printTable } from '../output.ts'
import { checked, parseMoment, parseSubject, wholeNumber } from '../values.ts'
import { administrate, type DataOptions, type Ledger, onDataDirectory } from './administration.ts'

interface AuditFlags extends DataOptions {
  readonly collection?: string
  readonly subject?: string
  readonly action?: AuditAction
  readonly since?: number
  readonly until?: number
  readonly limit: number
  readonly json?: true
}

const MOST_SHOWN = 1_000_000
const USUALLY_SHOWN = 100

/** `audit`. */
export function registerAudit(program: Command): void {
  const audit = onDataDirectory(program.command('audit')).description('show who did what, newest first')
  audit
    .option('--collection <id>', 'what was done to this collection, or to others of this id before it', checked(checkCollectionId))
    .option('--subject <subject>', 'what this subject did', checked(parseSubject))
    .addOption(new Option('--action <action>', 'one kind of action').choices(AUDIT_ACTIONS))
    .option('--since <time>', 'at or after this time (RFC 3339), or so long ago (2h)', checked(moment))
    .option('--until <time>', 'before this time', checked(moment))
    .addOption(new Option('--limit <n>', 'how many at most').argParser(checked(wholeNumber(1, MOST_SHOWN))).default(USUALLY_SHOWN))
    .option('--json', 'print each record as one line of JSON')
    .action(async () => {
      const flags = audit.opts<AuditFlags>()
      const records = await administrate(flags, ledger => newest(ledger, flags))
      if (flags.json) for (const record of records) await printJson({ ...record, at: new Date(record.at).toISOString() })
      else await printTable(['AT', 'SUBJECT', 'ACTION', 'COLLECTION', 'PATH', 'JOB', 'DIALECT', 'DETAILS'], records.map(rowOf))
    })
}

async function newest(ledger: Ledger, { collection, subject, action, since, until, limit }: AuditFlags): Promise<AuditRecord[]> {
  const filter: Parameters<Ledger['audit']>[0] = Object.fromEntries(
    Object.entries({ collection, subject, action, since, until }).filter(([, value]) => value !== undefined),
  )
  const found: AuditRecord[] = []
  for await (const { items } of allPages(from => ledger.audit(filter, { limit: Math.min(limit, 1000), ...from }))) {
    found.push(...items)
    if (found.length >= limit) break
  }
  return found.slice(0, limit)
}

function rowOf({ at, subject, action, collection, path, job, dialect, details }: AuditRecord): readonly string[] {
  return [new Date(at).toISOString(), subject, action, collection ?? '', path ?? '', job ?? '', dialect, JSON.stringify(details)]
}

function moment(text: string): number {
  return Date.parse(parseMoment(text, Date.now()))
}
