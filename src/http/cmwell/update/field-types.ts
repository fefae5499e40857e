import type { Engine } from '../../../engine/api.ts'
import type { Caller } from '../../../model/access.ts'
import { WaybillError } from '../../../model/errors.ts'
import type { FieldValue } from '../../../model/field-values.ts'
import { XSD } from '../rdf/terms.ts'
import type { SubjectUpdate } from './update.ts'

/** Types that count as one: values of a field are compared and ordered alike. Everything else, IRIs too, is text. */
const GROUPS: Readonly<Record<string, string>> = {
  int: 'integer',
  long: 'integer',
  integer: 'integer',
  float: 'number',
  double: 'number',
  decimal: 'number',
  boolean: 'boolean',
  dateTime: 'date',
}

/** The type of a value, as far as a field should have one only. */
export function fieldType(value: FieldValue): string {
  const datatype = typeof value === 'object' && '@value' in value ? value['@type'] : undefined
  return datatype?.startsWith(XSD) === true ? (GROUPS[datatype.slice(XSD.length)] ?? 'text') : 'text'
}

/** Different fields of one document: what is known of each is kept for good. */
const MOST_FIELDS = 100_000
const NO_TYPES: ReadonlyMap<string, ReadonlySet<string>> = new Map()

/** A field and a type that a document brings to it. */
interface Pair {
  readonly field: string
  readonly type: string
}

/**
 * Keeps a field from getting values of a second type unless that is forced (contract, section 1.1, `force`). What types the fields of a collection have is
 * remembered when a document is accepted; a field's first document may bring several.
 */
export class FieldTypes {
  readonly #engine: Engine
  readonly #caller: Caller
  readonly #force: boolean
  /** By collection and field: the types that this document has brought so far. */
  readonly #seen = new Map<string, Map<string, Set<string>>>()
  readonly #new = new Map<string, Pair[]>()
  #pairs = 0

  constructor(engine: Engine, caller: Caller, force: boolean) {
    this.#engine = engine
    this.#caller = caller
    this.#force = force
  }

  /** Throws `invalid_request` for a second type of a field, and `too_many_items`. `isNew`: the collection is still to be made. */
  async take(collection: string, updates: readonly SubjectUpdate[], isNew: boolean): Promise<void> {
    const pairs = this.#unseen(collection, updates)
    if (pairs.length === 0) return
    this.#pairs += pairs.length
    if (this.#pairs > MOST_FIELDS) throw new WaybillError('too_many_items', `the document has more than ${MOST_FIELDS} different fields; send it in parts`)
    const known = isNew ? NO_TYPES : await this.#engine.fieldTypes.get(this.#caller, collection, [...new Set(pairs.map(({ field }) => field))])
    for (const pair of pairs) {
      const types = known.get(pair.field)
      if (types?.has(pair.type) === true) continue
      if (types !== undefined && types.size > 0 && !this.#force) throw secondType(pair, [...types])
      const fresh = this.#new.get(collection)
      if (fresh === undefined) this.#new.set(collection, [pair])
      else fresh.push(pair)
    }
  }

  /** Remembers what was new; for a document that is accepted. */
  async remember(): Promise<void> {
    for (const [collection, pairs] of this.#new) await this.#engine.fieldTypes.add(this.#caller, collection, pairs)
  }

  #unseen(collection: string, updates: readonly SubjectUpdate[]): Pair[] {
    const seen = this.#seen.get(collection) ?? new Map<string, Set<string>>()
    this.#seen.set(collection, seen)
    const fresh: Pair[] = []
    for (const { add } of updates) {
      for (const field in add) {
        const types = seen.get(field) ?? new Set<string>()
        if (types.size === 0) seen.set(field, types)
        for (const value of add[field] ?? []) {
          const type = fieldType(value)
          if (types.has(type)) continue
          types.add(type)
          fresh.push({ field, type })
        }
      }
    }
    return fresh
  }
}

function secondType({ field, type }: Pair, known: readonly string[]): WaybillError {
  return new WaybillError(
    'invalid_request',
    `the values of the field [${field}] are of the type [${known.join(', ')}] so far, and the document has one of the type [${type}]; send it with the parameter force to have both`,
  )
}
