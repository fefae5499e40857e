import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { isInRequest } from '../support/contract/watch-servers.ts'
import { PostgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts'
import { PostgresWebhooks } from '../../src/ledger/postgres/postgres-webhooks.ts'
import { Database } from '../../src/ledger/sqlite/database.ts'
import { SqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts'
import { SqliteWebhooks } from '../../src/ledger/sqlite/sqlite-webhooks.ts'
import { Writer } from '../../src/ledger/sqlite/writer/writer.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { LocalBlobStore } from '../../src/stores/local/local-blob-store.ts'

/** Resolves when the server works on no job, and no event: nothing changes then but by calls. */
export async function atRest(ledger: Ledger): Promise<void> {
  while ((await ledger.unfinished(0, 1)).length > 0) await setTimeout(10)
  // what happened is on its way to the webhooks until it is spread over them
  for (let more = true; more;) more = (await ledger.webhooks.spread(1000)).more
}

/**
 * What requests ask of the ledger, in anybody's name, and of the store; the statements that these reads are made of (its writes are asked of the writer by
 * their names): each with how it is told of.
 */
const COUNTED: readonly (readonly [{ readonly prototype: object }, (method: string, given: readonly unknown[]) => string | null])[] = [
  [SqliteLedger, method => `ledger ${method}`],
  [SqliteWebhooks, method => `webhooks ${method}`],
  [LocalBlobStore, method => `store ${method}`],
  [Writer, (method, [name]) => (method === 'call' ? `writer ${String(name)}` : null)],
  [PostgresLedger, method => `ledger ${method}`],
  [PostgresWebhooks, method => `webhooks ${method}`],
  [pg.Client, (method, [query]) => (method === 'query' ? statementOf(query) : null)],
  // whether anything was committed meanwhile is asked once a turn of the event loop, whatever is asked for
  [Database, (method, [sql]) => (typeof sql !== 'string' || sql === 'PRAGMA data_version' ? null : `${method} ${sql.replaceAll(/\s+/g, ' ')}`)],
]

/** A statement of PostgreSQL's driver: its text, or an object with it. Null for what tells other nodes of commits: it is sent for many at once, some time later. */
function statementOf(query: unknown): string | null {
  const text = typeof query === 'string' ? query : (query as { readonly text: string }).text
  return text.includes('NOTIFY') ? null : text.replaceAll(/\s+/g, ' ')
}

type Method = (...given: unknown[]) => unknown

/** What requests have asked for while `work` ran, in order: what a caller could tell by the time an answer takes. */
export async function countedCalls(work: () => Promise<unknown>): Promise<string[]> {
  const calls: string[] = []
  const undo = COUNTED.flatMap(([{ prototype }, told]) =>
    methodsOf(prototype).map(name => {
      const own = prototype as Record<string, Method>
      const method = own[name] as Method
      own[name] = function (this: unknown, ...given: unknown[]): unknown {
        const call = isInRequest() ? told(name, given) : null
        if (call !== null) calls.push(call)
        return method.apply(this, given)
      }
      return () => void (own[name] = method)
    }),
  )
  try {
    await work()
  } finally {
    for (const one of undo) one()
  }
  return calls
}

function methodsOf(prototype: object): string[] {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(prototype))
  return properties.filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function').map(([name]) => name)
}
