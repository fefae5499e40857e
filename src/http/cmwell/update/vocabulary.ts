import { WaybillError } from '../../../model/errors.ts'

/** A predicate of the protocol itself: of `/meta/sys#` (system), `/meta/nn#` (no namespace) or `/meta/ns#` (prefixes of namespaces). */
export interface MetaName {
  readonly space: 'sys' | 'nn' | 'ns'
  readonly name: string
}

/** What an update may say with `sys#`, beside the fields of the system itself. */
export const UPDATE_NAMES = ['prevUUID', 'fullDelete', 'markReplace', 'markDelete', 'replaceGraph', 'graphAlias'] as const
/** What a file or link infoton is made of. */
export const CONTENT_NAMES = ['type', 'mimeType', 'contentType', 'data', 'base64-data', 'linkTo', 'linkType'] as const
/** What the server keeps: honoured in an update only with the right to overwrite, else ignored without a word (contract, section 4). */
export const SYSTEM_NAMES = [
  'uuid',
  'path',
  'parent',
  'lastModified',
  'modifiedDate',
  'lastModifiedBy',
  'indexTime',
  'dataCenter',
  'protocol',
  'length',
  'quad',
] as const

const KNOWN: readonly string[] = [...UPDATE_NAMES, ...CONTENT_NAMES, ...SYSTEM_NAMES]
/** `cmwell://meta/...` or `http://anyhost/meta/...`. */
const META = /^(?:cmwell:\/\/|https?:\/\/[^/]+\/)meta\/(sys|nn|ns)#(.*)$/s

/** The protocol's own name in a predicate, or null for any other predicate. */
export function metaName(predicate: string): MetaName | null {
  // most predicates are none: told without a regular expression
  if (!predicate.includes('meta/')) return null
  const match = META.exec(predicate)
  return match === null ? null : { space: match[1] as MetaName['space'], name: match[2] ?? '' }
}

/** The IRI of a name of the protocol; `base` is `cmwell://` or `http://{Host}/`. */
export function metaIri(base: string, space: MetaName['space'], name: string): string {
  return `${base}meta/${space}#${name}`
}

/** True for predicates whose literals are the bytes of a file, which may be long. */
export function isFileData(predicate: string): boolean {
  const meta = metaName(predicate)
  return meta?.space === 'sys' && (meta.name === 'data' || meta.name === 'base64-data')
}

/**
 * Throws `invalid_request` with the right spelling for a `sys#` name that is almost a known one (`prevUUId`): passed by without a word it would
 * make a conditional update unconditional. Names like no known one are none of ours to judge.
 */
export function refuseMisspelt(name: string): void {
  if (KNOWN.includes(name)) return
  const right = KNOWN.find(known => known.toLowerCase() === name.toLowerCase()) ?? KNOWN.find(known => isNear(known, name))
  if (right !== undefined) throw new WaybillError('invalid_request', `unknown system predicate sys#${name}; the right spelling is sys#${right}`)
}

/** At most one letter too many, missing, other or swapped with its neighbour; two in long words. */
function isNear(known: string, name: string): boolean {
  const most = known.length > 6 ? 2 : 1
  return Math.abs(known.length - name.length) <= most && distance(known.toLowerCase(), name.toLowerCase()) <= most
}

/** Optimal string alignment distance. */
function distance(one: string, other: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, index) => index)]
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1] ? 0 : 1
      let least = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + same)
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      if (swapped) least = Math.min(least, (before[column - 2] ?? 0) + 1)
      current.push(least)
    }
    ;[before, last] = [last, current]
  }
  return last[other.length] ?? 0
}
