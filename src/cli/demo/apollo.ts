import { WaybillError } from '../../model/errors.ts'
import type { Stage } from './stage.ts'

/** What Apollo's track answers, as far as the demo looks at it: its numbers are strings. */
export interface ApolloSummary {
  readonly FilesRequestedToBeCopied: string
  readonly Succeeded: string
  readonly Failed: string
}

/** Tracks a job by Apollo's own call, although it was submitted through another dialect. */
export async function trackByApollo(
  stage: Stage,
  job: string,
  collection: string,
): Promise<{ readonly call: string; readonly summary: ApolloSummary; readonly details: number }> {
  const path = `/apollo/files/track/${job}`
  const response = await fetch(stage.url + path, { headers: { authorization: `Bearer ${stage.token}`, ercollectionid: collection } })
  if (!response.ok) throw new WaybillError('internal', `GET ${path} answered ${response.status}: ${(await response.text()).slice(0, 300)}`)
  const { data } = (await response.json()) as { readonly data: { readonly Summary: ApolloSummary; readonly Detail: readonly unknown[] } }
  return { call: `GET ${path}`, summary: data.Summary, details: data.Detail.length }
}
