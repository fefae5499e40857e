import type { MoveFault } from '../../ports/place-ledger.ts'
import { CODES } from './troubles.ts'

/** Who changed a file of a place when it was none of ours. */
export const OUTSIDE = '(outside)'

/** What a plan's code is for bytes that could not be moved. */
export const CODE_OF_FAULT: Readonly<Record<MoveFault, number>> = {
  source_changed: CODES.sourceChanged,
  destination_changed: CODES.destinationChanged,
  digest_mismatch: CODES.corrupt,
  unavailable: CODES.unavailable,
  out_of_space: CODES.outOfSpace,
  entry_exists: CODES.blocked,
  invalid_path: CODES.badPath,
}
