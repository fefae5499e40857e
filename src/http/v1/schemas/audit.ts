import { Type } from 'typebox'
import type { Static } from 'typebox'
import { AUDIT_ACTIONS } from '../../../model/audit.ts'
import { AnyObject, Choice, Nullable, PageOf, PageParameters, Strict, Text, Time, Uuid } from './common.ts'

const Moment = (description: string) => Type.Optional(Type.String({ description: `RFC 3339; ${description}` }))

export const AuditQuery = Strict({
  collection: Type.Optional(Type.String({ minLength: 1, description: 'what was done to it; needed without the scope `admin`' })),
  subject: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'who did it' })),
  action: Type.Optional(Choice(AUDIT_ACTIONS)),
  since: Moment('done at or after'),
  until: Moment('done before'),
  ...PageParameters,
})

export const AuditWire = Type.Object(
  {
    id: Text,
    at: Time,
    subject: Type.String({ description: 'who did it' }),
    tokenId: Nullable(Type.String({ description: 'with which token' })),
    action: Choice(AUDIT_ACTIONS),
    collection: Nullable(Text),
    path: Nullable(Text),
    job: Nullable(Uuid),
    dialect: Type.String({ description: 'on which way: `v1`, `apollo`, `sevenbridges`, `cmwell`, or `cli` for administration by the command line' }),
    requestId: Nullable(Type.String({ description: 'the X-Request-Id of the request' })),
    details: AnyObject,
  },
  { title: 'AuditRecord' },
)
export type AuditWire = Static<typeof AuditWire>

export const AuditPage = PageOf(AuditWire, 'AuditPage')
