import { WaybillError } from '../../../model/errors.ts'
import type { FieldRemoval, FieldValue } from '../../../model/field-values.ts'
import type { Term } from '../rdf/terms.ts'
import type { Protocol } from '../subjects.ts'
import { subjectPath } from '../subjects.ts'
import { DraftRemovals, DraftValues } from './draft-values.ts'
import type { FileContent, InfotonKind, LinkContent, SubjectUpdate, SystemFields } from './update.ts'
import { onePrevUuid, refuseManyActions } from './update.ts'

const KINDS: Readonly<Record<string, InfotonKind>> = {
  OBJ: 'object',
  ObjectInfoton: 'object',
  CompoundInfoton: 'object',
  FILE: 'file',
  FileInfoton: 'file',
  LINK: 'link',
  LinkInfoton: 'link',
  DEL: 'deleted',
  DeletedInfoton: 'deleted',
}
const LONGEST_TARGET = 4096
const HEADER_TEXT = /^[\x21-\x7e][\x20-\x7e]{0,254}$/
const UUID = /^[a-f0-9]{32}$/
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/
/** The media type of `sys#data`, as the protocol writes it (contract, section 5). */
const TEXT_TYPE = 'text/plain; utf-8'

/** One subject's update while its document is read. */
export class Draft {
  readonly path: string
  readonly #protocol: Protocol | null
  readonly #continues: boolean
  readonly #add: DraftValues
  readonly #remove: DraftRemovals
  #fullDelete: SubjectUpdate['fullDelete'] = null
  #prevUuid: string | null = null
  #kind: InfotonKind | null = null
  #file: FileContent | null = null
  #link: LinkContent | null = null
  #system: SystemFields = {}
  /** A `sys#markDelete` waits for its blank node: the draft must not be handed out yet. */
  waiting = false

  constructor(path: string, protocol: Protocol | null, continues: boolean) {
    this.path = path
    this.#protocol = protocol
    this.#continues = continues
    this.#add = new DraftValues(path)
    this.#remove = new DraftRemovals(path)
  }

