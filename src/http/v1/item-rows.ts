import type { Item, ItemEnd } from '../../model/item.ts'
import { encodeItem, time } from './encode.ts'

/** The columns of items as CSV, in this order. */
const COLUMNS: readonly (readonly [string, (item: Item) => string | number | null])[] = [
  ['seq', item => item.seq],
  ['state', item => item.state],
  ...endColumns('source', item => item.source),
  ...endColumns('destination', item => item.destination),
  ['attempts', item => item.attempts],
  ['bytes', item => item.bytes],
  ['reasonCode', item => item.reason?.code ?? null],
  ['reasonMessage', item => item.reason?.message ?? null],
  ['reasonExpected', item => item.reason?.expected ?? null],
  ['reasonActual', item => item.reason?.actual ?? null],
  ['startedAt', item => (item.startedAt === null ? null : time(item.startedAt))],
  ['finishedAt', item => (item.finishedAt === null ? null : time(item.finishedAt))],
]

function endColumns(name: string, end: (item: Item) => ItemEnd | null): readonly (readonly [string, (item: Item) => string | number | null])[] {
  return [
    [`${name}Collection`, item => end(item)?.collection ?? null],
    [`${name}Path`, item => end(item)?.path ?? null],
    [`${name}EntityId`, item => end(item)?.entityId ?? null],
    [`${name}Version`, item => end(item)?.version ?? null],
    [`${name}Revision`, item => end(item)?.revision ?? null],
  ]
}

/** The header row of items as CSV (RFC 4180: lines end with CR LF). */
export const CSV_HEADER = `${COLUMNS.map(([name]) => name).join(',')}\r\n`

/** Items as CSV rows. Null is an empty field; values stand exactly as they are. */
export function csvRows(items: readonly Item[]): string {
  let text = ''
  for (const item of items) text += `${COLUMNS.map(([, value]) => csvField(value(item))).join(',')}\r\n`
  return text
}

/** RFC 4180 section 2: fields with a comma, a quote or a line break are quoted, quotes inside doubled. */
function csvField(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

/** Items as NDJSON: one a line, as JSON has them elsewhere. */
export function ndjsonRows(items: readonly Item[]): string {
  let text = ''
  for (const item of items) text += `${JSON.stringify(encodeItem(item))}\n`
  return text
}
