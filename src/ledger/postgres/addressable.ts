/*
 * Addressable collections have negative keys, and their indexes are partial: a statement finds them only when it says `collection < 0` itself
 * (docs/decisions/0013-addressable-collections.md).
 */

/** After FROM: the live entries directly in a folder of an addressable collection, both SQL expressions. The index holds a hash of the folder. */
export function liveChildren(alias: string, collection: string, folder: string): string {
  return `entry ${alias} WHERE ${alias}.collection = ${collection} AND ${alias}.collection < 0 AND ${alias}.deleted = 0
    AND hashtextextended(parent_of(${alias}.path), 0) = hashtextextended(${folder}, 0) AND parent_of(${alias}.path) = ${folder}`
}

/** The live entry (of an alias) with an entity id, an SQL expression, wherever in an addressable collection it is. */
export function liveEntity(alias: string, entity: string): string {
  return `${alias}.entity = ${entity} AND ${alias}.collection < 0 AND ${alias}.deleted = 0`
}
