import { MAX_VALUES_BYTES } from '../../../model/entry.ts'
import { WaybillError } from '../../../model/errors.ts'
import type { FieldRemoval, FieldValue, FieldValues } from '../../../model/field-values.ts'
import { distinctValues, valueKey } from '../../../model/field-values.ts'

/** Values of a field from which on each is looked up before it is kept: fewer are made distinct in the end. */
const MANY = 64

/** What one document adds to the fields of an infoton; equal values once, however often they are said, and no more of them than an infoton can hold. */
export class DraftValues {
  readonly #path: string
  readonly #fields = new Map<string, FieldValue[]>()
  /** Of fields with many values, those that are there; most infotons have no such field. */
  #keys: Map<string, Set<string>> | null = null
  /** Of the fields as JSON, at least: in UTF-16 units. */
  #size = 0
  /** Equal values counted, which looked like too much; from now on every value is looked up. */
  #exact = false

  constructor(path: string) {
    this.#path = path
  }

  get isEmpty(): boolean {
    return this.#fields.size === 0
  }

  /** Throws `fields_too_large`. */
  add(field: string, value: FieldValue): void {
    const values = this.#fields.get(field)
    if (values === undefined) {
      this.#fields.set(field, [value])
      this.#size += field.length
    } else {
      if ((this.#exact || values.length >= MANY) && !this.#isNew(field, values, value)) return
      values.push(value)
    }
    this.#size += sizeOf(value)
    if (this.#size > MAX_VALUES_BYTES) this.#refuse()
  }

  finish(): FieldValues {
    return Object.fromEntries([...this.#fields].map(([field, values]) => [field, this.#keys?.has(field) === true ? values : distinctValues(values)]))
  }

  #isNew(field: string, values: FieldValue[], value: FieldValue): boolean {
    const keys = this.#keys?.get(field) ?? this.#keysOf(field, values)
    const key = valueKey(value)
    return !keys.has(key) && keys.add(key) === keys
  }

  /** Begins to look up the values of a field; those that are there twice go. */
  #keysOf(field: string, values: FieldValue[]): Set<string> {
    const kept = distinctValues(values)
    const keys = new Set(kept.map(valueKey))
    this.#size -= totalSize(values) - totalSize(kept)
    values.splice(0, values.length, ...kept)
    this.#keys ??= new Map()
    this.#keys.set(field, keys)
    return keys
  }

  #refuse(): void {
    if (!this.#exact) for (const [field, values] of this.#fields) if (this.#keys?.has(field) !== true) this.#keysOf(field, values)
    this.#exact = true
    if (this.#size <= MAX_VALUES_BYTES) return
    throw new WaybillError('fields_too_large', `the values of ${this.#path} have more than ${MAX_VALUES_BYTES} bytes; store more as a file`)
  }
}

/** What one change may say of values that go, as JSON: every item of a chunk is in memory at once. */
const MOST_REMOVING = 1024 * 1024

/** What one document takes from the fields of an infoton, equal removals once. */
export class DraftRemovals {
  readonly #path: string
  readonly #removals = new Map<string, FieldRemoval>()
  #size = 0

  constructor(path: string) {
    this.#path = path
  }

  get isEmpty(): boolean {
    return this.#removals.size === 0
  }

  /** Throws `fields_too_large`. */
  add(removal: FieldRemoval): void {
    const key = JSON.stringify(removal)
    if (this.#removals.has(key)) return
    this.#removals.set(key, removal)
    this.#size += key.length
    if (this.#size > MOST_REMOVING) {
      throw new WaybillError(
        'fields_too_large',
        `too many values of ${this.#path} are named that go; let whole fields go with sys#markReplace, or send it in parts`,
      )
    }
  }

  finish(): FieldRemoval[] {
    return [...this.#removals.values()]
  }
}

function totalSize(values: readonly FieldValue[]): number {
  return values.reduce((sum, value) => sum + sizeOf(value), 0)
}

/** The quotes and the comma of a value. */
const AROUND = 3

/** Less than a value takes as JSON. */
function sizeOf(value: FieldValue): number {
  if (typeof value === 'string') return value.length + AROUND
  const graph = value['@graph']?.length ?? 0
  if ('@id' in value) return value['@id'].length + graph + AROUND
  return value['@value'].length + (value['@type']?.length ?? 0) + (value['@language']?.length ?? 0) + graph + AROUND
}
