import { WaybillError } from '../../model/errors.ts'
import { pathFault } from '../../model/paths.ts'

export type Protocol = 'http' | 'https'

/** An infoton's path, with a slash at its start and none at its end, and the scheme of its subject, null for `cmwell://`. */
export interface InfotonPath {
  readonly path: string
  readonly protocol: Protocol | null
}

/** Where infotons of blank nodes live, and the IRI that refers to them. */
export const BLANK_NODES = '/blank_node'
const BLANK_FOLDER = `${BLANK_NODES}/`
export const BLANK_IRI = 'cmwell:/' + BLANK_FOLDER

const SUBJECT = /^(https?|cmwell):\/\/([^/\s]*)(\S*)$/
/** `- . / 0-9 A-Z a-z # % + , : _` and everything above 126 (contract, section 1.4). */
const LEGAL = /^[-./0-9A-Za-z#%+,:_\u007f-\uffff]*$/
/** A host that is the server itself and no part of the path (contract, section 4). */
const OWN_HOST = /cm-?well|connext|:9000$/i
const RESERVED = /^\/(?:_|(?:ii|zz|proc)(?:\/|$)|$)/

/**
 * The path of a subject (contract, section 4). Throws `invalid_request` with the protocol's words (section 1.4) for another scheme, forbidden
 * characters, and paths that are the server's own.
 */
export function subjectPath(subject: string): InfotonPath {
  const match = SUBJECT.exec(subject)
  if (match === null) {
    throw refusal(`URI must be http://* or https://* or cmwell://*. other formats are not supported. got: '${subject}' (isURI=true, isEmpty=${subject === ''})`)
  }
  const [, scheme, host = '', rest = ''] = match
  const name = OWN_HOST.test(host) ? rest.replace(/^\//, '') : host + rest
  return { path: checkedPath(name), protocol: scheme === 'cmwell' ? null : (scheme as Protocol) }
}

/** A path that an infoton may have, its slashes put right. Throws as `subjectPath` does. */
export function checkedPath(name: string): string {
  if (!LEGAL.test(name)) throw refusal(`illegal subject name: ${name}`)
  const path = normalPath(name)
  if (RESERVED.test(path)) throw refusal('requirement failed: one or more subjects in the document are not valid')
  // our own rules for paths: no "." and "..", not too long
  const fault = pathFault(path.slice(1))
  if (fault !== null) throw refusal(`illegal subject name: ${name}; ${fault}`)
  return path
}

/** True for the subject of the server's own root, which no update may touch. */
export function isRoot(subject: string): boolean {
  const match = SUBJECT.exec(subject)
  if (match === null) return false
  const [, , host = '', rest = ''] = match
  return normalPath(OWN_HOST.test(host) ? rest : host + rest) === '/'
}

/** One slash at the start, none at the end, never two in a row. */
export function normalPath(name: string): string {
  return `/${name
    .split('/')
    .filter(segment => segment !== '')
    .join('/')}`
}

/** The subject of a path: a first segment with a dot is a host, any other path is on this server, `host` (contract, section 2.3). */
export function subjectIri(path: string, host: string, protocol: Protocol = 'http'): string {
  const first = path.split('/', 2)[1] ?? ''
  return first.includes('.') ? `${protocol}:/${path}` : `http://${host}${path}`
}

/** The path above, null for a domain's root (contract, section 4). */
export function parentPath(path: string): string | null {
  const end = path.lastIndexOf('/')
  return end <= 0 ? null : path.slice(0, end)
}

/** The path of the infoton that a blank node of that name becomes. */
export function blankPath(name: string): string {
  return BLANK_FOLDER + name
}

/** The name of the blank node that the path was made of, or null for any other path. */
export function blankName(path: string): string | null {
  return path.startsWith(BLANK_FOLDER) ? path.slice(BLANK_FOLDER.length) : null
}

function refusal(message: string): WaybillError {
  return new WaybillError('invalid_request', message)
}
