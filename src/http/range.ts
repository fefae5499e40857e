import type { ByteRange } from '../ports/blob-store.ts'

/** What a Range header means for a representation: the whole, one run of bytes, or nothing that exists (416). */
export type RangeWish = { readonly kind: 'whole' } | { readonly kind: 'part'; readonly range: ByteRange } | { readonly kind: 'outside' }

const WHOLE: RangeWish = { kind: 'whole' }

/**
 * Reads a Range header (RFC 9110 section 14). A unit we do not know, a header that is not well formed and several ranges are answered with the
 * whole (section 14.2: a server MAY ignore the header); one range beyond the end is `outside`.
 */
export function rangeWish(header: string | undefined, size: number): RangeWish {
  const match = header === undefined ? null : /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header)
  if (match === null) return WHOLE
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? WHOLE : suffix(Number(last), size)
  if (last !== '' && Number(last) < Number(first)) return WHOLE
  if (Number(first) >= size) return { kind: 'outside' }
  return { kind: 'part', range: { start: Number(first), end: last === '' ? size : Math.min(Number(last) + 1, size) } }
}

/** The last `length` bytes. */
function suffix(length: number, size: number): RangeWish {
  if (length === 0 || size === 0) return { kind: 'outside' }
  return { kind: 'part', range: { start: Math.max(0, size - length), end: size } }
}
