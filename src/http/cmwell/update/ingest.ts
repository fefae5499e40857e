import { Readable } from 'node:stream'
import type { ManifestIntake } from '../../../engine/api.ts'
import type { Caller } from '../../../model/access.ts'
import { WaybillError, isWaybillError } from '../../../model/errors.ts'
import type { Job, JobOptions, Selection, SubmitItem } from '../../../model/job.ts'
import type { Context } from '../context.ts'
import { descendants } from './descendants.ts'
import type { DocumentOperations } from './document-operations.ts'
import { Domains } from './domains.ts'
import { FieldTypes } from './field-types.ts'
import { Namespaces } from './namespaces.ts'
import type { Place } from '../place.ts'
import { infotonPath, placeOf } from '../place.ts'
import type { DocumentPrefixes } from '../rdf/prefixes.ts'
import type { FileContent, StoredBytes, SubjectUpdate } from './update.ts'
import { deletion, mergeUpdates, noUpdate } from './update.ts'
import { settled } from './settled.ts'
import { updateItem } from './update-item.ts'
import { Unauthorized } from '../errors.ts'

/** How one document is taken in. */
export interface IngestOptions {
  /** Everything is checked and nothing is done. */
  readonly dryRun: boolean
  /** Values of a second type are let in. */
  readonly force: boolean
  readonly priority: number
  readonly prefixes: DocumentPrefixes
}

/** A document that was taken in. `job` is null for a rehearsal. */
export interface Ingested {
  readonly job: Job | null
  readonly messages: readonly string[]
}

/** An update and where its infoton is kept. */
interface Placed {
  readonly update: SubjectUpdate
  readonly place: Place
}

/** Subjects that are named when they may not be written: all of any usual document, and no answer of megabytes. */
const MOST_REFUSED = 10_000

/**
 * Makes one job of the updates of one document, an item a subject, in order with all others of the same collections. The first batch is kept, so that a
 * small document is one transaction; what follows it goes into the ledger as it comes. Nothing of it runs before `finish`; `abort` leaves nothing behind.
 */
export class Ingest {
  readonly #context: Context
  readonly #caller: Caller | null
  readonly #options: IngestOptions
  readonly #domains: Domains
  readonly #types: FieldTypes | null
  readonly #namespaces: Namespaces
  readonly #refused: string[] = []
  /** Whole trees to be deleted, by their paths: known only at the end. */
  readonly #trees = new Map<string, Placed>()
  /** The number of each path's item, once the first of them went into the ledger. */
  readonly #numbers = new Map<string, number>()
  #kept: SubmitItem[] | null = null
  #intake: ManifestIntake | null = null
  readonly #conditions: string[] = []
  readonly #settled = new Set<string>()
  /** What came of storing the batch before: nothing, or what went wrong. */
  #storing: Promise<Error | undefined> = Promise.resolve(undefined)

  constructor(context: Context, caller: Caller | null, options: IngestOptions) {
    this.#context = context
    this.#caller = caller
    this.#options = options
    this.#domains = new Domains(context.engine, caller)
    this.#types = caller === null ? null : new FieldTypes(context.engine, caller, options.force)
    this.#namespaces = new Namespaces(options.prefixes)
  }

