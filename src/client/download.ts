import { ClientError, UNREACHABLE } from './client-error.ts'
import { newSha256, sha256In } from './sha256.ts'
import { chunksOf, streamOf } from './streams.ts'

/** Asks for the rest of a file: from this byte to `end` (or the end of the file), and only of this entity tag. */
export type AskRest = (rest: { readonly start: number; readonly end: number | null; readonly ifMatch: string }) => Promise<Response>

/** What an answer says of its bytes: where they begin and end in the file, and the digest of the whole file. */
interface Extent {
  readonly start: number
  /** The last one, null when the answer does not say how many there are. */
  readonly end: number | null
  readonly sha256: string | null
  readonly etag: string | null
}

/**
 * The answer with a body that is checked: it ends well only when all bytes came, and for a whole file only when they have the digest that the server
 * named; else it fails with a `ClientError` (`digest_mismatch`, `unreachable`). A line that breaks meanwhile is mended: `askRest` brings the rest. `name`
 * is what errors call the file.
 */
export function checkedDownload(name: string, first: Response, askRest: AskRest): Response {
  const { status, statusText, headers } = first
  return new Response(streamOf(checked(name, first, askRest)), { status, statusText, headers })
}

async function* checked(name: string, first: Response, askRest: AskRest): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const extent = extentOf(first)
  // a Repr-Digest is of the whole representation (RFC 9530 section 2), which a 200 carries
  const hash = first.status === 200 && extent.sha256 !== null ? newSha256() : null
  let next = extent.start
  for (let response = first; ;) {
    const before = next
    let cause: unknown = null
    try {
      for await (const chunk of bytesOf(response)) {
        next += chunk.length
        hash?.update(chunk)
        yield chunk
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error // fetch tells of broken lines by TypeErrors; an abort is none
      cause = error
    }
    if (cause === null && (extent.end === null || next > extent.end)) break
    // an answer that brought nothing promises nothing for the next one
    if (next === before || extent.etag === null) throw brokenOff(name, next - extent.start, extent, cause)
    response = await askRest({ start: next, end: extent.end, ifMatch: extent.etag })
  }
  if (hash !== null && hash.digest() !== extent.sha256) {
    throw new ClientError(first.status, 'digest_mismatch', `the bytes that came of ${name} do not have the digest that the server named; try again`)
  }
}

function bytesOf(response: Response): AsyncIterable<Uint8Array<ArrayBuffer>> | readonly Uint8Array<ArrayBuffer>[] {
  return response.body === null ? [] : chunksOf(response.body as ReadableStream<Uint8Array<ArrayBuffer>>)
}

function extentOf({ status, headers }: Response): Extent {
  const length = headers.get('content-length')
  const range = status === 206 ? /^bytes (\d+)-(\d+)\//.exec(headers.get('content-range') ?? '') : null
  const whole = { start: 0, end: length === null ? null : Number(length) - 1 }
  const part = range === null ? whole : { start: Number(range[1]), end: Number(range[2]) }
  return { ...part, sha256: sha256In(headers.get('repr-digest')), etag: headers.get('etag') }
}

function brokenOff(name: string, bytes: number, extent: Extent, cause: unknown): ClientError {
  const all = extent.end === null ? '' : ` of ${extent.end - extent.start + 1}`
  return new ClientError(0, UNREACHABLE, `the download of ${name} broke off after ${bytes}${all} bytes; try again`, cause === null ? {} : { cause })
}
