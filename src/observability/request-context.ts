import { AsyncLocalStorage } from 'node:async_hooks'

/** What is known of the request that work belongs to. */
export interface RequestContext {
  readonly requestId: string
  /** The job that it submitted. */
  job: string | null
}

/** The request whose work runs now, also after its promises were waited for; undefined outside of any. */
export const requestContext = new AsyncLocalStorage<RequestContext>()
