import pg from 'pg'
import { WaybillError } from '../../../model/errors.ts'

/** Thrown within a transaction when another changed what its plan relies on: nothing is written, and it is done anew. */
export class Interfered extends Error {
  constructor() {
    super('another transaction was quicker')
  }
}

/**
 * What to do after an error. `again`: the transaction was undone because of another one. `lost`: the connection, or the server, is gone, or on its way.
 * `other`: the same would happen again.
 */
export type Fault = 'again' | 'lost' | 'other'

/** serialization_failure, deadlock_detected, lock_not_available, and unique_violation: of two that make the same thing the later one looks again. */
const AGAIN: ReadonlySet<string> = new Set(['40001', '40P01', '55P03', '23505'])
/** admin_shutdown, crash_shutdown, cannot_connect_now, idle_in_transaction_session_timeout, too_many_connections, read_only_sql_transaction (a server that has become a standby). */
const LOST: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '25P03', '53300', '25006'])
/** What the driver says of a connection that it has lost or could not make in time, in errors without a code. */
const SAID_OF_CONNECTIONS =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|timeout expired|Query read timeout)/

/** True of what is refused because the same is there already. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505'
}

export function faultOf(error: unknown): Fault {
  if (error instanceof Interfered) return 'again'
  if (!(error instanceof Error) || error instanceof WaybillError) return 'other'
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? ''
    if (AGAIN.has(code)) return 'again'
    // a newer node has migrated the schema: a new connection prepares its statements anew
    if (code === '0A000' && error.message.includes('cached plan')) return 'lost'
    return LOST.has(code) || code.startsWith('08') ? 'lost' : 'other'
  }
  const isSystem = typeof (error as NodeJS.ErrnoException).syscall === 'string' || (error as NodeJS.ErrnoException).code === 'ECONNRESET'
  if (isSystem || SAID_OF_CONNECTIONS.test(error.message)) return 'lost'
  return error instanceof AggregateError && error.errors.some(one => faultOf(one) === 'lost') ? 'lost' : 'other'
}

/** As `translateFault`, for whoever gave the URL: where nobody answers, and why. Callers of the API are not told such things. */
export function translateFirstFault(error: unknown, url: string): unknown {
  if (error instanceof WaybillError || faultOf(error) !== 'lost') return translateFault(error)
  const { host } = new URL(url)
  const [why] = error instanceof AggregateError ? (error.errors as unknown[]) : [error]
  const from = host === '' ? '' : ` at ${host}`
  return new WaybillError(
    'unavailable',
    `the database of the ledger${from} does not answer (${(why as Error).message}); is it running, and is its URL right?`,
    { retryAfterSeconds: 5 },
    { cause: error },
  )
}

/** PostgreSQL's own errors in the words of the catalogue; others unchanged. */
export function translateFault(error: unknown): unknown {
  if (error instanceof WaybillError) return error
  if (faultOf(error) === 'lost') {
    return new WaybillError('unavailable', 'the database of the ledger does not answer; try again', { retryAfterSeconds: 5 }, { cause: error })
  }
  if (faultOf(error) === 'again' && !isDuplicate(error)) {
    return new WaybillError('unavailable', 'the ledger is busy with others who change the same; try again', { retryAfterSeconds: 1 }, { cause: error })
  }
  switch (error instanceof pg.DatabaseError ? error.code : undefined) {
    case '53100': // disk_full
      return new WaybillError('out_of_space', 'the disk of the database is full: nothing was changed; make room and try again', {}, { cause: error })
    case '3D000': // invalid_catalog_name
      return new WaybillError('unavailable', 'the database that the URL names is not there; make it, with ENCODING UTF8', {}, { cause: error })
    case '28000': // invalid_authorization_specification
    case '28P01': // invalid_password
      return new WaybillError('unavailable', `the database refuses the user or the password of its URL: ${(error as Error).message}`, {}, { cause: error })
    case '42501': // insufficient_privilege
      return new WaybillError('unavailable', `the user of the database lacks a right: ${(error as Error).message}`, {}, { cause: error })
    case '57014': // query_canceled, by a timeout
      return new WaybillError('unavailable', 'the database of the ledger took too long; nothing was changed', { retryAfterSeconds: 5 }, { cause: error })
    case '54000': // program_limit_exceeded: a row of an index
      return new WaybillError('invalid_path', 'the path has too many bytes for the database of the ledger (about 2,600); shorten it', {}, { cause: error })
    case '22021': // character_not_in_repertoire
      return new WaybillError('invalid_request', 'a text holds a NUL character, which the database of the ledger cannot store; remove it', {}, { cause: error })
    default:
      return error
  }
}
