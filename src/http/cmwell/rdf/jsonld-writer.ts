import { blankText } from './line-writer.ts'
import type { QuadWriter, SubjectGroup } from './quad-writer.ts'
import { groupsOf, sameResource } from './quad-writer.ts'
import type { Quad, Resource, Term } from './terms.ts'
import { RDF, XSD_STRING } from './terms.ts'

/** JSON-LD in expanded form, an array of nodes: nothing in it depends on a context, so it can be written and read as it streams. With graphs or without. */
export class JsonLdWriter implements QuadWriter {
  readonly #graphs: boolean
  #begun = false

  constructor(graphs: boolean) {
    this.#graphs = graphs
  }

  write(quads: readonly Quad[]): string {
    return byGraph(groupsOf(quads), this.#graphs)
      .map(node => `${this.#separator()}${JSON.stringify(node)}`)
      .join('')
  }

  end(): string {
    return this.#begun ? '\n]\n' : '[]\n'
  }

  #separator(): string {
    if (this.#begun) return ',\n'
    this.#begun = true
    return '[\n'
  }
}

type Json = Record<string, unknown>

function byGraph(groups: readonly SubjectGroup[], graphs: boolean): Json[] {
  if (!graphs) return groups.map(nodeOf)
  const nodes: Json[] = []
  let [open, members]: [Resource | null, Json[]] = [null, nodes]
  for (const group of groups) {
    if (!sameResource(group.graph, open)) {
      open = group.graph
      members = open === null ? nodes : []
      if (open !== null) nodes.push({ '@id': idOf(open), '@graph': members })
    }
    members.push(nodeOf(group))
  }
  return nodes
}

function nodeOf({ subject, quads }: SubjectGroup): Json {
  // a map, so that no predicate can be mistaken for a member of all objects
  const members = new Map<string, unknown[]>()
  for (const { predicate, object } of quads) {
    const isType = predicate === `${RDF}type` && object.kind !== 'literal'
    const key = isType ? '@type' : predicate
    const value = isType ? idOf(object) : valueOf(object)
    const values = members.get(key)
    if (values === undefined) members.set(key, [value])
    else values.push(value)
  }
  return { '@id': idOf(subject), ...Object.fromEntries(members) }
}

function idOf({ kind, value }: Resource): string {
  return kind === 'blank' ? blankText(value) : value
}

function valueOf(term: Term): Json {
  if (term.kind !== 'literal') return { '@id': idOf(term) }
  const { value, datatype, language } = term
  if (language !== '') return { '@value': value, '@language': language }
  return datatype === XSD_STRING ? { '@value': value } : { '@value': value, '@type': datatype }
}
