import { WaybillError } from '../../../model/errors.ts'
import type { FieldValue, GraphChoice } from '../../../model/field-values.ts'
import type { DocumentOperations } from './document-operations.ts'
import { OperationsDraft } from './document-operations.ts'
import { Draft } from './draft.ts'
import { Refusal } from '../errors.ts'
import type { BlankName } from '../fields.ts'
import { blankNames, fieldKey, storedIri, storedValue } from '../fields.ts'
import { Predicates, replacedFields } from './predicates.ts'
import type { RdfInput } from '../rdf/formats.ts'
import { hasGraphs } from '../rdf/formats.ts'
import type { Quad, Resource, Term } from '../rdf/terms.ts'
import type { ReplaceMode } from './replace-mode.ts'
import { replacedGraph } from './replace-mode.ts'
import { blankPath, isRoot, subjectPath } from '../subjects.ts'
import type { SubjectUpdate } from './update.ts'
import { MOST_SUBJECTS, hasEffect, meaningless, refuseMany } from './update.ts'
import { metaName } from './vocabulary.ts'

export interface DocumentOptions {
  readonly format: RdfInput
  /** Absent: new values are added to the old. */
  readonly replaceMode?: ReplaceMode
  /** The caller may set the system's own fields. */
  readonly overwrite?: boolean
  /** A word of letters and digits that no other document has: blank nodes become infotons, and must not meet those of others. */
  readonly documentId: string
  /** Infotons that the document may be about, `MOST_SUBJECTS` by default. */
  readonly subjects?: number
  /** Goes into the answer to a document without effect. */
  readonly logId?: string
}

/** How many subjects are kept open, so that statements about one may stand apart, before the oldest are handed out. */
const OPEN_SUBJECTS = 2000
/** Statements about blank nodes in one document: all of them are in memory at once. */
const MOST_HELD = 1_000_000

/**
 * Turns the statements of a document into what they ask of each infoton. Streams: `drain` hands out the subjects whose statements seem to be over; one that
 * comes up again later is handed out again with `continues`, to be merged with `mergeUpdates` by who stored the first part.
 * Statements about blank nodes are held until the end, when it is known which of them `sys#markDelete` refers to; so there may not be too many of them.
 * Every method throws `invalid_request` (400) with the protocol's words of the contract's section 1.4, and `finish` `meaningless_update` (422).
 */
export class UpdateDocument {
  readonly #options: DocumentOptions
  readonly #names: BlankName
  readonly #predicates = new Predicates()
  readonly #operations = new OperationsDraft()
  readonly #open = new Map<string, Draft>()
  /** Those that can not be handed out before the end. */
  readonly #kept = new Map<string, Draft>()
  readonly #handedOut = new Set<string>()
  readonly #blanks = new Map<string, Quad[]>()
  readonly #markDeletes: { readonly draft: Draft; readonly label: string; readonly graph: Resource | null }[] = []
  #last: { readonly subject: string; readonly draft: Draft } | null = null
  #effects = 0
  /** Statements about blank nodes, and those that follow from them. */
  #held = 0

  constructor(options: DocumentOptions) {
    this.#options = options
    this.#names = blankNames(options.documentId)
  }

  add(quads: readonly Quad[]): void {
    for (const quad of quads) {
      if (quad.subject.kind === 'blank') this.#hold(quad)
      else if (quad.subject.value === '' && metaName(quad.predicate) !== null) this.#operations.take(quad)
      else this.#statement(quad.subject.value, quad)
    }
  }

