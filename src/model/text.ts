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

/** A UUID as its 32 hex digits. */
export function uuidHex(uuid: string): string {
  return uuid.replaceAll('-', '')
}

/** 32 hex digits as a UUID, with its dashes. */
export function uuidFromHex(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
