/**
 * A value of a many-valued field: a plain string, or an object in the manner of JSON-LD's values, with a datatype or a language, or that names something;
 * each perhaps in a graph.
 */
export type FieldValue =
  | string
  | { readonly '@value': string; readonly '@type'?: string; readonly '@language'?: string; readonly '@graph'?: string }
  | { readonly '@id': string; readonly '@graph'?: string }

/** Fields with many values each: sets, in the order of being added. */
export type FieldValues = Readonly<Record<string, readonly FieldValue[]>>

/** Which graphs a removal concerns: `*` all, null the default graph only, else the graph of that name. */
export type GraphChoice = string | null

/**
 * What is taken from fields: everything; all values of a field (`*`: of every field whose name does not begin with "@": those say what the entry itself is,
 * as a link's target does), of all fields of a namespace (a field's name up to its last "#" or "/"), or one value, given without its graph.
 */
export type FieldRemoval =
  | { readonly what: 'all'; readonly graph: '*' }
  | { readonly what: 'field'; readonly field: string; readonly graph: GraphChoice }
  | { readonly what: 'namespace'; readonly namespace: string; readonly graph: GraphChoice }
  | { readonly what: 'value'; readonly field: string; readonly value: FieldValue; readonly graph: GraphChoice }

/** Fields as an entry has them: members that are no list of values came from elsewhere, and each is a set of one. */
type AnyFields = Readonly<Record<string, unknown>>

/**
 * The fields that a change leaves of those it finds: values are removed first, then added; equal values stay once, new ones after the old, and a field without
 * values is gone. Null: nothing would change.
 */
export function changedFields(fields: AnyFields, remove: readonly FieldRemoval[], add: FieldValues): AnyFields | null {
  const before = new Map(Object.entries(fields).map(([name, value]) => [name, Array.isArray(value) ? (value as FieldValue[]) : [value as FieldValue]]))
  const after = new Map(before)
  if (remove.length > 0) {
    const removals = new Removals(remove)
    for (const [name, values] of before) {
      const goes = removals.of(name)
      const kept = goes === null ? values : values.filter(value => !goes(value))
      if (kept.length < values.length) after.set(name, kept)
    }
  }
  for (const [name, values] of Object.entries(add)) after.set(name, distinctValues([...(after.get(name) ?? []), ...values]))
  for (const [name, values] of after) if (values.length === 0) after.delete(name)
  if (sameSets(before, after)) return null
  return Object.fromEntries([...after].map(([name, values]) => [name, values === before.get(name) ? fields[name] : values]))
}

/**
 * The same text for the same value in the same graph; language tags in whatever case (RDF 1.1 Concepts, section 3.3). Fields that were not given as sets of
 * values may hold any JSON.
 */
export function valueKey(value: FieldValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify([null, value, null, null])
  const { '@graph': graph = null } = value
  if ('@id' in value) return JSON.stringify([graph, 'id', value['@id']])
  if (!('@value' in value)) return JSON.stringify([graph, 'other', value])
  const language: unknown = value['@language'] ?? null
  return JSON.stringify([graph, value['@value'], value['@type'] ?? null, typeof language === 'string' ? language.toLowerCase() : language])
}

/** The same text for removals of the same. */
export function removalKey(removal: FieldRemoval): string {
  return JSON.stringify(removal.what === 'value' ? { ...removal, value: valueKey(removal.value) } : removal, ['what', 'field', 'namespace', 'value', 'graph'])
}

/** The graph of a value, null in the default graph. */
export function graphOf(value: FieldValue): string | null {
  return typeof value === 'object' && value !== null ? (value['@graph'] ?? null) : null
}

/** The value without its graph. */
export function withoutGraph(value: FieldValue): FieldValue {
  if (typeof value !== 'object' || value === null || value['@graph'] === undefined) return value
  const { '@graph': _graph, ...rest } = value
  return '@value' in rest && rest['@type'] === undefined && rest['@language'] === undefined ? rest['@value'] : rest
}

/** A field's name up to its last "#" or "/". */
export function namespaceOf(field: string): string {
  return field.slice(0, Math.max(field.lastIndexOf('#'), field.lastIndexOf('/')) + 1)
}

/** The values without those that are there before, in their order. */
export function distinctValues(values: readonly FieldValue[]): FieldValue[] {
  if (values.length < 2) return [...values]
  const first = new Map<string, FieldValue>()
  for (const value of values) {
    const key = valueKey(value)
    if (!first.has(key)) first.set(key, value)
  }
  return [...first.values()]
}

function sameSets(one: ReadonlyMap<string, readonly FieldValue[]>, other: ReadonlyMap<string, readonly FieldValue[]>): boolean {
  if (one.size !== other.size) return false
  for (const [name, values] of one) {
    const others = other.get(name)
    if (others === values) continue
    if (others?.length !== values.length) return false
    const keys = new Set(values.map(valueKey))
    if (!others.every(value => keys.has(valueKey(value)))) return false
  }
  return true
}

type Graphs = Set<GraphChoice>

/** Removals by what they are about: a change may have as many of them as the entry has values, and each value is looked at once. */
class Removals {
  #all = false
  /** By field, `*` being all whose names do not begin with "@". */
  readonly #fields = new Map<string, Graphs>()
  readonly #namespaces = new Map<string, Graphs>()
  /** By field and value. */
  readonly #values = new Map<string, Map<string, Graphs>>()

  constructor(removals: readonly FieldRemoval[]) {
    for (const removal of removals) this.#take(removal)
  }

  /** Which values of a field go; null: none. */
  of(name: string): ((value: FieldValue) => boolean) | null {
    const every = name.startsWith('@') ? undefined : this.#fields.get('*')
    const whole = [this.#fields.get(name), every, this.#namespaces.size === 0 ? undefined : this.#namespaces.get(namespaceOf(name))]
    const values = this.#values.get(name)
    if (this.#all) return () => true
    const some = whole.filter(graphs => graphs !== undefined)
    if (some.length === 0 && values === undefined) return null
    return value => {
      const graph = graphOf(value)
      return some.some(graphs => holds(graphs, graph)) || (values !== undefined && holds(values.get(valueKey(withoutGraph(value))), graph))
    }
  }

  #take(removal: FieldRemoval): void {
    switch (removal.what) {
      case 'all':
        this.#all = true
        break
      case 'field':
        graphsAt(this.#fields, removal.field).add(removal.graph)
        break
      case 'namespace':
        graphsAt(this.#namespaces, removal.namespace).add(removal.graph)
        break
      case 'value': {
        const values = this.#values.get(removal.field) ?? new Map<string, Graphs>()
        this.#values.set(removal.field, values)
        graphsAt(values, valueKey(removal.value)).add(removal.graph)
      }
    }
  }
}

function graphsAt(all: Map<string, Graphs>, key: string): Graphs {
  const graphs = all.get(key) ?? new Set()
  all.set(key, graphs)
  return graphs
}

function holds(graphs: Graphs | undefined, graph: string | null): boolean {
  return graphs !== undefined && (graphs.has('*') || graphs.has(graph))
}
