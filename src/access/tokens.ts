import { hash, randomBytes } from 'node:crypto'
import { WaybillError } from '../model/errors.ts'

/** A new opaque token: 32 random bytes in base64url after `wb_`, so that secret scanners can know it. Shown once; only its hash is stored. */
export function mintToken(): string {
  return `wb_${randomBytes(32).toString('base64url')}`
}

/**
 * SHA-256 of a token in hex: what the ledger keeps and looks up. A fast hash is enough: the token itself is 256 random bits,
 * there is no weak password to guess behind it.
 */
export function hashToken(token: string): string {
  return hash('sha256', token)
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** A century: longer ones are typing errors, and times stay far inside what a Date can hold. */
export const LONGEST_MS = 36_500 * 86_400_000

/** A duration such as `90s`, `15m`, `12h` or `30d`, in milliseconds. Throws `invalid_request` for anything else. */
export function parseDuration(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,12})([smhd])$/.exec(text) ?? []
  const ms = Number(count) * (UNIT_MS[unit] ?? 0)
  if (ms > 0 && ms <= LONGEST_MS) return ms
  throw new WaybillError(
    'invalid_request',
    `${JSON.stringify(text.slice(0, 40))} is no duration; write a number above 0 and s, m, h or d, such as 90s, 15m, 12h or 30d (at most 36500d)`,
  )
}
