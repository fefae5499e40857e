import { RDF, XSD } from './terms.ts'

/** NCName of XML namespaces: what a local name and a prefix may be. */
const START = String.raw`A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\u{10000}-\u{effff}`
const MORE = String.raw`${START}0-9.\u00b7\u0300-\u036f\u203f\u2040-`
const LOCAL_NAME = new RegExp(`^(.*?)([${START}][${MORE}]*)$`, 'su')
const NAME = new RegExp(`^[${START}][${MORE}]*$`, 'u')
const NAMES_WITHIN = new RegExp(`[${START}][${MORE}]*`, 'gu')
/** Parts of addresses that say nothing. */
const DULL = /^(?:www\d*|static|org|net|com|biz|gov|edu|https?|.{1,2})$/

/** Prefixes that everybody uses for these namespaces. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  rdf: RDF,
  xsd: XSD,
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  owl: 'http://www.w3.org/2002/07/owl#',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  foaf: 'http://xmlns.com/foaf/0.1/',
  dc: 'http://purl.org/dc/elements/1.1/',
  dcterms: 'http://purl.org/dc/terms/',
  schema: 'http://schema.org/',
  vcard: 'http://www.w3.org/2006/vcard/ns#',
}

/** Finds what namespaces are abbreviated to, and back. */
export interface Prefixes {
  prefixOf(namespace: string): string
  namespaceOf(prefix: string): string | undefined
}

/** A predicate in two: the local name is the longest end of it that is an NCName; empty when there is none. */
export function splitIri(value: string): { readonly namespace: string; readonly local: string } {
  const match = LOCAL_NAME.exec(value)
  return match === null ? { namespace: value, local: '' } : { namespace: match[1] ?? '', local: match[2] ?? '' }
}

export function isName(text: string): boolean {
  return NAME.test(text)
}

/** Prefixes that are known (`declared` before the well-known), and for other namespaces ones made of their last telling part; never one for two namespaces. */
export class DocumentPrefixes implements Prefixes {
  readonly #prefixes = new Map<string, string>()
  readonly #namespaces = new Map<string, string>()

  constructor(declared: Readonly<Record<string, string>> = {}) {
    for (const [prefix, namespace] of [...Object.entries(declared), ...Object.entries(WELL_KNOWN)]) {
      if (!this.#namespaces.has(prefix) && !this.#prefixes.has(namespace)) this.#bind(prefix, namespace)
    }
  }

  /** True when the namespace has a prefix already, without one being made. */
  has(namespace: string): boolean {
    return this.#prefixes.has(namespace)
  }

  prefixOf(namespace: string): string {
    const known = this.#prefixes.get(namespace)
    if (known !== undefined) return known
    const wish = inferredPrefix(namespace)
    let prefix = wish
    for (let number = 2; this.#namespaces.has(prefix); number += 1) prefix = `${wish}${number}`
    this.#bind(prefix, namespace)
    return prefix
  }

  namespaceOf(prefix: string): string | undefined {
    return this.#namespaces.get(prefix)
  }

  #bind(prefix: string, namespace: string): void {
    this.#prefixes.set(namespace, prefix)
    this.#namespaces.set(prefix, namespace)
  }
}

function inferredPrefix(namespace: string): string {
  const parts = (namespace.replace(/^[a-z]+:\/\//i, '').match(NAMES_WITHIN) ?? []).flatMap(part => part.split('.'))
  const telling = parts.reverse().find(part => !DULL.test(part) && isName(part))
  return telling ?? 'ns'
}
