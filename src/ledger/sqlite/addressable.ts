/*
 * Addressable collections have negative keys, and their indexes are partial: a statement finds them only when it says `collection < 0` itself, and spells the
 * folder of a path as the index does (migrations/0002-addressable-collections.ts, docs/decisions/0013-addressable-collections.md).
 */

/** The folder that a path (an SQL expression) lies in, without a "/" at its end; '' at the root. */
export function parentExpression(path: string): string {
  return `rtrim(rtrim(${path}, replace(${path}, '/', '')), '/')`
}

/**
 * After FROM: the live entries directly in a folder of an addressable collection, both SQL expressions, in path order. The index is named, because the
 * planner takes the primary key for the shorter way and would walk the whole collection; the "+" takes the type of a column away, with which the index of an
 * expression is not searched.
 */
export function liveChildren(alias: string, collection: string, folder: string): string {
  return `entry ${alias} INDEXED BY entry_children WHERE ${alias}.collection = ${collection} AND ${alias}.collection < 0 AND ${alias}.deleted = 0 AND ${parentExpression(`${alias}.path`)} = +${folder}`
}

/** The live entry (of an alias) with an entity id, an SQL expression, wherever in an addressable collection it is. */
export function liveEntity(alias: string, entity: string): string {
  return `${alias}.entity = ${entity} AND ${alias}.collection < 0 AND ${alias}.deleted = 0`
}
