import { Type } from 'typebox'
import type { Static, TObject, TProperties, TSchema } from 'typebox'

/** An object that takes no other members: a typing mistake must not be silence. */
export function Strict<Properties extends TProperties>(properties: Properties, options: object = {}): TObject<Properties> {
  return Type.Object(properties, { ...options, additionalProperties: false })
}

/** One of some words. */
export function Choice<const Words extends readonly string[]>(words: Words, options: object = {}) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], ...options })
}

/** The schema, or null. Written as a list of types, which OpenAPI 3.1 and the serializer both know. */
export function Nullable<Schema extends TSchema>(schema: Schema) {
  const { type, enum: words, ...rest } = schema as { type?: string; enum?: string[] }
  return Type.Unsafe<Static<Schema> | null>({ ...rest, type: [type, 'null'], ...(words === undefined ? {} : { enum: [...words, null] }) })
}

export const Text = Type.String()
export const Count = Type.Integer({ minimum: 0 })
export const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC, with milliseconds' })
export const Uuid = Type.String({ format: 'uuid' })

/** Any JSON object. */
export const AnyObject = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })

/** The answer has no body. */
export const Nothing = Type.Null({ description: 'no content' })

export const PAGE_LIMIT = { default: 100, most: 1000 } as const

/** The query parameters of every list. */
export const PageParameters = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_LIMIT.most, description: `how many at most; default ${PAGE_LIMIT.default}` })),
  cursor: Type.Optional(Type.String({ minLength: 1, description: 'the nextCursor of the page before' })),
}

/** A page of a list; `title` names it in the OpenAPI document. */
export function PageOf<Schema extends TSchema>(schema: Schema, title: string) {
  return Type.Object({ items: Type.Array(schema), nextCursor: Nullable(Text) }, { title })
}

export const CollectionParams = Type.Object({ collection: Type.String({ description: 'the id; a slash in it is percent-encoded (`owner%2Fname`)' }) })

/** A path in a collection: the rest of the URL, each segment percent-encoded once. */
export const PathParams = Type.Object({
  collection: CollectionParams.properties.collection,
  '*': Type.String({ description: 'the path; each segment is percent-encoded once' }),
})
