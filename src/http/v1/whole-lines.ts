import { isUtf8 } from 'node:buffer'
import { manifestError } from './manifest-batch.ts'

const LF = 10

/** Some whole lines, their line breaks included; only the very last may lack one. `line` is the number of the first, from 1. */
export interface Lines {
  readonly bytes: Buffer
  readonly line: number
}

/**
 * Cuts a stream at line ends, so that no line and no character is torn. Throws `invalid_manifest` for a line of more than `longest` bytes before it
 * is held in memory as a whole, and for bytes that are not UTF-8.
 */
export async function* wholeLines(source: AsyncIterable<Buffer>, longest: number): AsyncGenerator<Lines> {
  let torn: Buffer[] = []
  let tornBytes = 0
  let line = 1
  for await (const chunk of source) {
    const end = chunk.lastIndexOf(LF) + 1
    if (end > 0) {
      const lines = checked(Buffer.concat([...torn, chunk.subarray(0, end)]), line, longest)
      yield lines
      line += countOf(lines.bytes)
      torn = []
      tornBytes = 0
    }
    if (end < chunk.length) torn.push(chunk.subarray(end))
    tornBytes += chunk.length - end
    if (tornBytes > longest) throw tooLong(line, longest)
  }
  if (tornBytes > 0) yield checked(Buffer.concat(torn), line, longest)
}

function checked(bytes: Buffer, line: number, longest: number): Lines {
  if (bytes.length > longest) findTooLong(bytes, line, longest)
  if (!isUtf8(bytes)) findNotUtf8(bytes, line)
  return { bytes, line }
}

function findTooLong(bytes: Buffer, first: number, longest: number): void {
  for (const { start, end, line } of spans(bytes, first)) {
    if (end - start > longest) throw tooLong(line, longest)
  }
}

function findNotUtf8(bytes: Buffer, first: number): void {
  for (const { start, end, line } of spans(bytes, first)) {
    const one = bytes.subarray(start, end)
    if (isUtf8(one)) continue
    const good = one.toString('utf8').indexOf('\ufffd')
    throw manifestError(line, Math.max(0, good) + 1, 'the bytes are not valid UTF-8; send the manifest in UTF-8')
  }
}

function* spans(bytes: Buffer, first: number): Generator<{ start: number; end: number; line: number }> {
  let start = 0
  for (let line = first; start < bytes.length; line += 1) {
    const found = bytes.indexOf(LF, start)
    const end = found === -1 ? bytes.length : found
    yield { start, end, line }
    start = end + 1
  }
}

function countOf(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) count += 1
  return count
}

function tooLong(line: number, longest: number): Error {
  return manifestError(line, longest + 1, `the line is longer than ${longest} bytes; one line has one item`)
}
