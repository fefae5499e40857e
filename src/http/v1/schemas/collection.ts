import { Type } from 'typebox'
import type { Static } from 'typebox'
import { ROLES } from '../../../model/collection.ts'
import { MAX_LOCK_SECONDS } from '../../../model/lock.ts'
import { QUOTAS } from '../../../model/quotas.ts'
import { AnyObject, Choice, Count, Nullable, PageOf, PageParameters, Strict, Text, Time } from './common.ts'

const RoleWord = Choice(ROLES)

export const CollectionWire = Type.Object(
  {
    id: Text,
    name: Text,
    store: Text,
    attributes: AnyObject,
    role: Choice(ROLES, { description: "the caller's own" }),
    createdAt: Time,
    createdBy: Text,
    modifiedAt: Time,
  },
  { title: 'Collection' },
)
export type CollectionWire = Static<typeof CollectionWire>

export const CollectionPage = PageOf(CollectionWire, 'CollectionPage')

const Name = Type.String({ minLength: 1, maxLength: 200 })

export const NewCollection = Strict(
  {
    id: Type.Optional(Type.String({ description: '`plain-name`, `host.name` or `owner/name`; a UUID is made without it' })),
    name: Type.Optional(Name),
    store: Type.Optional(Type.String({ description: 'where the bytes live; the usual store without it' })),
    attributes: Type.Optional(AnyObject),
  },
  { title: 'NewCollection' },
)

export const CollectionChange = Strict(
  {
    name: Type.Optional(Name),
    attributes: Type.Optional(Type.Unsafe<Record<string, unknown>>({ ...AnyObject, description: 'a merge patch (RFC 7396): null removes a member' })),
  },
  { title: 'CollectionChange', minProperties: 1 },
)

export const CollectionQuery = Strict({
  ...PageParameters,
  minRole: Type.Optional(RoleWord),
  prefix: Type.Optional(Type.String({ description: 'ids that begin with this' })),
})

export const RemoveCollectionQuery = Strict({
  force: Type.Optional(Type.Boolean({ description: 'delete everything in it first, as a job; call again without it when that job is done' })),
})

export const GrantParams = Type.Object({ collection: Text, subject: Text })
export const GrantBody = Strict({ role: RoleWord }, { title: 'GrantRole' })
export const GrantWire = Type.Object({ subject: Text, role: RoleWord, grantedAt: Time }, { title: 'Grant' })
export const GrantPage = PageOf(GrantWire, 'GrantPage')

export const LockBody = Strict(
  { ttlSeconds: Type.Integer({ minimum: 1, maximum: MAX_LOCK_SECONDS }), reason: Type.Optional(Type.String({ maxLength: 500 })) },
  { title: 'LockRequest' },
)
export const LockWire = Type.Object(
  { holder: Text, token: Type.Integer({ description: 'a fencing token: it only grows' }), expiresAt: Time },
  { title: 'Lock' },
)

export const HeldLocks = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          path: Nullable(Type.String({ description: 'null: the whole collection' })),
          holder: Text,
          reason: Nullable(Text),
          acquiredAt: Time,
          expiresAt: Time,
        },
        { title: 'HeldLock' },
      ),
    ),
  },
  { title: 'HeldLocks' },
)

export const WhoamiWire = Type.Object(
  {
    subject: Text,
    scopes: Type.Array(Text),
    roles: Type.Array(Type.Object({ collection: Text, role: RoleWord })),
    quotas: Type.Object(Object.fromEntries(QUOTAS.map(name => [name, Type.Optional(Type.Object({ limit: Count, used: Count }, { title: 'Quota' }))])), {
      description: 'those that are set',
    }),
    nextCursor: Nullable(Text),
  },
  { title: 'Whoami' },
)
