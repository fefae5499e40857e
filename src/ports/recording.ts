import type { Caller } from '../model/access.ts'
import { actorOf } from '../model/audit.ts'
import type { Ledger } from './ledger.ts'

/** The ledger through which what a caller does is recorded. */
export type LedgerOf = (caller: Caller) => Ledger

/** Records what callers do, or, where there is no audit log, nothing. */
export function recording(ledger: Ledger, isOn: boolean): LedgerOf {
  return isOn ? caller => ledger.by(actorOf(caller)) : () => ledger
}
