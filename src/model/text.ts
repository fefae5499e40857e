import { CONTROL_CHARACTER } from './paths.ts'

/** Says what is wrong with a line of text that people read (a name, a label, a reason), or null: no control characters, no torn Unicode. */
export function textFault(text: string): string | null {
  if (CONTROL_CHARACTER.test(text)) return 'holds a control character; remove it'
  return text.isWellFormed() ? null : 'is not valid Unicode; send well-formed UTF-8'
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** True of a UUID (RFC 9562) of any version, in either letter case. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
