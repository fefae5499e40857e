import type { LedgerNode } from '../../../ports/system-ledger.ts'
import type { Queries } from '../connection/queries.ts'

const NODES = `SELECT id, host, pid, version, started_at, (extract(epoch FROM seen_at) * 1000)::bigint AS seen_at FROM node
  WHERE host IS NOT NULL ORDER BY started_at, id LIMIT 1000`

/** The processes that announced themselves, and that are not known to have ended. `self`: the id of the one that asks. */
export async function nodes(db: Queries, self: string): Promise<LedgerNode[]> {
  return (await db.all(NODES)).map(row => ({
    id: row['id'] as string,
    host: row['host'] as string,
    pid: row['pid'] as number,
    version: row['version'] as string,
    startedAt: row['started_at'] as number,
    lastSeenAt: row['seen_at'] as number,
    self: row['id'] === self,
  }))
}
