import { Type } from 'typebox'
import type { Static } from 'typebox'
import { ENTRY_KINDS } from '../../../model/entry.ts'
import { AnyObject, Choice, Count, Nullable, PageOf, PageParameters, Strict, Text, Time, Uuid } from './common.ts'

export const EntryWire = Type.Object(
  {
    entityId: Uuid,
    collection: Text,
    path: Text,
    kind: Choice(ENTRY_KINDS),
    version: Type.Integer({ minimum: 1 }),
    revision: Type.String({ description: 'new for every version; the entity tag' }),
    size: Count,
    mediaType: Text,
    digest: Nullable(Type.String({ description: 'SHA-256 of the bytes in hex; null without bytes' })),
    fields: AnyObject,
    createdAt: Time,
    modifiedAt: Time,
    modifiedBy: Text,
    deleted: Type.Optional(Type.Literal(true, { description: 'only in tombstones' })),
  },
  { title: 'Entry' },
)
export type EntryWire = Static<typeof EntryWire>

export const EntryPage = Type.Object(
  {
    items: Type.Array(EntryWire),
    prefixes: Type.Optional(Type.Array(Type.String({ description: 'with `delimiter`: what lies beneath the next one, rolled up' }))),
    nextCursor: Nullable(Text),
  },
  { title: 'EntryPage' },
)

export const VersionPage = PageOf(EntryWire, 'VersionPage')

export const EntryQuery = Strict({
  ...PageParameters,
  prefix: Type.Optional(Type.String({ description: 'paths that begin with this' })),
  delimiter: Type.Optional(Choice(['/'])),
  kind: Type.Optional(Choice(ENTRY_KINDS)),
  deleted: Type.Optional(Type.Boolean({ description: 'true: tombstones too' })),
})

export const VersionQuery = Strict({ version: Type.Optional(Type.Integer({ minimum: 1 })) })

export const EntryChange = Strict(
  {
    fields: Type.Optional(Type.Unsafe<Record<string, unknown>>({ ...AnyObject, description: 'a merge patch (RFC 7396): null removes a member' })),
    mediaType: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  },
  { title: 'EntryChange', minProperties: 1 },
)
