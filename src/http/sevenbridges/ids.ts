import { createHash } from 'node:crypto'
import { isUuid, uuidFromHex, uuidHex } from '../../model/text.ts'

const HEX_32 = /^[0-9a-f]{32}$/i
const HEX_24 = /^[0-9a-f]{24}$/i

/** Begins the stand-ins for ids of 24 digits, which is what the documents' samples have and our files never. */
const FOREIGN = '00000000'
/** Begins the stand-ins for texts that are no ids at all. */
const NO_ID = 'ffffffff'
/** Begins the ids of root folders. "~" is in no collection id and needs no percent-encoding in a URL (RFC 3986 section 2.3). */
const ROOT = 'root~'

/**
 * The entity that a file id names: 32 hex digits, or a UUID with its dashes. To a client every id is just a string, so one that no file of ours can
 * have is not malformed, it is unknown: such texts get stand-ins that no entity has, and are looked up as any other.
 */
export function entityIdOf(fileId: string): string {
  if (HEX_32.test(fileId)) return uuidFromHex(fileId.toLowerCase())
  if (isUuid(fileId)) return fileId.toLowerCase()
  if (HEX_24.test(fileId)) return uuidFromHex(FOREIGN + fileId.toLowerCase())
  return uuidFromHex(NO_ID + createHash('sha256').update(fileId).digest('hex').slice(0, 24))
}

/** The file id of an entity: its UUID as 32 hex digits. */
export function fileIdOf(entityId: string): string {
  return uuidHex(entityId)
}

/** The file id that was given, out of what `entityIdOf` made of it; null when it cannot be told any more. */
export function givenIdOf(entityId: string): string | null {
  const hex = fileIdOf(entityId)
  if (hex.startsWith(NO_ID)) return null
  return hex.startsWith(FOREIGN) ? hex.slice(FOREIGN.length) : hex
}

/** The id of a project's root folder. It is no entity: the id is the project's own in another form, `owner/name` as `root~owner~name`. */
export function rootIdOf(collection: string): string {
  return ROOT + collection.replace('/', '~')
}

/** The project whose root folder an id names; null for any other id. */
export function projectOfRoot(fileId: string): string | null {
  if (!fileId.startsWith(ROOT)) return null
  const project = fileId.slice(ROOT.length).replace('~', '/')
  return isProjectId(project) ? project : null
}

/** True for what can be the id of a project: `owner/name`. */
export function isProjectId(text: string): boolean {
  return /^[^/]+\/[^/]+$/.test(text)
}

/** The owner part of the projects that a subject makes: the subject, with "-" for what a project's id cannot hold. */
export function ownerOf(subject: string): string {
  return trimmed(subject.replaceAll(/[^A-Za-z0-9._-]+/g, '-'))
}

/** The name part of a project's id: its name in lower case, with "-" for what the id cannot hold. Empty when nothing is left. */
export function shortNameOf(name: string): string {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return trimmed(plain.replaceAll(/[^a-z0-9._]+/g, '-'))
}

/** True for the decimal number that names a job. */
export function isJobNumber(text: string): boolean {
  return /^\d{1,16}$/.test(text)
}

function trimmed(text: string): string {
  return text.replace(/^[^A-Za-z0-9]+/, '').replace(/[^A-Za-z0-9]+$/, '')
}
