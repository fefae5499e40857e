import { WaybillError } from '../../../model/errors.ts'
import { isName } from '../rdf/prefixes.ts'
import type { Quad } from '../rdf/terms.ts'
import { metaName, refuseMisspelt } from './vocabulary.ts'

/** What a document says of all infotons at once, on the subject `<>` (contract, section 4). */
export interface DocumentOperations {
  /** All values in these graphs go, wherever they are, before what the document adds. */
  readonly replaceGraphs: readonly string[]
  readonly graphAliases: readonly { readonly graph: string; readonly alias: string }[]
  /** Prefixes that the document declares for namespaces. */
  readonly namespaces: readonly { readonly prefix: string; readonly namespace: string }[]
}

/** The protocol's own limit (contract, section 4). */
const MOST_GRAPHS = 20

/** Gathers the statements about `<>`; each method throws `invalid_request` with the protocol's words. */
export class OperationsDraft {
  readonly #replaceGraphs = new Set<string>()
  readonly #aliases = new Map<string, string>()
  readonly #namespaces = new Map<string, string>()
  #replacements = 0

  take({ predicate, object, graph }: Quad): void {
    const meta = metaName(predicate)
    if (meta?.space === 'sys') refuseMisspelt(meta.name)
    if (meta?.space === 'ns') this.#prefix(meta.name, object.value)
    else if (meta?.space === 'sys' && meta.name === 'replaceGraph' && object.kind === 'iri') this.#replaceGraph(object.value)
    else if (meta?.space === 'sys' && meta.name === 'graphAlias' && graph?.kind === 'iri' && object.kind === 'literal')
      this.#aliases.set(graph.value, object.value)
    else throw refusal(`operation [${meta?.name ?? predicate}] on <> with value [${object.value}] is not defined.`)
  }

  get isEmpty(): boolean {
    return this.#replaceGraphs.size + this.#aliases.size + this.#namespaces.size === 0
  }

  finish(): DocumentOperations {
    return {
      replaceGraphs: [...this.#replaceGraphs],
      graphAliases: [...this.#aliases].map(([graph, alias]) => ({ graph, alias })),
      namespaces: [...this.#namespaces].map(([prefix, namespace]) => ({ prefix, namespace })),
    }
  }

  #prefix(prefix: string, namespace: string): void {
    if (!isName(prefix)) throw refusal(`the prefix ${JSON.stringify(prefix)} is none: it must be an NCName (Namespaces in XML, section 3)`)
    this.#namespaces.set(prefix, namespace)
  }

  #replaceGraph(graph: string): void {
    if (graph === '*') throw refusal('requirement failed: trying to delete all quads with <*> ? naughty...')
    if (graph === '') throw refusal('requirement failed: empty quad as value for `replaceGraph` is illegal...')
    this.#replaceGraphs.add(graph)
    this.#replacements += 1
    if (this.#replacements > MOST_GRAPHS) {
      throw refusal(`requirement failed: maximum allowed \`replaceGraph\` statements per request exceeded (${this.#replacements} > ${MOST_GRAPHS}).`)
    }
  }
}

function refusal(message: string): WaybillError {
  return new WaybillError('invalid_request', message)
}