  /**
   * Checks and stores a batch. Throws `invalid_request` for what can be no infoton here, and `Unauthorized` when there are so many subjects that
   * may not be written that the rest need not be read; else they are told at the end.
   */
  async take(updates: readonly SubjectUpdate[]): Promise<void> {
    const placed = await this.#placed(updates)
    if (this.#refused.length > MOST_REFUSED) throw new Unauthorized(this.#refused)
    if (this.#refused.length > 0) return
    await this.#checkTypes(placed)
    this.#namespaces.take(updates)
    for (const { update } of placed) if (update.prevUuid !== null && this.#conditions.length < MOST_MESSAGES) this.#conditions.push(update.path)
    if (this.#options.dryRun) return
    const ready = placed.filter(one => !this.#waits(one))
    await this.#stored()
    this.#storing = this.#tried(ready)
  }

  async #tried(placed: readonly Placed[]): Promise<Error | undefined> {
    try {
      await this.#store(placed)
      return undefined
    } catch (error) {
      if (!isWaybillError(error, 'collection_not_found')) return error as Error
      return new WaybillError('unavailable', 'a collection that the document writes to has just been deleted; nothing was written, send it again')
    }
  }

  /** Waits for the batch before; one batch is stored while the next is read. */
  async #stored(): Promise<void> {
    const failure = await this.#storing
    this.#storing = Promise.resolve(undefined)
    if (failure !== undefined) throw failure
  }

  /** Stores the bytes of a file that come by themselves, for an update of its path that follows. Throws `Unauthorized`. */
  async stage(path: string, body: Readable): Promise<StoredBytes> {
    const [placed] = await this.#placed([noUpdate(path)])
    if (placed === undefined || this.#caller === null) throw new Unauthorized([path])
    await this.#domains.ready()
    return this.#context.engine.entries.stage(this.#caller, placed.place.collection, body, { maxSize: this.#context.services.limits.uploadBytes })
  }

  /** The document has ended well: the job is made durable. */
  async finish(operations: DocumentOperations): Promise<Ingested> {
    await this.#stored()
    if (this.#refused.length > 0 || this.#caller === null) throw new Unauthorized(this.#refused)
    await this.#storeTrees()
    if (this.#options.dryRun) return { job: null, messages: this.#messages(operations) }
    await this.#domains.ready()
    await this.#nameThings(this.#caller, operations)
    await this.#types?.remember()
    const job = await this.#seal(this.#caller, operations.replaceGraphs)
    return { job, messages: this.#messages(operations) }
  }

  #messages({ graphAliases }: DocumentOperations): string[] {
    return [...this.#namespaces.messages, ...this.#conditions.map(conditionMessage), ...graphAliases.map(aliasMessage)]
  }

  async abort(): Promise<void> {
    await this.#storing
    await this.#intake?.abort()
    await this.#domains.undo()
  }

  async #placed(updates: readonly SubjectUpdate[]): Promise<Placed[]> {
    const placed: Placed[] = []
    for (const update of updates) {
      const place = placeOf(update.path)
      if (place === null) throw new WaybillError('invalid_request', `illegal subject name: ${update.path}; its first segment cannot be a domain here`)
      if (await this.#domains.mayWrite(place.collection)) placed.push({ update, place })
      else this.#refused.push(update.path)
    }
    return placed
  }

  async #checkTypes(placed: readonly Placed[]): Promise<void> {
    for (const [collection, some] of Map.groupBy(placed, ({ place }) => place.collection)) {
      await this.#types?.take(
        collection,
        some.map(({ update }) => update),
        this.#domains.isNew(collection),
      )
    }
  }

  /** True for an update that is held until the end: it deletes what is beneath it, too. */
  #waits(one: Placed): boolean {
    const { path, fullDelete } = one.update
    const before = this.#trees.get(path)
    if (before === undefined && fullDelete?.recursive !== true) return false
    this.#trees.set(path, before === undefined ? one : { ...one, update: mergeUpdates(before.update, one.update) })
    return true
  }

  mayWrite({ collection }: Place): Promise<boolean> {
    return this.#domains.mayWrite(collection)
  }

  /** What is looked up from now on is what the update will find, unless others write, too. Throws `unavailable`. */
  async settled(place: Place): Promise<void> {
    const { collection } = place
    if (this.#settled.has(collection) || this.#domains.isNew(collection)) return
    this.#settled.add(collection)
    await settled(this.#context, this.#caller as Caller, place, this.#jobOptions())
  }

  /** What is beneath goes first, the deepest before what holds it. */
  async #storeTrees(): Promise<void> {
    for (const one of this.#trees.values()) {
      if (!this.#options.dryRun) await this.settled(one.place)
      const beneath = this.#domains.isNew(one.place.collection) ? [] : await descendants(this.#context.engine, this.#caller as Caller, one.place)
      if (!this.#options.dryRun) await this.#store([...beneath.map(deletionOf), one])
    }
  }

  async #store(placed: readonly Placed[]): Promise<void> {
    const items: { readonly path: string; readonly item: SubmitItem }[] = []
    for (const { update, place } of placed) {
      const content = update.file?.data == null ? null : await this.#content(update.file.data, place.collection)
      items.push({ path: update.path, item: updateItem(update, place, content) })
    }
    const again = items.filter(({ path }) => this.#numbers.has(path))
    const fresh = items.filter(({ path }) => !this.#numbers.has(path))
    const first = this.#numbers.size
    fresh.forEach(({ path }, index) => this.#numbers.set(path, first + index))
    if (fresh.length > 0) await this.#append(fresh.map(({ item }) => item))
    if (again.length > 0) {
      const intake = await this.#opened()
      await intake.merge(again.map(({ path, item }) => ({ seq: this.#numbers.get(path) as number, item })))
    }
  }

  async #content(data: NonNullable<FileContent['data']>, collection: string): Promise<StoredBytes> {
    if (data.encoding === 'stored') return data.content
    await this.#domains.ready()
    const bytes = Buffer.from(data.content, data.encoding === 'text' ? 'utf8' : 'base64')
    return this.#context.engine.entries.stage(this.#caller as Caller, collection, Readable.from([bytes], { objectMode: false }))
  }

  async #append(items: readonly SubmitItem[]): Promise<void> {
    if (this.#kept === null && this.#intake === null && items.length <= this.#context.services.limits.jsonItems) this.#kept = [...items]
    else await (await this.#opened()).append(items)
  }

  /** The job in the ledger, begun with what was kept. */
  async #opened(): Promise<ManifestIntake> {
    await this.#domains.ready()
    if (this.#intake !== null) return this.#intake
    const opened = await this.#context.engine.jobs.openManifest(this.#caller as Caller, this.#jobOptions())
    if (!('intake' in opened)) throw new Error('a job without a key was taken for one that was sent before')
    this.#intake = opened.intake
    if (this.#kept !== null) await opened.intake.append(this.#kept)
    this.#kept = null
    return opened.intake
  }

  async #seal(caller: Caller, replaceGraphs: readonly string[]): Promise<Job> {
    if (replaceGraphs.length > 0) await this.#replaceGraphs(caller, replaceGraphs)
    if (this.#kept === null) return (await (await this.#opened()).seal('')).job
    const command = { options: this.#jobOptions(), items: this.#kept, select: [] }
    return (await this.#context.engine.jobs.submit(caller, command)).job
  }

  /** Contract, section 4: all values in these graphs go, wherever the caller may write, before what the document adds. */
  async #replaceGraphs(caller: Caller, graphs: readonly string[]): Promise<void> {
    const collections = await this.#context.writable(caller)
    const select = graphs.flatMap(graph => collections.map(collection => graphRemoval(collection, graph)))
    if (select.length > 0) await (await this.#opened()).precede(select)
  }

  async #nameThings(caller: Caller, { graphAliases, namespaces }: DocumentOperations): Promise<void> {
    const { names } = this.#context.engine
    const aliases = Object.fromEntries(graphAliases.map(({ alias, graph }) => [alias, graph]))
    const prefixes = Object.fromEntries(namespaces.map(({ prefix, namespace }) => [prefix, namespace]))
    if (graphAliases.length > 0) await names.set(caller, 'graph-alias', aliases)
    await this.#namespaces.keep(this.#context.engine, caller)
    // what the document declares comes before what was only inferred
    if (namespaces.length > 0) await names.set(caller, 'prefix', prefixes)
  }

  #jobOptions(): JobOptions {
    return {
      kind: 'update',
      conflict: 'version',
      verify: 'none',
      dryRun: false,
      priority: this.#options.priority,
      label: null,
      dialect: 'cmwell',
      retentionMs: this.#context.retentionMs,
      ordered: true,
    }
  }
}

/** Messages of one kind in one answer. */
const MOST_MESSAGES = 100

function conditionMessage(path: string): string {
  return `Conditional update for all statements with subject [${path}] has been emitted`
}

function aliasMessage({ graph, alias }: { readonly graph: string; readonly alias: string }): string {
  return `The graph [${graph}] has the alias [${alias}]`
}

function deletionOf(place: Place): Placed {
  return { place, update: deletion(infotonPath(place)) }
}

function graphRemoval(collection: string, graph: string): Selection {
  return { source: { collection, graph }, change: { remove: [{ what: 'field', field: '*', graph }] } }
}
