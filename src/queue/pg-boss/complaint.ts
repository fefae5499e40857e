import { WaybillError } from '../../model/errors.ts'

/**
 * What pg-boss complains of while it works by itself, for the log. What it says of its list of queues, which it reads again and again, is a copy that is no
 * error any more: then `unavailable`, with it as the cause.
 */
export function complaint(said: object): Error {
  // the pool puts the whole connection that broke into its error: user, host and key of the session are for no log
  delete (said as { client?: unknown }).client
  if (said instanceof Error) return said
  return new WaybillError('unavailable', 'the list of queues in the database could not be read; it is read again', {}, { cause: said })
}
