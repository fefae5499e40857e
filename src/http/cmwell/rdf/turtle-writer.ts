import { blankText, iriText, quotedText } from './line-writer.ts'
import type { Prefixes } from './prefixes.ts'
import { splitIri } from './prefixes.ts'
import type { QuadWriter, SubjectGroup } from './quad-writer.ts'
import { groupsOf, sameResource } from './quad-writer.ts'
import type { Quad, Resource, Term } from './terms.ts'
import { RDF, XSD_STRING } from './terms.ts'

/** Local names that need no escapes; others are written as whole IRIs. */
const SIMPLE = /^[A-Za-z_][A-Za-z0-9_-]*$/

/** Turtle, which is Notation3 too, or TriG with the graphs. A prefix is declared before the first batch that uses it. */
export class TurtleWriter implements QuadWriter {
  readonly #graphs: boolean
  readonly #prefixes: Prefixes
  readonly #declared = new Set<string>()
  #declarations = ''

  constructor(graphs: boolean, prefixes: Prefixes) {
    this.#graphs = graphs
    this.#prefixes = prefixes
  }

  write(quads: readonly Quad[]): string {
    let text = ''
    let open: Resource | null = null
    for (const group of groupsOf(quads)) {
      const graph = this.#graphs ? group.graph : null
      if (!sameResource(graph, open)) {
        text += `${open === null ? '' : '}\n'}${graph === null ? '' : `${this.#resource(graph)} {\n`}`
        open = graph
      }
      text += this.#group(group)
    }
    if (open !== null) text += '}\n'
    const declarations = this.#declarations
    this.#declarations = ''
    return declarations + text
  }

  end(): string {
    return ''
  }

  #group({ subject, quads }: SubjectGroup): string {
    const lines = quads.map(({ predicate, object }) => `${this.#predicate(predicate)} ${this.#term(object)}`)
    return `${this.#resource(subject)} ${lines.join(' ;\n  ')} .\n`
  }

  #predicate(predicate: string): string {
    return predicate === `${RDF}type` ? 'a' : this.#name(predicate)
  }

  #resource({ kind, value }: Resource): string {
    return kind === 'blank' ? blankText(value) : iriText(value)
  }

  #term(term: Term): string {
    if (term.kind !== 'literal') return this.#resource(term)
    if (term.language !== '') return `${quotedText(term.value)}@${term.language}`
    return term.datatype === XSD_STRING ? quotedText(term.value) : `${quotedText(term.value)}^^${this.#name(term.datatype)}`
  }

  /** A predicate or datatype with a prefix, where its local name allows. */
  #name(value: string): string {
    const { namespace, local } = splitIri(value)
    if (!SIMPLE.test(local) || !namespace.includes(':')) return iriText(value)
    const prefix = this.#prefixes.prefixOf(namespace)
    if (!SIMPLE.test(prefix)) return iriText(value)
    if (!this.#declared.has(prefix)) {
      this.#declared.add(prefix)
      this.#declarations += `@prefix ${prefix}: ${iriText(namespace)} .\n`
    }
    return `${prefix}:${local}`
  }
}
