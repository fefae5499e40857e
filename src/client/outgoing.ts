import { chunksOf, streamOf } from './streams.ts'
import type { Body, BodySource } from './types.ts'

/** A body on its way. */
export interface Outgoing {
  /** What fetch wants to know of it. */
  readonly init: { readonly body: Body; readonly duplex?: 'half' }
  /** What went wrong while it was read, if anything. */
  fault(): { readonly error: unknown } | undefined
  /** Ends what it is made of, when nobody reads it any more. */
  end(): void
}

/** Makes a body ready for one attempt. A stream is sent as it is read, or (`stream` false) gathered before. */
export async function outgoing(source: BodySource | undefined, stream: boolean): Promise<Outgoing | undefined> {
  const body = typeof source === 'function' ? source() : source
  if (body === undefined) return undefined
  if (!(body instanceof ReadableStream)) return { init: { body }, fault: () => undefined, end: () => undefined }
  if (!stream) return { init: { body: await new Response(body).blob() }, fault: () => undefined, end: () => undefined }
  return streamed(body)
}

function streamed(body: ReadableStream<Uint8Array>): Outgoing {
  let fault: { readonly error: unknown } | undefined
  async function* watched(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    try {
      yield* chunksOf(body as ReadableStream<Uint8Array<ArrayBuffer>>)
    } catch (error) {
      fault = { error }
      throw error
    }
  }
  const chunks = watched()
  const end = (): void => {
    chunks.return().catch((error: unknown) => {
      fault = { error } // the answer is there already: what the source says while it is ended does not change it
    })
  }
  // The fetch standard sends a stream only as half duplex: the answer is read when all of the body is sent.
  return { init: { body: streamOf(chunks), duplex: 'half' }, fault: () => fault, end }
}
