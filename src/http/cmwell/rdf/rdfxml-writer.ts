import { WaybillError } from '../../../model/errors.ts'
import { plainLabel } from './blank-labels.ts'
import { quoted } from './invalid.ts'
import type { Prefixes } from './prefixes.ts'
import { isName, splitIri } from './prefixes.ts'
import type { QuadWriter, SubjectGroup } from './quad-writer.ts'
import { groupsOf } from './quad-writer.ts'
import type { Quad, Term } from './terms.ts'
import { RDF, XSD_STRING } from './terms.ts'

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;', '\n': '&#10;', '\t': '&#9;' }
/** What XML 1.0 can not hold, not even as a reference. */
const PERHAPS_NOT_XML = /[\p{Cc}\ufffe\uffff]/gu
/** Namespaces that XML keeps for itself, and names of RDF/XML's own syntax. */
const RESERVED = new Set(['http://www.w3.org/XML/1998/namespace', 'http://www.w3.org/2000/xmlns/'])
const SYNTAX = new Set(
  ['Description', 'RDF', 'ID', 'about', 'bagID', 'parseType', 'resource', 'nodeID', 'aboutEach', 'aboutEachPrefix', 'li'].map(name => `${RDF}${name}`),
)

/** RDF/XML, without graphs. Characters that XML 1.0 can not hold (most control characters) are written as U+FFFD. */
export class XmlWriter implements QuadWriter {
  readonly #prefixes: Prefixes
  #begun = false

  constructor(prefixes: Prefixes) {
    this.#prefixes = prefixes
  }

  write(quads: readonly Quad[]): string {
    return (
      this.#head() +
      groupsOf(quads)
        .map(group => this.#group(group))
        .join('')
    )
  }

  end(): string {
    return `${this.#head()}</rdf:RDF>\n`
  }

  #head(): string {
    if (this.#begun) return ''
    this.#begun = true
    return `<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF xmlns:rdf="${RDF}">\n`
  }

  #group({ subject, quads }: SubjectGroup): string {
    const about = subject.kind === 'iri' ? `rdf:about="${escaped(subject.value)}"` : `rdf:nodeID="${nodeId(subject.value)}"`
    return `<rdf:Description ${about}>\n${quads.map(({ predicate, object }) => this.#property(predicate, object)).join('')}</rdf:Description>\n`
  }

  #property(predicate: string, object: Term): string {
    const { namespace, local } = splitIri(predicate)
    if (local === '' || namespace === '' || RESERVED.has(namespace) || SYNTAX.has(predicate)) {
      throw new WaybillError('unsupported', `RDF/XML can not hold the predicate ${quoted(predicate)}; ask for another format`)
    }
    const prefix = namespace === RDF ? 'rdf' : this.#prefix(namespace)
    const name = `${prefix}:${local}`
    const start = `  <${name}${namespace === RDF ? '' : ` xmlns:${prefix}="${escaped(namespace)}"`}`
    if (object.kind === 'iri') return `${start} rdf:resource="${escaped(object.value)}"/>\n`
    if (object.kind === 'blank') return `${start} rdf:nodeID="${nodeId(object.value)}"/>\n`
    const { value, datatype, language } = object
    const kind = language === '' ? (datatype === XSD_STRING ? '' : ` rdf:datatype="${escaped(datatype)}"`) : ` xml:lang="${escaped(language)}"`
    return `${start}${kind}>${escaped(value)}</${name}>\n`
  }

  /** Each element declares its own, so that any stands for one that XML, or RDF/XML, keeps for itself. */
  #prefix(namespace: string): string {
    const prefix = this.#prefixes.prefixOf(namespace)
    return isName(prefix) && !/^(?:xml.*|rdf)$/i.test(prefix) ? prefix : 'ns'
  }
}

function nodeId(label: string): string {
  return `b${plainLabel(label)}`
}

function escaped(text: string): string {
  return text.replace(/[&<>"\r\n\t]/g, char => ESCAPES[char] ?? char).replace(PERHAPS_NOT_XML, char => (char >= '\u007f' && char < '\ufffe' ? char : '\ufffd'))
}
