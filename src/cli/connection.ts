import { type Command, Option } from 'commander'
import { WaybillClient } from '../client/index.ts'
import { WaybillError } from '../model/errors.ts'

/** Where a server listens unless it is told otherwise (src/config.ts). */
const USUAL_URL = 'http://127.0.0.1:7070'
/** How long a call that is told to come back later (a rate limit, a server that starts) is tried again. Where nobody answers, a person wants to know it at once. */
const PATIENCE_MS = 120_000

export interface ConnectionOptions {
  readonly url: string
  readonly token?: string
}

/** Gives a command the options that every command over HTTP has. */
export function overHttp(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'the server').env('WAYBILL_URL').default(USUAL_URL))
    .addOption(
      new Option('--token <token>', 'the access token (others on this machine can see arguments: the environment is the better place)').env('WAYBILL_TOKEN'),
    )
}

/** The client for those options. Without a token there is nothing a server would do. */
export function connect(options: ConnectionOptions): WaybillClient {
  if (options.token === undefined || options.token === '') {
    throw new WaybillError('invalid_request', 'a token is needed: set WAYBILL_TOKEN or give --token (an administrator makes one with `waybill token create`)')
  }
  if (/[^\x21-\x7e]/.test(options.token)) throw new WaybillError('invalid_request', 'the token holds a character that no token has; was it copied whole?')
  try {
    return new WaybillClient({ url: options.url, token: options.token, patienceMs: PATIENCE_MS, awayMs: 0 })
  } catch (error) {
    if (error instanceof TypeError) throw new WaybillError('invalid_request', error.message, {}, { cause: error })
    throw error
  }
}
