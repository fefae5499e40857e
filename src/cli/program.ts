import { Command } from 'commander'
import { registerBackup } from './commands/backup.ts'
import { registerRestore } from './commands/restore.ts'
import { registerCollections } from './commands/collections.ts'
import { registerDemo } from './commands/demo.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerGet } from './commands/get.ts'
import { registerLs } from './commands/ls.ts'
import { registerPut } from './commands/put.ts'
import { registerServe } from './commands/serve.ts'
import { registerSubmitting } from './commands/submit.ts'
import { registerTokens } from './commands/tokens.ts'
import { registerTracking } from './commands/track.ts'
import { packageVersion } from '../system/version.ts'
import { printable } from './printable.ts'

const EXIT_CODES = `
Exit codes:
  0    done
  1    the job finished, but items failed, were evicted or cancelled (--wait, --dry-run, --watch); some files of a put or get did not go through; the demo failed
  2    wrong usage, or something on this machine to mend
  3    refused by the server, or by the data directory
  4    the server cannot be reached, or it failed
  130  stopped by Ctrl-C; a job that was waited for goes on`

/** The whole command line. Parsing throws instead of ending the process. */
export function waybill(): Command {
  const program = new Command('waybill')
  program
    .description('Bulk jobs over files in collections: copy, move, delete (and, by the API only, update), with the exact state of every item.')
    .version(packageVersion(), '--version', 'print the version')
    .enablePositionalOptions() // so that `get --version 3` is the command's own
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: false, subcommandTerm: command => `${command.name()} ${command.usage()}` })
    .configureOutput({ outputError: (text, write) => write(oneSentence(text)) })
    .exitOverride()
  registerServe(program)
  registerDemo(program)
  registerDoctor(program)
  registerBackup(program)
  registerRestore(program)
  registerTokens(program)
  registerCollections(program)
  registerPut(program)
  registerGet(program)
  registerLs(program)
  registerSubmitting(program)
  registerTracking(program)
  program.addHelpText('afterAll', EXIT_CODES)
  return program
}

/** How commander tells of a bad value: that it is bad, and in a second sentence why. */
const BAD_VALUE = /^(?:option '(.*?)' argument|command-argument value) '(.*)' is invalid(?: for argument '(.*?)')?\. (.*)$/

/** Commander's "error: ..." on perhaps two lines, as one sentence in our form. */
function oneSentence(text: string): string {
  const words = text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .replace(BAD_VALUE, (_, option: string | undefined, value: string, argument: string | undefined, why: string) => {
      const choices = /^Allowed choices are (.*)$/.exec(why)
      return `${option ?? argument ?? ''}: ${choices === null ? why : `${JSON.stringify(value)} is not one of ${choices[1] ?? ''}`}`
    })
  const sentence = printable(words.charAt(0).toUpperCase() + words.slice(1))
  return `waybill: ${/[.?!]\)?$/.test(sentence) ? sentence : `${sentence}.`}\n`
}
