import type { Engine } from '../../../engine/api.ts'
import type { Caller } from '../../../model/access.ts'
import { isWaybillError } from '../../../model/errors.ts'
import { nameFault } from '../../../model/names.ts'
import { DocumentPrefixes, splitIri } from '../rdf/prefixes.ts'
import type { SubjectUpdate } from './update.ts'

/** Names of one document; a caller who brings more is served without them. */
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
  #named: Record<string, string> = {}
  #free = MOST_NEW

  constructor(prefixes: DocumentPrefixes) {
    this.#prefixes = prefixes
  }

  take(updates: readonly SubjectUpdate[]): void {
    for (const { add } of updates) for (const field in add) if (!this.#fields.has(field)) this.#field(field)
  }

  /** What the protocol tells of them (contract, section 1.3). */
  get messages(): string[] {
    return Object.entries(this.#named).map(([prefix, namespace]) => `Naming namespace [${namespace}] with prefix [${prefix}]`)
  }

  /** Keeps them for the caller; one who has as many as are kept goes on without these. */
  async keep(engine: Engine, caller: Caller): Promise<void> {
    if (Object.keys(this.#named).length === 0) return
    try {
      await engine.names.set(caller, 'prefix', this.#named)
    } catch (error) {
      if (!isWaybillError(error, 'too_many_items')) throw error
      this.#named = {}
    }
  }

  #field(field: string): void {
    this.#fields.add(field)
    if (!field.includes(':') || this.#free === 0) return
    const { namespace } = splitIri(field)
    if (this.#seen.has(namespace)) return
    this.#seen.add(namespace)
    if (this.#prefixes.has(namespace)) return
    const prefix = this.#prefixes.prefixOf(namespace)
    // what is too long to be kept is served without a prefix of its own
    if (nameFault(prefix) !== null || nameFault(namespace) !== null) return
    this.#free -= 1
    this.#named[prefix] = namespace
  }
}
