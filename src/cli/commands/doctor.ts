import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { print } from '../output.ts'

interface DoctorFlags {
  readonly data?: string
  readonly database?: string
  readonly config?: string
  readonly json?: boolean
}

/** `doctor`: what a server with this configuration needs, each tried as the server would use it. */
export function registerDoctor(program: Command): void {
  const doctor = program.command('doctor').description('look whether the data directory, the ledger and the stores are well')
  doctor
    .option('--data <dir>', 'the data directory (default: ./waybill-data)')
    .option('--database <url>', 'the PostgreSQL that holds the ledger (default: none, the ledger is in the data directory)')
    .option('--config <file>', 'the configuration file of the server; the environment and these options win over it')
    .option('--json', 'print JSON, one finding a line')
    .action(async () => {
      const { config: file, json, ...flags } = doctor.opts<DoctorFlags>()
      const [{ loadConfig }, { examine }] = await Promise.all([import('../../config.ts'), import('../../doctor.ts')])
      for await (const finding of examine(loadConfig({ flags, env: process.env, ...(file === undefined ? {} : { file }) }))) {
        const { what, well, found } = finding
        await print(json === true ? JSON.stringify(finding) : `${well ? 'ok  ' : 'FAIL'}  ${what.padEnd(16)}  ${found}`)
        if (!well) process.exitCode = EXIT.usage
      }
    })
}
