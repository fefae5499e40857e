import type { FieldRemoval, FieldValues } from '../../../model/field-values.ts'
import type { Protocol } from '../subjects.ts'

/** Fields that say what an infoton itself is; they are no values of its own and are never printed as such. */
const PROTOCOL = '@protocol'
const LINK_TO = '@linkTo'
const LINK_TYPE = '@linkType'

/** A link's type when none was given: temporary (contract, section 5). */
const USUAL_LINK_TYPE = 1

type Fields = Readonly<Record<string, unknown>>

/** A change of one field to one value. */
interface Setting {
  readonly remove: FieldRemoval[]
  readonly add: FieldValues
}

function setting(field: string, value: string | null): Setting {
  return { remove: [{ what: 'field', field, graph: '*' }], add: value === null ? {} : { [field]: [value] } }
}

/** What makes an infoton's scheme that; `http` is what no field says. */
export function protocolSetting(protocol: Protocol | null): Setting {
  return protocol === null ? { remove: [], add: {} } : setting(PROTOCOL, protocol === 'https' ? 'https' : null)
}

/** What makes a link of it; null parts stay as they are. */
export function linkSetting({ to, type }: { readonly to: string | null; readonly type: number | null }): Setting {
  const parts = [...(to === null ? [] : [setting(LINK_TO, to)]), ...(type === null ? [] : [setting(LINK_TYPE, String(type))])]
  return { remove: parts.flatMap(part => part.remove), add: Object.assign({}, ...parts.map(part => part.add)) as FieldValues }
}

export function protocolOf(fields: Fields): Protocol {
  return one(fields[PROTOCOL]) === 'https' ? 'https' : 'http'
}

/** Where a link leads and how; null where the fields do not say. */
export function linkOf(fields: Fields): { readonly to: string; readonly type: number } | null {
  const to = one(fields[LINK_TO])
  const type = Number(one(fields[LINK_TYPE]) ?? USUAL_LINK_TYPE)
  return to === undefined ? null : { to, type: [0, 1, 2].includes(type) ? type : USUAL_LINK_TYPE }
}

/** The fields without these. */
export function ownValues(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith('@')))
}

function one(values: unknown): string | undefined {
  const value: unknown = Array.isArray(values) ? values[0] : values
  return typeof value === 'string' ? value : undefined
}
