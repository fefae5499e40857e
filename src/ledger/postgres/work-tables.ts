import type { Queries } from './connection/queries.ts'

/** Nothing else removes what deleted rows leave in a temporary table; a few thousand rows are read over faster than a table is truncated. */
const MOST_GARBAGE_BYTES = 4 * 1024 * 1024

const WORK_TABLES = ['plan', 'parent', 'found', 'gone'] as const

function createEmptying(table: string): string {
  return `CREATE FUNCTION pg_temp.empty_${table}() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF pg_total_relation_size('pg_temp.${table}') > ${MOST_GARBAGE_BYTES} THEN TRUNCATE ${table}; ELSE DELETE FROM ${table}; END IF; END $$;`
}

/**
 * Tables of a connection that writes, emptied by whoever is to fill them: ON COMMIT DELETE ROWS truncates six files at each commit, which takes as long as the
 * rest of a small job's turn. `plan` has one row an item of a chunk, with what would be written where, or why nothing would; it is decided first and then either
 * applied, or (a dry run) only written down: both see the same decision. `code` is a number of TROUBLES, 0 when the item can be done. `t_` columns are the
 * version to be written; `writes` is 0 when there is nothing to change, and 2 when only the source goes; `t_modified`, when it is no other than now, is null.
 * `s_` and `d_` are what was there, for the reasons; `stamp` is that of a file in a place. `parent`: folders missing above what is written. `found`: files that a
 * look has found in a place, and then those of them that are new; `gone`: those that it has not found.
 */
export const CREATE_WORK_TABLES = `
CREATE TEMP TABLE plan (
  seq bigint PRIMARY KEY, code integer NOT NULL, writes integer NOT NULL, reason text,
  src_collection integer, src_path text COLLATE "C", src_entity uuid, src_version integer, src_revision uuid,
  t_collection integer, t_path text COLLATE "C", t_entity uuid, t_version integer, t_revision uuid, t_created bigint,
  kind smallint, deleted smallint, size bigint, digest bytea, media_type text, fields text, t_modified bigint,
  stamp text, s_deleted smallint, d_deleted smallint, d_revision uuid);
CREATE TEMP TABLE parent (collection integer NOT NULL, path text COLLATE "C" NOT NULL, PRIMARY KEY (collection, path));
CREATE TEMP TABLE found (path text COLLATE "C" PRIMARY KEY, size bigint NOT NULL, stamp text NOT NULL, modified bigint NOT NULL);
CREATE TEMP TABLE gone (path text COLLATE "C" PRIMARY KEY);
${WORK_TABLES.map(createEmptying).join('\n')}
`

/** Empties a table of the transaction's connection, to be filled anew. */
export async function emptyWorkTable(db: Queries, table: (typeof WORK_TABLES)[number]): Promise<void> {
  await db.get(`SELECT pg_temp.empty_${table}()`)
}
