import type { Caller } from '../model/access.ts'

/** Finds out who calls. */
export interface Authenticator {
  /**
   * Who calls, from a credential (the token alone, without "Bearer").
   * Throws `unauthenticated`: one wording whatever is wrong with the token, apart from expiry; `unavailable` when it cannot be found out now.
   */
  authenticate(token: string): Promise<Caller>
}
