/** A statement's named parameters; those that it does not name are ignored. */
export type Params = Readonly<Record<string, unknown>>

interface Statement {
  readonly name: string
  readonly text: string
  readonly parameters: readonly string[]
}

/** ":name", and not the type after "::". */
const PARAMETER = /(?<![:\w]):([a-zA-Z]\w*)/g

const known = new Map<string, Statement>()

/** A statement with named parameters as PostgreSQL takes it; each has a name, by which a connection prepares it once. */
export function statement(sql: string): Statement {
  const found = known.get(sql)
  if (found !== undefined) return found
  const parameters: string[] = []
  const text = sql.replaceAll(PARAMETER, (_, name: string) => {
    if (!parameters.includes(name)) parameters.push(name)
    return `$${parameters.indexOf(name) + 1}`
  })
  const made = { name: `waybill_${known.size}`, text, parameters }
  known.set(sql, made)
  return made
}

/** The values of a statement's parameters, in its order. Throws for one that is missing: it would be taken for null. */
export function valuesOf({ text, parameters }: Statement, params: Params): unknown[] {
  return parameters.map(name => {
    const value = params[name]
    if (value === undefined) throw new Error(`the parameter ${name} is missing: ${text}`)
    return value
  })
}
