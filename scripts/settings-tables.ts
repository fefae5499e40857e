import { format, resolveConfig } from 'prettier'
import { z } from 'zod'
import { configSchema, environmentName } from '../src/config.ts'

interface Property {
  readonly type?: string | readonly string[]
  readonly anyOf?: readonly Property[]
  readonly oneOf?: readonly Property[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: unknown
  readonly description?: string
  readonly properties?: Readonly<Record<string, Property>>
  readonly additionalProperties?: Property | false
}

/** The JSON Schema of a configuration file, as docs/settings.schema.json has it. */
function settingsSchema(): Property {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // in a file a number is written as one; only the environment has nothing but text
      if (jsonSchema.type === 'integer') delete jsonSchema.anyOf
      if (zodSchema instanceof z.ZodDefault) jsonSchema.default = zodSchema.def.defaultValue
    },
  }) as Property
  const named = { $schema: { type: 'string', description: 'where this schema is, for editors; the server passes over it' }, ...schema.properties }
  return { ...schema, properties: named }
}

/** The tables of docs/reference/settings.md by the names of their places. */
function settingsTables(): Readonly<Record<string, string>> {
  const { properties = {} } = settingsSchema()
  const settings = Object.entries(properties).filter(([name]) => name !== '$schema')
  const members = (name: string): Readonly<Record<string, Property>> => (properties[name] === undefined ? {} : (bare(properties[name]).properties ?? {}))
  const stores = bare(properties['stores'] ?? {}).additionalProperties
  const kinds = stores === undefined || stores === false ? [] : (stores.oneOf ?? stores.anyOf ?? [])
  return {
    settings: table(
      ['setting', 'environment', 'value', 'default', 'meaning'],
      settings.map(([name, property]) => [`\`${name}\``, `\`${environmentName(name)}\``, valueOf(property), defaultOf(property), property.description ?? '']),
    ),
    retentionMs: membersTable(members('retentionMs')),
    jwt: membersTable(members('jwt')),
    stores: kinds
      .map(
        ({ properties: all = {} }) =>
          `### Settings of the kind \`${String(all['kind']?.const)}\`\n\n${membersTable(Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'kind')))}`,
      )
      .join('\n\n'),
  }
}

/** docs/reference/settings.md with its tables made anew, each between `<!-- settings: NAME -->` and `<!-- end -->`. */
export async function settingsReference(text: string, file: string): Promise<string> {
  const filled = Object.entries(settingsTables()).reduce((filling, [name, made]) => {
    const place = new RegExp(`(<!-- settings: ${name} -->)[^]*?(<!-- end -->)`)
    if (!place.test(filling)) throw new Error(`${file} has no place for the table ${name}`)
    return filling.replace(place, (_, begin: string, end: string) => `${begin}\n\n${made}\n\n${end}`)
  }, text)
  return format(filled, { ...(await resolveConfig(file)), parser: 'markdown' })
}

/** docs/settings.schema.json. */
export async function settingsSchemaFile(file: string): Promise<string> {
  return format(JSON.stringify({ title: 'Settings of Waybill', ...settingsSchema() }), { ...(await resolveConfig(file)), parser: 'json' })
}

function membersTable(properties: Readonly<Record<string, Property>>): string {
  return table(
    ['member', 'value', 'default', 'meaning'],
    Object.entries(properties).map(([name, property]) => [`\`${name}\``, valueOf(property), defaultOf(property), property.description ?? '']),
  )
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n')
}

/** The property itself where it may be null, too. */
function bare(property: Property): Property {
  const options = property.anyOf?.filter(({ type }) => type !== 'null') ?? []
  return options.length === 1 && options[0] !== undefined ? options[0] : property
}

function valueOf(property: Property): string {
  const { type, format, enum: words, minimum, maximum, anyOf } = bare(property)
  if (words !== undefined) return words.map(word => `\`${String(word)}\``).join(', ')
  if (type === 'integer') return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? `whole number from ${minimum}` : `${minimum} to ${maximum}`
  if (format === 'uri') return 'URL'
  if (anyOf !== undefined) return anyOf.some(option => option.type === 'boolean') ? 'true or false' : 'number or text'
  const kind = typeof type === 'string' ? type : type?.find(each => each !== 'null')
  return ({ string: 'text', boolean: 'true or false', object: 'object', array: 'list' } as Readonly<Record<string, string>>)[kind ?? ''] ?? ''
}

function defaultOf(property: Property): string {
  return property.default === undefined ? '' : `\`${JSON.stringify(property.default)}\``
}
