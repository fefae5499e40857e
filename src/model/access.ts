import { textFault } from './text.ts'

/** Scopes that tokens carry. `metrics` reads the server's metrics; the Apollo ones stand for themselves. */
export const SCOPES = ['read', 'write', 'admin', 'apollo_read', 'apollo_write', 'metrics'] as const
export type Scope = (typeof SCOPES)[number]

/** What `admin` includes. */
export const SCOPES_OF_ADMIN: ReadonlySet<Scope> = new Set(['read', 'write', 'metrics'])

/** Who calls, as the access room found out. Grants are looked up by `subject`; `tokenId` names the token for limits and the log. */
export interface Caller {
  readonly subject: string
  readonly scopes: ReadonlySet<Scope>
  readonly tokenId: string
  /** When the token ends, in epoch milliseconds; absent: it does not by itself. */
  readonly expiresAt?: number
}

/** A stored opaque token, without its secret. Times are epoch milliseconds. */
export interface TokenRecord {
  readonly id: string
  readonly subject: string
  readonly scopes: readonly Scope[]
  /** What its owner calls it. */
  readonly label: string | null
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
}

/** A subject: 1 to 200 printable characters, no white space at the ends. Returns what is wrong, or null. */
export function subjectFault(subject: string): string | null {
  if (subject === '' || subject.length > 200) return 'a subject has 1 to 200 characters'
  if (subject.trim() !== subject || /\p{C}/u.test(subject)) return 'a subject has no control characters and no white space at its ends'
  return null
}

/** The longest label of a token, in characters. */
export const MAX_LABEL_LENGTH = 200

/** A label: 1 to 200 characters of text. Returns what is wrong, or null. */
export function labelFault(label: string): string | null {
  if (label === '' || label.length > MAX_LABEL_LENGTH) return `has 1 to ${MAX_LABEL_LENGTH} characters`
  return textFault(label)
}
