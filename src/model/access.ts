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
}

/** A stored opaque token, without its secret. Times are epoch milliseconds. */
export interface TokenRecord {
  readonly id: string
  readonly subject: string
  readonly scopes: readonly Scope[]
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
