import { plainLabel } from './blank-labels.ts'
import type { QuadWriter } from './quad-writer.ts'
import type { Literal, Quad, Term } from './terms.ts'
import { XSD_STRING } from './terms.ts'

const IN_TEXT = /["\\\p{Cc}]/gu
const IN_IRI = /[\p{Cc} <>"{}|\\^`]/gu
const SHORT: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f' }

/** N-Triples, or N-Quads with the graphs. */
export class LineWriter implements QuadWriter {
  readonly #graphs: boolean

  constructor(graphs: boolean) {
    this.#graphs = graphs
  }

  write(quads: readonly Quad[]): string {
    let text = ''
    for (const { subject, predicate, object, graph } of quads) {
      const place = this.#graphs && graph !== null ? ` ${termText(graph)}` : ''
      text += `${termText(subject)} ${iriText(predicate)} ${termText(object)}${place} .\n`
    }
    return text
  }

  end(): string {
    return ''
  }
}

export function iriText(value: string): string {
  return `<${value.replace(IN_IRI, unicodeEscape)}>`
}

export function blankText(label: string): string {
  return `_:b${plainLabel(label)}`
}

/** A text between quotes. */
export function quotedText(value: string): string {
  return `"${value.replace(IN_TEXT, char => SHORT[char] ?? unicodeEscape(char))}"`
}

function termText(term: Term): string {
  if (term.kind === 'iri') return iriText(term.value)
  return term.kind === 'blank' ? blankText(term.value) : literalText(term)
}

function literalText({ value, datatype, language }: Literal): string {
  if (language !== '') return `${quotedText(value)}@${language}`
  return datatype === XSD_STRING ? quotedText(value) : `${quotedText(value)}^^${iriText(datatype)}`
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}
