import { WaybillError } from './errors.ts'

/** Makes the opaque cursor of a page out of the key it ended with: stable under change, because it names a key and not a position. */
export function encodeCursor(key: string | number): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** The key a cursor stands for. Throws `invalid_cursor` for anything that `encodeCursor` did not make of this type. */
export function decodeCursor(cursor: string, type: 'string'): string
export function decodeCursor(cursor: string, type: 'number'): number
export function decodeCursor(cursor: string, type: 'string' | 'number'): string | number {
  let key: unknown
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch (cause) {
    throw new WaybillError('invalid_cursor', 'the cursor is not one of ours; use the nextCursor of the page before', {}, { cause })
  }
  const good = typeof key === type && (typeof key !== 'number' || Number.isSafeInteger(key))
  if (!good) throw new WaybillError('invalid_cursor', 'the cursor belongs to another list; use the nextCursor of the page before')
  return key as string | number
}

/** Cuts rows fetched with one more than the limit into a page. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  keyOf: (row: R) => string | number,
  map: (row: R) => T,
): { items: T[]; nextCursor: string | null } {
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  return { items: kept.map(map), nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null }
}
