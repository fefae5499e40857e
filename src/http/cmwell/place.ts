import { hash, randomUUID } from 'node:crypto'
import { collectionIdFault } from '../../model/collection.ts'
import { uuidHex } from '../../model/text.ts'
import type { UrlSigner } from '../signed-url.ts'
import { BLANK_NODES, blankName, blankPath } from './subjects.ts'

/** Where an infoton is kept: the first segment of its path is the collection, the rest the entry's path (contract, decision 7). */
export interface Place {
  readonly collection: string
  readonly path: string
}

/** The entry that is the infoton of the domain itself, whose path has no rest. */
const DOMAIN_ENTRY = '.infoton'
/**
 * Blank nodes belong to who wrote them: each subject has a collection of them, `blank-node.` and this many hex digits that stand for the subject. Which, only
 * this server can tell: else somebody could make the collection of another before that one does.
 */
const BLANK_COLLECTION = 'blank-node.'
const OWNER_DIGITS = 12
const PURPOSE = 'cmwell-blank-nodes'
const BLANK_OWNER = new RegExp(`^A([0-9a-f]{${OWNER_DIGITS}})`)

/** The place of an infoton, or null for a path that none can have: its first segment is no name of a collection. */
export function placeOf(path: string): Place | null {
  if (path === BLANK_NODES) return null
  const blank = blankName(path)
  if (blank !== null) {
    const owner = BLANK_OWNER.exec(blank)?.[1]
    return owner === undefined ? null : { collection: BLANK_COLLECTION + owner, path: blank }
  }
  const slash = path.indexOf('/', 1)
  const collection = slash === -1 ? path.slice(1) : path.slice(1, slash)
  if (collectionIdFault(collection) !== null) return null
  return { collection, path: slash === -1 ? DOMAIN_ENTRY : path.slice(slash + 1) }
}

/** The path of the infoton that is kept at a place. */
export function infotonPath({ collection, path }: Place): string {
  if (collection.startsWith(BLANK_COLLECTION)) return blankPath(path)
  return path === DOMAIN_ENTRY ? `/${collection}` : `/${collection}/${path}`
}

/** True for the infoton of a domain itself. */
export function isDomain({ path }: Place): boolean {
  return path === DOMAIN_ENTRY
}

/** A word for the names of a document's blank nodes: no other document has it, and it says whose they are. */
export function documentWord(signer: UrlSigner, subject: string): string {
  return hash('sha256', signer.mark(PURPOSE, subject)).slice(0, OWNER_DIGITS) + uuidHex(randomUUID())
}
