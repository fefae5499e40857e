const TOKEN = new RegExp(
  String.raw`[\t\n\r ]*(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|([{}[\]:,]))`,
  'y',
)
const SPACE = /[\t\n\r ]*/y

type Wanted = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end'

/** Where a text stops being JSON (RFC 8259): the offset of the first token that can not stand there; V8 does not always tell. */
export function jsonFault(text: string): number {
  const open: ('{' | '[')[] = []
  let wanted: Wanted = 'value'
  let at = 0
  while (wanted !== ', or end' || open.length > 0) {
    TOKEN.lastIndex = at
    const match: RegExpExecArray | null = TOKEN.exec(text)
    const next: Wanted | null = match === null ? null : afterToken(wanted, match, open)
    if (next === null) break
    wanted = next
    at = TOKEN.lastIndex
  }
  SPACE.lastIndex = at
  SPACE.exec(text)
  return SPACE.lastIndex
}

/** What may follow a token, or null when the token may not stand there. */
function afterToken(wanted: Wanted, [, string, scalar, mark]: RegExpExecArray, open: ('{' | '[')[]): Wanted | null {
  if (string !== undefined && (wanted === 'key' || wanted === 'key or }')) return ':'
  const value = wanted === 'value' || wanted === 'value or ]'
  if (string !== undefined || scalar !== undefined) return value ? ', or end' : null
  if (mark === '{' || mark === '[') {
    if (!value) return null
    open.push(mark)
    return mark === '{' ? 'key or }' : 'value or ]'
  }
  if (mark === ':') return wanted === ':' ? 'value' : null
  if (mark === ',') return wanted === ', or end' ? (open.at(-1) === '{' ? 'key' : 'value') : null
  const inner = open.at(-1) === '{' ? '}' : ']'
  const closes = wanted === ', or end' || wanted === (inner === '}' ? 'key or }' : 'value or ]')
  if (mark !== inner || !closes) return null
  open.pop()
  return ', or end'
}