  /** False when there is nothing to hand out yet: a prevUUID must go with the changes it guards. */
  get isComplete(): boolean {
    const content = this.#fullDelete ?? this.#kind ?? this.#file ?? this.#link
    return !this.waiting && (content !== null || !this.#add.isEmpty || !this.#remove.isEmpty || Object.keys(this.#system).length > 0)
  }

  /** Throws `fields_too_large` when one document says more of an infoton than one can hold. */
  addValue(field: string, value: FieldValue): void {
    this.#add.add(field, value)
  }

  /** Throws `fields_too_large`. */
  addRemoval(removal: FieldRemoval): void {
    this.#remove.add(removal)
  }

  /** `sys#fullDelete`: the object says whether what is beneath goes, too. */
  deleteAll(object: Term): void {
    const recursive = object.kind === 'literal' ? booleanOf(object.value) : null
    if (recursive === null) throw refusal(`was expecting a boolean value stating if the delete is recursive or not for path: ${this.path}`)
    this.#fullDelete = { recursive: recursive || this.#fullDelete?.recursive === true }
  }

  /** `sys#prevUUID` (contract, section 3). */
  expect(object: Term): void {
    const uuid = object.kind === 'literal' && object.language === '' ? object.value : null
    if (uuid === null || (uuid !== '' && !UUID.test(uuid)))
      throw refusal(`requirement failed: invalid uuid supplied for path: [${this.path}] and predicate prevUUID`)
    this.#prevUuid = onePrevUuid(this.path, this.#prevUuid, uuid)
  }

  /** `sys#type`, of what files and links are made, and, with the right to overwrite, the system's own fields (contract, sections 4 and 5). */
  setSystem(name: string, object: Term, overwrite: boolean): void {
    const { value } = object
    switch (name) {
      case 'type':
        this.#kind = kindOf(value)
        break
      case 'mimeType':
      case 'contentType':
        this.#file = { data: null, ...this.#file, mimeType: mimeTypeOf(value) }
        break
      case 'data':
        this.#file = { mimeType: TEXT_TYPE, data: { encoding: 'text', content: value } }
        break
      case 'base64-data':
        this.#file = { mimeType: null, ...this.#file, data: { encoding: 'base64', content: base64(value, this.path) } }
        break
      case 'linkTo':
        this.#link = { type: null, ...this.#link, to: object.kind === 'iri' ? subjectPath(value).path : linkTarget(value) }
        break
      case 'linkType':
        this.#link = { to: null, ...this.#link, type: linkType(value) }
        break
      default:
        if (overwrite) this.#system = { ...this.#system, ...systemField(name, value) }
    }
  }

  finish(): SubjectUpdate {
    const update: SubjectUpdate = {
      path: this.path,
      protocol: this.#protocol,
      add: this.#add.finish(),
      remove: this.#remove.finish(),
      fullDelete: this.#fullDelete,
      prevUuid: this.#prevUuid,
      kind: this.#kind ?? (this.#file !== null ? 'file' : this.#link !== null ? 'link' : null),
      file: this.#file,
      link: this.#link,
      system: this.#system,
      continues: this.#continues,
    }
    refuseManyActions(update)
    return update
  }
}

/** The kind that `sys#type`, or the type of a JSON infoton, names. Throws `invalid_request` for none. */
export function kindOf(value: string): InfotonKind {
  const kind = Object.hasOwn(KINDS, value) ? KINDS[value] : undefined
  if (kind === undefined) throw refusal(`unknown sys#type ${JSON.stringify(value)}; there are ${Object.keys(KINDS).join(', ')}`)
  return kind
}

function booleanOf(text: string): boolean | null {
  if (text === 'true' || text === '1') return true
  return text === 'false' || text === '0' ? false : null
}

/** Checks that a file's bytes are base64. */
export function base64(value: string, path: string): string {
  if (!BASE64.test(value)) throw refusal(`sys#base64-data of path: ${path} is not base64 (RFC 4648, section 4)`)
  return value
}

/** Checks a file's media type: the protocol takes any text, but what cannot stand in a header would keep the file from being read, by every protocol. */
export function mimeTypeOf(value: string): string {
  if (!HEADER_TEXT.test(value)) throw refusal(`the mimeType ${JSON.stringify(value.slice(0, 100))} must have 1 to 255 characters of ASCII, no line break`)
  return value
}

/** Checks where a link leads. */
export function linkTarget(value: string): string {
  if (value === '') throw refusal('empty content')
  if (value.length > LONGEST_TARGET) throw new WaybillError('body_too_large', `the target of a link has at most ${LONGEST_TARGET} characters`)
  if (/[\p{Cc}\s]/u.test(value) || !value.isWellFormed()) throw refusal('the target of a link is a path or an address, without white space')
  return value
}

/** 0 permanent, 1 temporary, 2 forward. */
function linkType(value: string): number {
  if (!/^[012]$/.test(value)) throw refusal(`unknown sys#linkType ${JSON.stringify(value)}; 0 is permanent, 1 temporary, 2 forward`)
  return Number(value)
}

function systemField(name: string, value: string): SystemFields {
  switch (name) {
    case 'lastModified':
    case 'modifiedDate':
      return { lastModified: time(name, Date.parse(value)) }
    case 'indexTime':
      return { indexTime: time(name, /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN) }
    case 'lastModifiedBy':
      return { lastModifiedBy: value }
    case 'dataCenter':
      return { dataCenter: value }
    case 'protocol':
      return { protocol: value }
    default:
      // uuid, path and parent never have an effect (contract, section 4), nor have names that are nobody's
      return {}
  }
}

function time(name: string, milliseconds: number): number {
  if (Number.isNaN(milliseconds)) throw refusal(`sys#${name} is not a time; lastModified is ISO 8601, indexTime epoch milliseconds`)
  return milliseconds
}

function refusal(message: string): WaybillError {
  return new WaybillError('invalid_request', message)
}
