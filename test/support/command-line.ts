import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/** Exit code of a command that was asked for in a way that it does not know. */
const WRONG_USE = 2

/** What a command is told. Where it is told to help, or what it does not know, it says so and the process ends. */
export class CommandLine<const Options extends ParseArgsOptionsConfig> {
  readonly #usage: string
  readonly #options: Options

  /** @param usage what `--help` prints: how the command is called, and a line for each of its options. */
  constructor(usage: string, options: Options) {
    this.#usage = usage
    this.#options = options
  }

  /** The options' values, and at most so many other words. */
  read(mostWords = 0) {
    const args = process.argv.slice(2)
    if (args.includes('--help') || args.includes('-h')) {
      console.log(this.#usage)
      process.exit(0)
    }
    const { values, positionals } = this.#parsed(args)
    const surplus = positionals[mostWords]
    if (surplus !== undefined)
      this.refuse(`"${surplus}" is one word too many; options go behind "--", as in: npm run ${process.env['npm_lifecycle_event'] ?? 'NAME'} -- --help`)
    return { values, words: positionals }
  }

  /** The number that an option was given, or refuses it. */
  number(option: string, text: string, { least = 1, whole = true }: { readonly least?: number; readonly whole?: boolean } = {}): number {
    const number = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isFinite(number) && number >= least && (!whole || Number.isSafeInteger(number))) return number
    return this.refuse(`--${option} takes a ${whole ? 'whole number' : 'number'} from ${least} on, not "${text}"`)
  }

  /** Refuses the name of a file that could not be written: before a long run, not behind it. */
  async refuseUnwritable(option: string, file: string): Promise<void> {
    if (file === '' || (await isDirectory(file))) this.refuse(`--${option} takes the name of a file, not "${file}"`)
    await access(dirname(file), constants.W_OK).catch(() =>
      this.refuse(`--${option} ${file} cannot be written: its directory is not there, or not to be written to`),
    )
  }

  /** Says in one sentence what is wrong, and ends the process. */
  refuse(sentence: string): never {
    console.error(`${sentence} (--help tells what there is).`)
    process.exit(WRONG_USE)
  }

  #parsed(args: string[]) {
    try {
      return parseArgs({ args, options: this.#options, allowPositionals: true })
    } catch (error) {
      // what Node says behind its first sentence is about other things than are wrong here
      const [sentence = ''] = (error as Error).message.split(/\. |\.?\n/)
      const [, option] = /^Option '(--\S+)' argument is ambiguous$/.exec(sentence) ?? []
      return this.refuse(option === undefined ? sentence : `${option} has no value: what follows it begins with "-"`)
    }
  }
}

export function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}
