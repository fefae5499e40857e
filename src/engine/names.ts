import type { Caller } from '../model/access.ts'
import { WaybillError } from '../model/errors.ts'
import { nameFault, type NameKind } from '../model/names.ts'
import type { FieldType, Ledger } from '../ports/ledger.ts'
import type { Access } from './access.ts'
import type { FieldTypes, Names } from './api.ts'

/** Names that callers give. They are found under the caller's own subject only: nobody can say what another's names stand for. */
export class NameService implements Names {
  readonly #ledger: Ledger

  constructor(parts: { ledger: Ledger }) {
    this.#ledger = parts.ledger
  }

  get(caller: Caller, kind: NameKind): Promise<ReadonlyMap<string, string>> {
    return this.#ledger.names(caller.subject, kind)
  }

  async set(caller: Caller, kind: NameKind, names: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(names)) {
      refuse(kind, name, nameFault(name))
      refuse(kind, name, nameFault(value))
    }
    await this.#ledger.setNames(caller.subject, kind, names)
  }
}

function refuse(kind: NameKind, name: string, fault: string | null): void {
  if (fault !== null) throw new WaybillError('invalid_request', `the ${kind} ${JSON.stringify(name.slice(0, 64))} or what it stands for: ${fault}`)
}

/** The types that values of fields have, for those who write the collection. */
export class FieldTypeService implements FieldTypes {
  readonly #ledger: Ledger
  readonly #access: Access

  constructor(parts: { ledger: Ledger; access: Access }) {
    this.#ledger = parts.ledger
    this.#access = parts.access
  }

  async get(caller: Caller, collection: string, fields: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    await this.#access.requireRole(caller, collection, 'readwrite')
    return this.#ledger.fieldTypes(collection, fields)
  }

  async add(caller: Caller, collection: string, types: readonly FieldType[]): Promise<void> {
    await this.#access.requireRole(caller, collection, 'readwrite')
    await this.#ledger.addFieldTypes(collection, types)
  }
}
