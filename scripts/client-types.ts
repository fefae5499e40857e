// Prints the types of the native API's bodies and query parameters, as docs/openapi.json describes them, in the form of src/client/openapi.ts;
// with `--check`, fails when that file has others.
import { readFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'
import { format, resolveConfig } from 'prettier'
import { printOrCheck } from './made-file.ts'

const DOCUMENT = new URL('../docs/openapi.json', import.meta.url)
const FILE = new URL('../src/client/openapi.ts', import.meta.url)

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: object
}
interface Operation {
  readonly operationId: string
  readonly parameters?: readonly Parameter[]
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

/** The query parameters of each call that has any, as one schema: `listJobs` becomes `ListJobsQuery`. */
function querySchemas(document: Document): Record<string, object> {
  const operations = Object.values(document.paths).flatMap(path => Object.values(path))
  return Object.fromEntries(
    operations.flatMap(({ operationId, parameters = [] }) => {
      const query = parameters.filter(parameter => parameter.in === 'query')
      if (query.length === 0) return []
      const properties = Object.fromEntries(query.map(({ name, description, schema }) => [name, { ...schema, description }]))
      const required = query.filter(parameter => parameter.required).map(parameter => parameter.name)
      return [[`${operationId.charAt(0).toUpperCase()}${operationId.slice(1)}Query`, { type: 'object', properties, required, additionalProperties: false }]]
    }),
  )
}

/** Calls are left out: the client's methods are what they come to, and only the bodies and parameters have types that it shares. */
async function generated(): Promise<string> {
  const document = JSON.parse(await readFile(DOCUMENT, 'utf8')) as Document
  const schemas = { ...document.components.schemas, ...querySchemas(document) }
  const types = astToString(await openapiTS({ ...document, paths: {}, components: { schemas } } as never, { immutable: true }))
  const schemasOnly = /^export interface components \{.*?^\}/ms.exec(types)?.[0]
  if (schemasOnly === undefined) throw new Error('openapi-typescript made no interface `components`')
  const text = `// Made from docs/openapi.json; when that changes: npm run --silent client-types > src/client/openapi.ts\n/* eslint max-lines: "off" */\n\n${schemasOnly}\n`
  return format(text, { ...(await resolveConfig(FILE)), parser: 'typescript' })
}

await printOrCheck({ file: 'src/client/openapi.ts', script: 'client-types', what: 'what docs/openapi.json describes' }, generated)
