import { WaybillError } from '../../../model/errors.ts'
import { fieldKey } from '../fields.ts'
import { splitIri } from '../rdf/prefixes.ts'
import type { MetaName } from './vocabulary.ts'
import { metaName, refuseMisspelt } from './vocabulary.ts'

/** What a predicate stands for: a field, or a name of the protocol's own. */
export type Meaning = { readonly field: string } | { readonly meta: MetaName }

const NAMES_RULE = 'predicate localName must conform the XML Namespaces 1.0 Recommendation: http://www.w3.org/TR/1999/REC-xml-names-19990114/#NT-NCName'
const MOST_KNOWN = 10_000

/** Knows what predicates mean, each looked at once. */
export class Predicates {
  readonly #known = new Map<string, Meaning>()

  /** Throws `invalid_request` with the protocol's words (contract, section 1.4) for what can be no field, and for misspelt names of the protocol. */
  meaning(predicate: string): Meaning {
    const known = this.#known.get(predicate)
    if (known !== undefined) return known
    const meaning = meaningOf(predicate)
    if (this.#known.size === MOST_KNOWN) this.#known.clear()
    this.#known.set(predicate, meaning)
    return meaning
  }
}

function meaningOf(predicate: string): Meaning {
  const { namespace, local } = splitIri(predicate)
  if (local === '') throw new WaybillError('invalid_request', `requirement failed: illegal predicate localName: ${tail(predicate)}, ${NAMES_RULE}`)
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(namespace)) {
    throw new WaybillError(
      'invalid_request',
      `the predicate <${predicate}> has no namespace; give an absolute IRI such as <http://www.w3.org/2006/vcard/ns#FN>`,
    )
  }
  if (namespace.includes('$')) throw new WaybillError('invalid_request', `predicate namespace must not contain a dollar ('$') sign: ${namespace}`)
  const meta = metaName(predicate)
  if (meta === null || meta.space === 'nn') return { field: fieldKey(predicate) }
  if (meta.space === 'sys') refuseMisspelt(meta.name)
  return { meta }
}

/** What a reader would take for the local name. */
function tail(predicate: string): string {
  return predicate.slice(Math.max(predicate.lastIndexOf('#'), predicate.lastIndexOf('/')) + 1)
}

/**
 * The removal that `sys#markReplace` asks for with its object: `*` all fields, `ns*` those of a namespace, else one field
 * (contract, section 4). Throws `invalid_request` for what can be no field.
 */
export function replacedFields(
  target: string,
): { readonly what: 'field'; readonly field: string } | { readonly what: 'namespace'; readonly namespace: string } {
  if (target === '*') return { what: 'field', field: '*' }
  if (!/^(?:https?|cmwell|ftp|urn):/.test(target))
    throw new WaybillError('invalid_request', `requirement failed: the url: ${target} is not a valid predicate url for ingest.`)
  if (target.endsWith('*')) return { what: 'namespace', namespace: target.slice(0, -1) }
  const meta = metaName(target)
  if (meta?.space === 'nn' && meta.name.includes('.')) {
    throw new WaybillError('invalid_request', `nn (No Namespace) fields aren't allowed to contain dots. [${target}]`)
  }
  if (splitIri(target).local === '' || (meta !== null && meta.space !== 'nn')) {
    throw new WaybillError('invalid_request', `CM-Well could not resolve predicate [${target}] as a valid field to be markReplaced.`)
  }
  return { what: 'field', field: fieldKey(target) }
}