  /** The subjects that are complete as far as can be told; the newest stay. */
  drain(): SubjectUpdate[] {
    if (this.#open.size < 2 * OPEN_SUBJECTS) return []
    const oldest = [...this.#open.values()].slice(0, this.#open.size - OPEN_SUBJECTS)
    for (const draft of oldest) if (!draft.isComplete) this.#kept.set(draft.path, draft)
    for (const { path } of oldest) this.#open.delete(path)
    return this.#handOut(oldest.filter(draft => draft.isComplete))
  }

  /** The document has ended: the rest of the updates, batch by batch, and what it says of all infotons. */
  *finish(): Generator<SubjectUpdate[], DocumentOperations> {
    for (const { draft, label, graph } of this.#markDeletes) this.#markDelete(draft, label, graph)
    for (const { label } of this.#markDeletes) this.#blanks.delete(label)
    for (const [label, quads] of this.#blanks) {
      const draft = this.#draftAt(blankPath(this.#names(label)), null)
      for (const quad of quads) this.#apply(draft, quad)
      this.#blanks.delete(label)
      const updates = this.drain()
      if (updates.length > 0) yield updates
    }
    const rest = [...this.#kept.values(), ...this.#open.values()]
    for (let from = 0; from < rest.length; from += OPEN_SUBJECTS) yield this.#handOut(rest.slice(from, from + OPEN_SUBJECTS))
    if (this.#effects === 0 && this.#operations.isEmpty) throw meaningless(this.#options.logId)
    return this.#operations.finish()
  }

  #statement(subject: string, quad: Quad): void {
    if (metaName(quad.predicate)?.name === 'fullDelete' && isRoot(subject)) {
      throw new Refusal('invalid_request', 400, 'message', 'Deleting Root Infoton does not make sense!')
    }
    this.#apply(this.#draftOf(subject), quad)
  }

  #hold(quad: Quad): void {
    if (metaName(quad.predicate)?.name === 'prevUUID') throw refusal("requirement failed: prevUUID predicates can't operate on anonymous subjects.")
    this.#countHeld(1)
    const held = this.#blanks.get(quad.subject.value)
    if (held === undefined) {
      this.#blanks.set(quad.subject.value, [quad])
      this.#refuseMany()
    } else held.push(quad)
  }

  #countHeld(statements: number): void {
    this.#held += statements
    if (this.#held > MOST_HELD) {
      throw new WaybillError('too_many_items', `the document has more than ${MOST_HELD} statements about blank nodes; send it in parts`)
    }
  }

  #draftOf(subject: string): Draft {
    if (this.#last?.subject === subject) return this.#last.draft
    const { path, protocol } = subjectPath(subject)
    const draft = this.#draftAt(path, protocol)
    this.#last = { subject, draft }
    return draft
  }

  #draftAt(path: string, protocol: 'http' | 'https' | null): Draft {
    const open = this.#open.get(path) ?? this.#kept.get(path)
    if (open !== undefined) return open
    const draft = new Draft(path, protocol, this.#handedOut.has(path))
    this.#open.set(path, draft)
    this.#refuseMany()
    return draft
  }

  /** Those that were handed out and came up again count twice: few, and the limit is no exact matter. */
  #refuseMany(): void {
    refuseMany(this.#handedOut.size + this.#open.size + this.#kept.size + this.#blanks.size, this.#options.subjects ?? MOST_SUBJECTS)
  }

  #handOut(drafts: readonly Draft[]): SubjectUpdate[] {
    this.#last = null
    for (const { path } of drafts) this.#handedOut.add(path)
    const updates = drafts.map(draft => draft.finish())
    // a prevUUID alone changes nothing; with a part that was handed out before it does belong to something
    const effective = updates.filter(update => hasEffect(update) || update.continues)
    this.#effects += effective.length
    return effective
  }

  #apply(draft: Draft, { predicate, object, graph }: Quad): void {
    const meaning = this.#predicates.meaning(predicate)
    if ('field' in meaning) this.#addValue(draft, meaning.field, object, graph)
    else if (meaning.meta.space === 'sys') this.#system(draft, meaning.meta.name, object, graph)
  }

  #addValue(draft: Draft, field: string, object: Term, graph: Resource | null): void {
    const value = this.#value(object, graph)
    const { replaceMode } = this.#options
    if (replaceMode !== undefined) draft.addRemoval({ what: 'field', field, graph: replacedGraph(replaceMode, value) })
    draft.addValue(field, value)
  }

  #value(object: Term, graph: Resource | null): FieldValue {
    if (object.kind === 'literal' && object.datatype.includes('$')) {
      throw refusal(`custom types cannot contain '$' character. please encode as '%24' or use another type. type recieved: '${object.datatype}'`)
    }
    return storedValue(object, graph, this.#names)
  }

  #system(draft: Draft, name: string, object: Term, graph: Resource | null): void {
    switch (name) {
      case 'prevUUID':
        return draft.expect(object)
      case 'fullDelete':
        return draft.deleteAll(object)
      case 'markReplace':
        return draft.addRemoval({ ...replacedFields(object.value), graph: this.#choice(graph) })
      case 'markDelete':
        if (object.kind !== 'blank') throw refusal("when using 'markDelete' API, one must supply an anonymous node as value")
        this.#countHeld(1)
        draft.waiting = true
        this.#markDeletes.push({ draft, label: object.value, graph })
        return
      default:
        draft.setSystem(name, object, this.#options.overwrite === true)
    }
  }

  /** The graph a removal is about: none in formats without graphs means the default graph, and `<*>` any. */
  #choice(graph: Resource | null): GraphChoice {
    if (graph === null) return null
    return storedIri(graph, this.#names)
  }

  #markDelete(draft: Draft, label: string, graph: Resource | null): void {
    // formats without graphs match a value in any (contract, section 4)
    const choice = graph === null && !hasGraphs(this.#options.format) ? '*' : this.#choice(graph)
    const quads = this.#blanks.get(label) ?? []
    this.#countHeld(quads.length)
    for (const { predicate, object, graph: own } of quads) {
      if (own?.value !== graph?.value) continue
      const meta = metaName(predicate)
      if (meta !== null && meta.space !== 'nn') throw refusal(`requirement failed: sys fields not allowed for markDelete failed for: [${predicate}]`)
      draft.addRemoval({ what: 'value', field: fieldKey(predicate), value: this.#value(object, null), graph: choice })
    }
  }
}

function refusal(message: string): WaybillError {
  return new WaybillError('invalid_request', message)
}
