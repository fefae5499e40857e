import { decodeCursor } from '../../model/cursor.ts'
import { WaybillError } from '../../model/errors.ts'

/** Where a page of a list that is newest first goes on: behind the row with this time and id. */
export interface Behind {
  readonly at: number
  readonly id: string
}

const PLACE = /^(\d{1,15}) (.{0,64})$/

/** What a cursor of such a list stands for; without one: behind everything. Throws `invalid_cursor`. */
export function behind(cursor: string | undefined): Behind {
  if (cursor === undefined) return { at: Number.MAX_SAFE_INTEGER, id: '' }
  const [, at, id] = PLACE.exec(decodeCursor(cursor, 'string')) ?? []
  if (at === undefined || id === undefined)
    throw new WaybillError('invalid_cursor', 'the cursor belongs to another list; use the nextCursor of the page before')
  return { at: Number(at), id }
}

/** The key of a row for its cursor. */
export function placeOf({ at, id }: Behind): string {
  return `${at} ${id}`
}
