import { Type } from 'typebox'
import type { Static } from 'typebox'
import { MAX_LABEL_LENGTH, SCOPES } from '../../../model/access.ts'
import { Choice, Nullable, PageOf, PageParameters, Strict, Text, Time } from './common.ts'

const ScopeWords = Type.Array(Choice(SCOPES), { description: '`admin` includes `read` and `write`' })

const members = {
  id: Text,
  subject: Text,
  scopes: ScopeWords,
  label: Nullable(Type.String({ description: 'what its owner calls it' })),
  createdAt: Time,
  expiresAt: Nullable(Type.String({ format: 'date-time', description: 'null: it lasts until it is revoked' })),
  revokedAt: Nullable(Time),
  current: Type.Boolean({ description: 'true of the token that the call was made with' }),
}

export const TokenWire = Type.Object(members, { title: 'Token' })
export type TokenWire = Static<typeof TokenWire>

export const MintedTokenWire = Type.Object({ ...members, token: Type.String({ description: 'the secret, which is told this once' }) }, { title: 'MintedToken' })

export const TokenPage = PageOf(TokenWire, 'TokenPage')

export const TokenQuery = Strict({
  subject: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'those of this subject; of another than oneself with the scope `admin` only' }),
  ),
  ...PageParameters,
})

export const TokenParams = Type.Object({ token: Type.String({ description: 'the id' }) })

export const NewToken = Strict(
  {
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'without it: the caller' })),
    scopes: Type.Array(Choice(SCOPES), { minItems: 1, maxItems: 2 * SCOPES.length }),
    expiresInSeconds: Type.Optional(Type.Integer({ minimum: 1, description: 'without it: as long as may be' })),
    label: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_LABEL_LENGTH })),
  },
  { title: 'NewToken' },
)
