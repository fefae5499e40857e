import { afterAll, beforeAll } from 'vitest'
import type { ConfigInput } from '../../../src/config.ts'
import { startTestServer } from '../../support/server.ts'
import type { TestServer } from '../../support/server.ts'

/** What differs from run to run, by the form it has. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, '<uuid>'],
  [/^[0-9a-f]{32}$/, '<revision>'],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, '<time>'],
]

/** An answer as the golden exchanges tell it: times, ids and revisions by their form, everything else exactly. */
export function masked(value: unknown): unknown {
  if (typeof value === 'string') return VARYING.find(([form]) => form.test(value))?.[1] ?? value
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, masked(member)]))
}

/** Status and masked body of an answer. */
export async function told(response: Response): Promise<{ status: number; body: unknown }> {
  const text = await response.text()
  const json = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, body: text === '' ? null : json ? masked(JSON.parse(text)) : text }
}

/** A refusal: status, code and the places it names. */
export async function refused(response: Response): Promise<{ status: number; code: string; pointers: string[]; detail: string }> {
  const body = (await response.json()) as { code: string; detail: string; errors?: { pointer: string }[] }
  return { status: response.status, code: body.code, pointers: (body.errors ?? []).map(place => place.pointer), detail: body.detail }
}

/** The parts of a job that tests look at. */
export interface JobBody {
  readonly id: string
  readonly number: string
  readonly state: string
  readonly outcome: string | null
  readonly paused: boolean
  readonly counts: Readonly<Record<string, number>>
}

export async function jobOf(response: Response): Promise<JobBody> {
  return (await response.json()) as JobBody
}

/** One server for a file of tests; `of` gives it, `put` stores a file as alice. */
export function testServer(config: ConfigInput = {}): { of(): TestServer; collection(id: string, files?: Readonly<Record<string, string>>): Promise<void> } {
  let server: TestServer | undefined
  beforeAll(async () => {
    server = await startTestServer(config)
  })
  afterAll(async () => server?.close())
  const of = (): TestServer => {
    if (server === undefined) throw new Error('the server runs only while tests do')
    return server
  }
  return {
    of,
    /** A collection of alice's, with files. */
    collection: async (id, files = {}) => {
      const made = await of().call('alice', 'POST', '/v1/collections', { id })
      if (made.status !== 201) throw new Error(`collection ${id}: ${made.status}`)
      for (const [path, text] of Object.entries(files)) {
        const put = await of().call('alice', 'PUT', `/v1/collections/${encodeURIComponent(id)}/entries/${path}`, text, { 'content-type': 'text/plain' })
        if (put.status !== 201) throw new Error(`${path}: ${put.status}`)
      }
    },
  }
}
