import type { Readable } from 'node:stream'
import { WaybillError } from '../model/errors.ts'

/** The bytes of a request's body as they come. One that breaks off is `incomplete_body`, in the words `broken`. */
export async function* bodyBytes(body: Readable, broken: string): AsyncGenerator<Buffer> {
  try {
    // the body is not destroyed when the reading stops early: its connection is still needed for the refusal
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) yield chunk
  } catch (error) {
    throw new WaybillError('incomplete_body', broken, {}, { cause: error })
  }
}
