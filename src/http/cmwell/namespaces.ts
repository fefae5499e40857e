import type { Engine } from '../../engine/api.ts'
import type { Caller } from '../../model/access.ts'
import { MOST_NAMES, nameFault } from '../../model/names.ts'
import { DocumentPrefixes, splitIri } from './rdf/prefixes.ts'
import type { SubjectUpdate } from './update.ts'

/** Names that one document is given; one that brings more is served without them. */
const MOST_NEW = 200

/** The prefixes that a caller's documents have declared, or that were given to their namespaces. */
export async function prefixesOf(engine: Engine, caller: Caller | null): Promise<DocumentPrefixes> {
  return new DocumentPrefixes(caller === null ? {} : Object.fromEntries(await engine.names.get(caller, 'prefix')))
}

/** Gives prefixes to the namespaces of a document that have none, so that `local.prefix` means the same to its writer later on. */
export class Namespaces {
  readonly #prefixes: DocumentPrefixes
  readonly #fields = new Set<string>()
  readonly #seen = new Set<string>()
  readonly #named: Record<string, string> = {}
  #free: number

  constructor(prefixes: DocumentPrefixes) {
    this.#prefixes = prefixes
    this.#free = Math.min(MOST_NEW, MOST_NAMES - prefixes.size)
  }

  take(updates: readonly SubjectUpdate[]): void {
    for (const { add } of updates) for (const field in add) if (!this.#fields.has(field)) this.#field(field)
  }

  /** Prefixes by which namespaces are known from now on. */
  get named(): Readonly<Record<string, string>> {
    return this.#named
  }

  /** What the protocol tells of them (contract, section 1.3). */
  get messages(): string[] {
    return Object.entries(this.#named).map(([prefix, namespace]) => `Naming namespace [${namespace}] with prefix [${prefix}]`)
  }

  #field(field: string): void {
    this.#fields.add(field)
    if (!field.includes(':') || this.#free <= 0) return
    const { namespace } = splitIri(field)
    if (this.#seen.has(namespace)) return
    this.#seen.add(namespace)
    if (this.#prefixes.has(namespace) || nameFault(namespace) !== null) return
    this.#free -= 1
    this.#named[this.#prefixes.prefixOf(namespace)] = namespace
  }
}
