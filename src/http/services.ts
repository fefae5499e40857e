import type { FastifyRequest } from 'fastify'
import type { Engine } from '../engine/api.ts'
import type { Caller, Scope } from '../model/access.ts'
import type { Authenticator } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import type { Tokens } from '../ports/tokens.ts'
import type { UrlSigner } from './signed-url.ts'

export type { Authenticator } from '../ports/authenticator.ts'

/** Limits of the server, each configurable. */
export interface HttpLimits {
  readonly jsonItems: number
  readonly submitBodyBytes: number
  readonly jsonBodyBytes: number
  readonly uploadBytes: number
  readonly manifestLineBytes: number
  readonly requestsPerMinute: number
  /** In five minutes, by one token, through the Seven Bridges dialect. */
  readonly sevenbridgesRequests: number
  readonly headerTimeoutMs: number
  readonly bodyTimeoutMs: number
}

/** What the server was started as. `startedAt`: epoch milliseconds; `retentionMs.audit` null: none is kept. */
export interface ServerFacts {
  readonly version: string
  readonly startedAt: number
  readonly storeKinds: ReadonlyMap<string, 'local' | 's3' | 'azure' | 'attached'>
  readonly retentionMs: { readonly v1: number; readonly apollo: number; readonly sevenbridges: number; readonly cmwell: number; readonly audit: number | null }
}

/** What every dialect's plugin is given. */
export interface HttpServices {
  readonly engine: Engine
  readonly authenticator: Authenticator
  readonly tokens: Tokens
  readonly clock: Clock
  readonly limits: HttpLimits
  readonly facts: ServerFacts
  /** Signs the URLs that need no token. */
  readonly signer: UrlSigner
  /** The base of absolute links, without a slash at its end; null: taken from the request's Host. */
  readonly publicUrl: string | null
}

/** The caller of a request that has passed `authenticate` (http/auth.ts). */
export type CallerOf = (request: FastifyRequest) => Caller

/** The scopes a route needs: all of them. */
export type NeededScopes = readonly Scope[]
