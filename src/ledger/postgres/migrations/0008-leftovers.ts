/** What is purged when nobody can reach it any more, as SQLite's ledger has it (src/ledger/sqlite/migrations/0012-leftovers.ts); keys come from sequences here. */
export const leftovers = `
ALTER TABLE collection ADD COLUMN purging smallint NOT NULL DEFAULT 0;
UPDATE collection SET purging = 1 WHERE deleted_at IS NOT NULL;
CREATE INDEX collection_purging ON collection (deleted_at) WHERE purging = 1;
CREATE INDEX upload_by_collection ON upload (collection);

CREATE INDEX token_ended ON token (least(revoked_at, expires_at));

DROP INDEX job_by_submitter;
CREATE INDEX job_by_submitter ON job (submitted_by, key) WHERE purged = 0;
`
