import { WaybillError } from '../../../model/errors.ts'
import type { FieldValue, GraphChoice } from '../../../model/field-values.ts'
import { graphOf } from '../../../model/field-values.ts'

/** `same`: old values go from the graph of each supplied value; else from the one graph named, `*` all, null the default graph. */
export type ReplaceMode = { readonly graphs: 'same' } | { readonly graphs: 'one'; readonly graph: GraphChoice }

/**
 * Reads the parameter `replace-mode` in all its forms (contract, section 1.1): empty, `default`, `*`, a graph's IRI, or its alias, which `graphOfAlias` knows.
 * Throws `unknown_graph_alias`.
 */
export function replaceModeOf(parameter: string, graphOfAlias: (alias: string) => string | undefined): ReplaceMode {
  if (parameter === '') return { graphs: 'same' }
  if (parameter === 'default') return { graphs: 'one', graph: null }
  if (parameter === '*' || parameter.includes(':')) return { graphs: 'one', graph: parameter }
  const graph = graphOfAlias(parameter)
  if (graph === undefined) {
    throw new WaybillError(
      'unknown_graph_alias',
      `no graph has the alias ${JSON.stringify(parameter)}; give the graph's IRI, or declare the alias first with sys#graphAlias`,
    )
  }
  return { graphs: 'one', graph }
}

/** The graph from which a field's old values go for a new value. */
export function replacedGraph(mode: ReplaceMode, value: FieldValue): GraphChoice {
  return mode.graphs === 'same' ? graphOf(value) : mode.graph
}
