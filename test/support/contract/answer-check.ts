import { Compile } from 'typebox/schema'
import type { Validator } from 'typebox/schema'

/** An answer as the OpenAPI document is asked about it. `body` is null where it was too large to be kept. */
export interface SeenAnswer {
  readonly method: string
  /** The path as the document writes it: `/v1/jobs/{job}`. */
  readonly path: string
  readonly status: number
  readonly contentType: string | undefined
  readonly body: Buffer | null
}

interface Documented {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>
}

/** The part of an OpenAPI document that is read here. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Documented>> }>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, object>> }
}

/**
 * What every route may answer although the document does not repeat it for each: what is wrong with the request as such (its method, its target, its header,
 * its pace) before the route is asked.
 */
const BEFORE_THE_ROUTE: ReadonlySet<number> = new Set([400, 408, 413, 414, 415, 431, 501])
const PROBLEM = 'application/problem+json'

/** Compares answers with an OpenAPI document. */
export class AnswerCheck {
  readonly #document: ApiDocument
  readonly #schemas: Readonly<Record<string, object>>
  readonly #validators = new Map<object, Validator>()

  constructor(document: ApiDocument) {
    this.#document = document
    this.#schemas = closed(document.components?.schemas ?? {}) as Record<string, object>
  }

  /** What of the answer is not as documented, in one sentence; null when all is. */
  fault(answer: SeenAnswer): string | null {
    const operation = this.#document.paths[answer.path]?.[answer.method === 'HEAD' ? 'get' : answer.method.toLowerCase()]
    if (operation === undefined) return null
    const documented = operation.responses[String(answer.status)] ?? this.#common(answer.status)
    if (documented === undefined) return `answered ${answer.status}, which is not documented: ${excerpt(answer.body)}`
    return this.#contentFault(documented, answer)
  }

  #common(status: number): Documented | undefined {
    return BEFORE_THE_ROUTE.has(status) ? { content: { [PROBLEM]: { schema: { $ref: '#/components/schemas/Problem' } } } } : undefined
  }

  #contentFault({ content = {} }: Documented, { method, status, contentType, body }: SeenAnswer): string | null {
    if (method === 'HEAD') return null // Node sends no body, whatever it is given
    const types = Object.keys(content)
    if (types.length === 0)
      return body !== null && body.length > 0 ? `answered ${status} with a body, which is documented to have none: ${excerpt(body)}` : null
    const type = contentType?.split(';')[0]?.trim().toLowerCase()
    // application/octet-stream documents bytes of whatever type the file has
    if (types.includes('application/octet-stream')) return type === undefined ? `answered ${status} without a Content-Type` : null
    const media = type === undefined ? undefined : content[type]
    if (media === undefined) return `answered ${status} as ${type ?? 'nothing'}, documented as ${types.join(', ')}: ${excerpt(body)}`
    if (body === null || media.schema === undefined || type === undefined || !/[/+]json$/.test(type)) return null
    return this.#bodyFault(media.schema, status, body)
  }

  #bodyFault(schema: object, status: number, body: Buffer): string | null {
    const value = parsed(body)
    if (value === undefined) return `answered ${status} with what is not JSON: ${excerpt(body)}`
    const [good, errors] = this.#validator(schema).Errors(value)
    if (good) return null
    const told = errors.slice(0, 3).map(({ instancePath, message }) => `${instancePath === '' ? 'the body' : instancePath} ${message}`)
    return `answered ${status} with a body that is not as documented: ${told.join('; ')}: ${excerpt(body)}`
  }

  #validator(schema: object): Validator {
    const known = this.#validators.get(schema)
    if (known !== undefined) return known
    const made = Compile({ ...(closed(schema) as object), components: { schemas: this.#schemas } })
    this.#validators.set(schema, made)
    return made
  }
}

/** The schema with every object closed: an answer with a member that is not documented is not as documented. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed)
  if (typeof node !== 'object' || node === null) return node
  const inner = Object.fromEntries(Object.entries(node).map(([name, member]) => [name, closed(member)]))
  const isObject = 'properties' in inner && inner.type === 'object' && !('additionalProperties' in inner)
  return isObject ? { ...inner, additionalProperties: false } : inner
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown
  } catch {
    return undefined
  }
}

function excerpt(body: Buffer | null): string {
  return body === null ? '(a large body)' : body.toString('utf8', 0, 300)
}
