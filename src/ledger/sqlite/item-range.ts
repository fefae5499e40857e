import { LAST_SEQ } from '../shared/item-codec.ts'

/*
 * Ids of items hold the job's key (`:job`) above 32 bits of seq. All arithmetic is SQLite's, and no statement hands an id out: they do not fit into a
 * JavaScript number.
 */

/** The id of the item with that seq. Numbers are bound as floating point, which ids outgrow: hence the cast. */
export function itemId(seq: string): string {
  return `((:job << 32) + CAST(${seq} AS INTEGER))`
}

/** True for the items of job `:job` from one seq to another, both included. Only a range of ids is a search; one of `job` and `seq` would walk the table. */
export function itemsBetween(alias: string, first: string, last: string): string {
  return `${alias}.id BETWEEN ${itemId(first)} AND ${itemId(last)}`
}

/** All items of job `:job`. */
export function itemsOfJob(alias: string): string {
  return itemsBetween(alias, '0', String(LAST_SEQ))
}
