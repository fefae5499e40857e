/** What every answer of the dialect is wrapped in, apart from the bare array of entities and the raw bytes of a download. */
export interface Envelope<T> {
  readonly status: Status
  readonly data: T
}

export interface Status {
  readonly message: string
  readonly code: string
}

/** The envelope of the file endpoints: `code` is the HTTP status as a string. */
export function fileEnvelope<T>(message: string, data: T): Envelope<T> {
  return { status: { message, code: '200' }, data }
}

/** The envelope of collections and status logs: `code` is the word "OK". */
export function okEnvelope<T>(message: string, data: T): Envelope<T> {
  return { status: { message, code: 'OK' }, data }
}

/** The envelope of every refusal: `code` is the HTTP status as a string, and there is no `data`. */
export function errorEnvelope(message: string, httpStatus: number): { readonly status: Status } {
  return { status: { message, code: String(httpStatus) } }
}
