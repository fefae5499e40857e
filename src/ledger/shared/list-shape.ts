import type { Row } from './row.ts'

/**
 * How the destinations of a list of paths follow from the sources. `same`: the source's own path (or there is none). `beneath`: from one folder into another.
 * `any`: the prefixes may end anywhere in a segment. The shape is found once for a list, because an expression that fits all of them would be most of the work
 * on an item.
 */
export type Shape = 'same' | 'beneath' | 'any'

/** The shape of the lists of a selection. */
export function shapeOf(selection: Row): Shape {
  const prefix = selection['src_prefix'] as string
  const dstPrefix = selection['dst_prefix'] as string | null
  if (dstPrefix === null || dstPrefix === prefix) return 'same'
  return isFolder(dstPrefix) && isFolder(prefix) ? 'beneath' : 'any'
}

/** What a selection says of all items of a list, for statements; `cut`: the first character after the source prefix, counting from 1. */
interface ListParams {
  readonly listFirst: number
  readonly srcCollection: number
  readonly dstCollection: number | null
  readonly srcPrefix: string
  readonly dstPrefix: string | null
  readonly dstIsFolder: 0 | 1
  readonly ownName: string
  readonly cut: number
  readonly patch: string | null
  readonly change: string | null
}

/** The parameters of a list of a selection, whose first item has this seq. */
export function listParams(selection: Row, firstSeq: number): ListParams {
  const prefix = selection['src_prefix'] as string
  const dstPrefix = selection['dst_prefix'] as string | null
  const dstIsFolder = isFolder(dstPrefix)
  return {
    listFirst: firstSeq,
    srcCollection: selection['src_collection'] as number,
    dstCollection: selection['dst_collection'] as number | null,
    srcPrefix: prefix,
    dstPrefix,
    dstIsFolder: dstIsFolder ? 1 : 0,
    ownName: dstIsFolder ? prefix.slice(prefix.lastIndexOf('/') + 1) : '',
    cut: Array.from(prefix).length + 1,
    patch: selection['patch'] as string | null,
    change: selection['change'] as string | null,
  }
}

function isFolder(prefix: string | null): boolean {
  return prefix === '' || prefix?.endsWith('/') === true
}
