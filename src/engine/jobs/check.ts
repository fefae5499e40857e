import { WaybillError, type ErrorCode, type ErrorPlace } from '../../model/errors.ts'
import { isRevision } from '../../model/entry.ts'
import { globFault } from '../../model/glob.ts'
import {
  CONFLICTS,
  JOB_KINDS,
  PRIORITY,
  VERIFY,
  type JobKind,
  type EntitySelection,
  type JobOptions,
  type Selection,
  type SubmitItem,
} from '../../model/job.ts'
import { MAX_PATH_LENGTH, pathFault, prefixFault } from '../../model/paths.ts'
import { isUuid, textFault } from '../../model/text.ts'
import type { Role } from '../../model/collection.ts'

/** A grant that a submission needs, and where it names the collection. */
export interface Want {
  readonly collection: string
  readonly least: Role
  readonly pointer: string
}

/** At most this many faults are told in one answer. */
const MOST_FAULTS = 100

/** Gathers faults with their places; one throw tells them all. */
class Faults {
  readonly #places: ErrorPlace[] = []
  #code: ErrorCode | null = null

  add(code: ErrorCode, pointer: string, detail: string): void {
    this.#code ??= code
    if (this.#places.length < MOST_FAULTS) this.#places.push({ pointer, detail })
  }

  /** For whatever a checker says is wrong, null being nothing. */
  addFault(code: ErrorCode, pointer: string, fault: string | null): void {
    if (fault !== null) this.add(code, pointer, fault)
  }

  throwIfAny(): void {
    const first = this.#places[0]
    if (first !== undefined && this.#code !== null) throw new WaybillError(this.#code, `${first.pointer}: ${first.detail}`, { errors: this.#places })
  }
}

/** Checks what a job is asked to do. Throws `invalid_request`. */
export function checkOptions(options: JobOptions): void {
  const faults = new Faults()
  const words = [
    ['kind', JOB_KINDS],
    ['conflict', CONFLICTS],
    ['verify', VERIFY],
  ] as const
  for (const [name, list] of words) {
    if (!(list as readonly string[]).includes(options[name])) faults.add('invalid_request', `/${name}`, `must be one of ${list.join(', ')}`)
  }
  if (!Number.isInteger(options.priority) || options.priority < PRIORITY.least || options.priority > PRIORITY.most) {
    faults.add('invalid_request', '/priority', `must be a whole number from ${PRIORITY.least} (last) to ${PRIORITY.most} (first)`)
  }
  if (options.label !== null && options.label.length > 200) faults.add('invalid_request', '/label', 'has more than 200 characters')
  faults.addFault('invalid_request', '/label', textFault(options.label ?? ''))
  faults.throwIfAny()
}

/** Checks items, the first being number `offset`; returns the grants they need, each collection and role once. Throws `invalid_request`, `invalid_path`. */
export function checkItems(kind: JobKind, items: readonly SubmitItem[], offset = 0): Want[] {
  const faults = new Faults()
  const wants = new Wants(kind)
  items.forEach((item, index) => {
    const at = `/items/${offset + index}`
    faults.addFault('invalid_path', `${at}/source/path`, pathFault(item.source.path))
    checkRevision(faults, `${at}/source/ifMatch`, item.source.ifMatch)
    const least = item.change === undefined ? 1 : 0
    if (item.source.version !== undefined && (!Number.isSafeInteger(item.source.version) || item.source.version < least)) {
      faults.add('invalid_request', `${at}/source/version`, `must be a whole number from ${least}`)
    }
    checkShape(faults, kind, at, item)
    if (item.destination?.path !== undefined) faults.addFault('invalid_path', `${at}/destination/path`, pathFault(item.destination.path))
    checkRevision(faults, `${at}/destination/ifMatch`, item.destination?.ifMatch)
    if (item.destination?.ifMatch !== undefined && item.destination.ifNoneMatch !== undefined) {
      faults.add('invalid_request', `${at}/destination`, 'ifMatch and ifNoneMatch cannot both hold; give one')
    }
    wants.add(at, item.source.collection, item.destination?.collection)
  })
  faults.throwIfAny()
  return wants.all
}

/** Selections of one job; each is resolved page by page, so many are no danger, but a body of thousands is a mistake. */
const MOST_SELECTIONS = 1_000

/** Checks selections; returns the grants they need. Throws `invalid_request`, `invalid_path`, `too_many_items`. */
export function checkSelections(kind: JobKind, select: readonly Selection[]): Want[] {
  if (select.length > MOST_SELECTIONS) {
    throw new WaybillError('too_many_items', `the body holds ${select.length} selections; at most ${MOST_SELECTIONS} are taken`)
  }
  const faults = new Faults()
  const wants = new Wants(kind)
  select.forEach((selection, index) => {
    const at = `/select/${index}`
    faults.addFault('invalid_path', `${at}/source/prefix`, prefixFault(selection.source.prefix ?? ''))
    if (selection.source.glob !== undefined) faults.addFault('invalid_request', `${at}/source/glob`, globFault(selection.source.glob))
    checkGraph(faults, `${at}/source/graph`, selection.source.graph)
    checkShape(faults, kind, at, selection)
    faults.addFault('invalid_path', `${at}/destination/prefix`, prefixFault(selection.destination?.prefix ?? ''))
    wants.add(at, selection.source.collection, selection.destination?.collection)
  })
  faults.throwIfAny()
  return wants.all
}

/**
 * Checks the form of entities: ids, names and which destination a kind needs. What the ids stand for is found out when the job is resolved, where what is
 * wrong with one entity fails one item. Throws `invalid_request`.
 */
export function checkEntities(kind: JobKind, entities: readonly EntitySelection[]): void {
  const faults = new Faults()
  entities.forEach(({ entityId, destination, name }, index) => {
    const at = `/entities/${index}`
    if (kind === 'update') faults.add('invalid_request', at, 'an update takes items or selections; entities can be copied, moved and deleted')
    else checkShape(faults, kind, at, { destination })
    checkEntityId(faults, `${at}/entityId`, entityId)
    if (destination !== undefined && 'folder' in destination) checkEntityId(faults, `${at}/destination/folder`, destination.folder)
    if (name === undefined) return
    if (name === '' || name.length > MAX_PATH_LENGTH) faults.add('invalid_request', `${at}/name`, `must have 1 to ${MAX_PATH_LENGTH} characters`)
    faults.addFault('invalid_request', `${at}/name`, textFault(name))
    if (kind === 'delete') faults.add('invalid_request', `${at}/name`, 'has no meaning for the kind delete; leave it out')
  })
  faults.throwIfAny()
}

function checkEntityId(faults: Faults, pointer: string, id: string): void {
  if (!isUuid(id)) faults.add('invalid_request', pointer, 'must be the id of an entity, a UUID')
}

function checkGraph(faults: Faults, pointer: string, graph: string | undefined): void {
  if (graph === undefined) return
  if (graph === '') faults.add('invalid_request', pointer, 'is empty; name a graph, or leave it out')
  faults.addFault('invalid_request', pointer, textFault(graph))
}

function checkRevision(faults: Faults, pointer: string, revision: string | undefined): void {
  if (revision !== undefined && !isRevision(revision)) faults.add('invalid_request', pointer, 'must be a revision: 32 lower-case hex digits, as in the ETag')
}

/** What each kind needs and what it has no use for. */
function checkShape(
  faults: Faults,
  kind: JobKind,
  at: string,
  given: { readonly destination?: unknown; readonly fields?: unknown; readonly change?: unknown },
): void {
  const transfers = kind === 'copy' || kind === 'move'
  if (transfers && given.destination === undefined) faults.add('invalid_request', `${at}/destination`, `is missing; a ${kind} needs one`)
  if (!transfers && given.destination !== undefined) faults.add('invalid_request', `${at}/destination`, `has no meaning for the kind ${kind}; leave it out`)
  if (kind === 'update' && (given.fields === undefined) === (given.change === undefined)) {
    faults.add(
      'invalid_request',
      `${at}/fields`,
      given.fields === undefined ? 'is missing; an update needs a merge patch' : 'cannot stand beside a change; give one',
    )
  }
  for (const name of ['fields', 'change'] as const) {
    if (kind !== 'update' && given[name] !== undefined) faults.add('invalid_request', `${at}/${name}`, `has no meaning for the kind ${kind}; leave it out`)
  }
}

/** Collects the grants needed: the first place that names a collection stands for all. */
class Wants {
  readonly #kind: JobKind
  readonly #seen = new Set<string>()
  readonly all: Want[] = []

  constructor(kind: JobKind) {
    this.#kind = kind
  }

  add(at: string, source: string, destination: string | undefined): void {
    this.#want(source, this.#kind === 'copy' ? 'readonly' : 'readwrite', `${at}/source/collection`)
    if (destination !== undefined) this.#want(destination, 'readwrite', `${at}/destination/collection`)
  }

  #want(collection: string, least: Role, pointer: string): void {
    const key = `${least} ${collection}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.all.push({ collection, least, pointer })
  }
}
