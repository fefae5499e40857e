import type { Reason } from '../../model/item.ts'
import type { MoveFault, PlacePath, Transfer } from '../../ports/transfer.ts'
import type { Intent } from '../../ports/place-ledger.ts'
import type { Misfit } from '../../ports/place.ts'
import { hexText } from './codec.ts'
import type { Row } from './row.ts'
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

/** Why the item that stands for a misfit has failed. */
export function reasonOfMisfit({ path, code, fault }: Misfit): Reason {
  return { code, message: `${JSON.stringify(path)} ${fault}.`, end: 'source' }
}

/** A row with the collection's id, its store and a path. */
export function toPlacePath(row: Row): PlacePath {
  return { collection: row['id'] as string, store: row['store'] as string, path: row['path'] as string }
}

/** A row of an intent, with what is there before. */
export function toIntent(row: Row): Intent {
  return { ...toPlacePath(row), seq: row['seq'] as number, removes: row['deleted'] === 1, mark: row['mark'] as string, expect: row['expect'] as string | null }
}

/** A row of a plan with both its collections (`src_`, `t_`) and the source's stamp. */
export function toTransfer(row: Row): Transfer {
  return {
    seq: row['seq'] as number,
    source: {
      ...{ collection: row['src_id'] as string, store: row['src_store'] as string, path: row['src_path'] as string, attached: row['src_attached'] === 1 },
      ...{ revision: hexText(row['src_revision']), stamp: row['stamp'] as string | null, size: row['size'] as number },
      sha256: row['digest'] === null ? null : hexText(row['digest']),
    },
    target: { collection: row['t_id'] as string, store: row['t_store'] as string, path: row['t_path'] as string, attached: row['t_attached'] === 1 },
  }
}
