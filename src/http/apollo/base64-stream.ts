import { WaybillError } from '../../model/errors.ts'

const ALPHABET = /^[A-Za-z0-9+/= \t\r\n]*$/
const BLANKS = /[ \t\r\n]+/g

/**
 * Decodes base64 (RFC 2045 section 6.8: line breaks and blanks are skipped, padding is required) as it arrives.
 * Throws `invalid_request` at the first character that is none of it, or for a length that no encoder makes.
 */
export async function* decodeBase64(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = ''
  for await (const chunk of source) {
    const text = rest + chunk.toString('latin1').replace(BLANKS, '')
    // The last whole group may be the padded one, so one group always waits for what follows.
    const whole = Math.max(0, text.length - 1 - ((text.length - 1) % 4))
    rest = text.slice(whole)
    if (whole > 0) yield decodeGroups(text.slice(0, whole), false)
  }
  if (rest !== '') yield decodeGroups(rest, true)
}

function decodeGroups(text: string, last: boolean): Buffer {
  const decoded = last || !text.includes('=') ? soundBase64(text) : null
  if (decoded !== null) return decoded
  throw new WaybillError('invalid_request', 'the media is announced as base64 but is not: use A-Z, a-z, 0-9, "+", "/" and the padding "="')
}

/** The decoded bytes, or null when this is not what an encoder writes. Node's own decoder passes over every fault, so encode again and compare. */
function soundBase64(text: string): Buffer | null {
  const decoded = Buffer.from(text, 'base64')
  return decoded.toString('base64') === text ? decoded : null
}

/** How many media bytes are held to find out whether they are base64 that nobody announced. */
export const SNIFF_BYTES = 8 * 1024 * 1024

/**
 * Media without a Content-Transfer-Encoding: the bytes as they come, with one kindness. The upload page's sample shows "{base64 encoded file}"
 * and names no encoding; so when every byte is of the base64 alphabet, the number of bytes is not the `fileSize` that the metadata names and
 * the decoded number is, the decoded bytes are meant. A file that merely looks like base64 has its own length as `fileSize` and stays as it is.
 * Only media that looks like base64 is held back, at most SNIFF_BYTES of it; a longer one must announce its encoding.
 */
export async function* readMedia(source: AsyncIterable<Buffer>, fileSize: number | null): AsyncGenerator<Buffer> {
  const held: Buffer[] = []
  let size = 0
  let sniffing = fileSize !== null && fileSize > 0 && fileSize < SNIFF_BYTES
  for await (const chunk of source) {
    if (!sniffing) {
      yield chunk
      continue
    }
    held.push(chunk)
    size += chunk.length
    sniffing = size <= SNIFF_BYTES && ALPHABET.test(chunk.toString('latin1'))
    if (!sniffing) yield* held.splice(0)
  }
  const decoded = size === fileSize ? null : decodedOf(held, fileSize)
  if (decoded === null) yield* held
  else yield decoded
}

/** The decoded bytes when what is held is sound base64 of exactly `fileSize` bytes, else null. */
function decodedOf(held: readonly Buffer[], fileSize: number | null): Buffer | null {
  if (held.length === 0) return null
  const decoded = soundBase64(Buffer.concat(held).toString('latin1').replace(BLANKS, ''))
  return decoded?.length === fileSize ? decoded : null
}
